"""The limits of machine frames, from the frames' types, for docs/reference.md."""

from collections import defaultdict
from collections.abc import Iterator

import msgspec
from msgspec import inspect

from muster.protocol import frames

HEAD = "| field | limit | beyond it |\n|---|---|---|"
_PARTS = (
    frames.Capability,
    frames.SandboxFacts,
    frames.TrackedAttempt,
    frames.TranscriptEntry,
    frames.UpgradeFacts,
)
_ALL: list[type[msgspec.Struct]] = [
    frames.Hello,
    frames.Heartbeat,
    frames.TerminalClosed,
    frames.RepositoryChecked,
    *frames.ReportBody.__subclasses__(),
    *_PARTS,
    frames.UsageItem,
    frames.ChangedFile,
    frames.AgentFailure,
]


def table() -> str:
    """A row for each limit of texts, lists and objects, with the fields that have it."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind in _ALL:
        shape = inspect.type_info(kind)
        assert isinstance(shape, inspect.StructType)
        name = str(shape.tag) if shape.tag else kind.__name__[0].lower() + kind.__name__[1:]
        for field in shape.fields:
            for part, most, beyond in _bounds(field.type, "refused"):
                found[most, beyond].append(f"`{name}.{field.encode_name}{part}`")
    rows = [
        f"| {', '.join(sorted(set(where)))} | {most} | {beyond} |"
        for (most, beyond), where in sorted(found.items(), key=lambda row: (row[0][1], row[0][0]))
    ]
    return "\n".join([HEAD, *rows])


def _bounds(shape: inspect.Type, beyond: str) -> Iterator[tuple[str, str, str]]:
    match shape:
        case inspect.Metadata(type=kind):
            yield from _bounds(kind, "cut")
        case inspect.UnionType(types=kinds):
            for kind in kinds:
                yield from _bounds(kind, beyond)
        case inspect.StrType(pattern=str(), max_length=int(most)):
            words = f"{most:,} characters, no control characters"
            yield "", words, f"{beyond}, or empty"
        case inspect.StrType(pattern=str()):
            yield (
                "",
                "a Git object ID: 40 or 64 hexadecimal digits",
                beyond.replace("cut", "omitted"),
            )
        case inspect.StrType(max_length=int(most)):
            yield "", f"{most:,} characters", beyond
        case inspect.BytesType(max_length=int(most)):
            yield "", f"{most:,} bytes", beyond
        case inspect.ListType(item_type=kind, max_length=int(most)):
            yield "", f"{most:,} entries", beyond
            for part, *rest in _bounds(kind, "refused"):
                yield f"[]{part}", rest[0], rest[1]
        case inspect.DictType(max_length=int(most)):
            yield "", f"{most:,} names", beyond
