"""Every value has a bound; longer texts for people are truncated, all else is refused."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from muster.protocol import bounds, codec, frames, terminal
from muster.protocol.bounds import MAX_MESSAGE_CHARS, OutOfBounds, fit_to_bounds
from tests.muster.protocol.frame_strategies import FROM_MACHINE, FROM_SERVER

SAID = [*FROM_MACHINE, *FROM_SERVER, frames.Log, *terminal.TerminalFrame.__subclasses__()]


def unbounded(shape: inspect.Type, place: str) -> Iterator[str]:
    """Yield the paths of values without a bound."""
    match shape:
        case inspect.Metadata(type=kind):
            yield from unbounded(kind, place)
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from unbounded(field.type, f"{place}.{field.name}")
        case inspect.UnionType(types=kinds):
            for kind in kinds:
                yield from unbounded(kind, place)
        case inspect.ListType(item_type=kind, max_length=most):
            yield from [place] if most is None else []
            yield from unbounded(kind, f"{place}[]")
        case inspect.DictType(key_type=key, value_type=value, max_length=most):
            yield from [place] if most is None else []
            yield from unbounded(key, f"{place}{{}}")
            yield from unbounded(value, f"{place}{{}}")
        case inspect.StrType(max_length=most, pattern=pattern):
            yield from [place] if most is None and pattern is None else []
        case inspect.BytesType(max_length=most):
            yield from [place] if most is None else []
        case inspect.IntType(ge=low, lt=below, le=high):
            yield from [place] if low is None or (below is None and high is None) else []
        case inspect.FloatType(ge=low, le=high):
            yield from [place] if low is None or high is None else []
        case inspect.BoolType() | inspect.NoneType() | inspect.LiteralType():
            pass
        case _:
            yield place


@pytest.mark.parametrize("kind", SAID, ids=lambda kind: kind.__name__)
def test_every_text_list_object_and_number_has_a_bound(kind: type[msgspec.Struct]) -> None:
    found = set(unbounded(inspect.type_info(kind), kind.__name__))
    # A tool call's arguments: bounded by the frame's size and by storage.
    assert found <= {"Report.body.entries[].data{}", "Report.body.entries[].entry.data{}"}


def report(**body: Any) -> str:
    return json.dumps({"type": "report", "seq": 4, "taskId": 2, "attempt": 1, "body": body})


@pytest.mark.parametrize(
    ("body", "field", "most"),
    [
        ({"kind": "failed", "code": "x", "message": "m" * 900_000}, "message", MAX_MESSAGE_CHARS),
        ({"kind": "failed", "code": "c" * 900, "message": "m"}, "code", 64),
        ({"kind": "note", "level": "info", "text": "é" * 100_000}, "text", MAX_MESSAGE_CHARS),
        ({"kind": "lost", "reason": "r" * MAX_MESSAGE_CHARS + "r"}, "reason", MAX_MESSAGE_CHARS),
        (
            {"kind": "asked", "stageIndex": 0, "number": 0, "question": "q" * 20_000},
            "question",
            1e4,
        ),
    ],
)
def test_a_text_for_people_is_cut_and_says_so(body: dict[str, Any], field: str, most: int) -> None:
    frame = codec.decode_from_machine(report(**body))
    assert isinstance(frame, frames.Report)
    text = getattr(frame.body, field)
    assert (len(text), text[-1]) == (most, "…")
    assert body[field].startswith(text[:-1])


def test_a_text_that_is_just_short_enough_is_left_alone() -> None:
    text = "x" * MAX_MESSAGE_CHARS
    frame = codec.decode_from_machine(report(kind="lost", reason=text))
    assert frame == frames.Report(4, 2, 1, frames.Lost(text))


def test_of_a_list_for_people_the_first_are_kept() -> None:
    frame = codec.decode_from_machine(
        report(kind="asked", stageIndex=0, number=0, question="?", choices=["a" * 300] * 1000)
    )
    assert isinstance(frame, frames.Report)
    assert isinstance(frame.body, frames.QuestionOpened)
    assert frame.body.choices == ["a" * 199 + "…"] * 20


def test_a_hello_of_before_is_let_in_however_much_it_has_to_say() -> None:
    hello = frames.Hello(
        *(2, "jwt", "m", "j", "v" * 999),
        capabilities=[frames.Capability("a" * 99, reason="r" * 999)] * 200,
        repositories=["u" * 999] * 600,
        sandbox=frames.SandboxFacts("none", ["l" * 999] * 99),
    )
    frame = codec.decode_from_machine(codec.encode(hello))
    assert isinstance(frame, frames.Hello)
    assert frame.sandbox is not None
    counts = (
        len(frame.version),
        len(frame.capabilities),
        len(frame.repositories),
        len(frame.sandbox.missing),
    )
    assert counts == (200, 100, 500, 20)


C = "c0ffee" + "0" * 34


@pytest.mark.parametrize("commit", ["", "c0ffee", C + "\n", "-" + C[1:], C.upper(), C * 2])
def test_a_commit_is_the_name_of_one_and_nothing_else(commit: str) -> None:
    with pytest.raises(codec.BadReport):
        codec.decode_from_machine(
            report(kind="checkpoint", stageIndex=0, ref="refs/muster/2/1/0", commit=commit)
        )


@pytest.mark.parametrize("commit", [C, C + C[:24]])
def test_a_commit_has_40_digits_or_64(commit: str) -> None:
    frame = codec.decode_from_machine(
        report(kind="checkpoint", stageIndex=0, ref="refs/muster/2/1/0", commit=commit)
    )
    assert isinstance(frame, frames.Report)


def test_of_a_head_that_is_no_commit_nothing_is_left() -> None:
    """git prints `(initial)` if an agent left a branch without a commit."""
    frame = codec.decode_from_machine(
        report(kind="workspace", state="ready", headCommit="(initial)")
    )
    assert frame == frames.Report(4, 2, 1, frames.WorkspaceFacts("ready"))


@pytest.mark.parametrize("control", ["\x1b]52;c;eA==\x07", "\n", "\x7f", "\x9d52;c;eA==\x9c"])
def test_of_a_code_or_an_agent_type_that_speaks_to_a_terminal_nothing_is_left(control: str) -> None:
    frame = codec.decode_from_machine(report(kind="failed", code=f"x{control}", message="m"))
    assert frame == frames.Report(4, 2, 1, frames.Failed("", "m"))
    hello = frames.Hello(
        *(2, "jwt", "m", "j", "v"), capabilities=[frames.Capability(f"codex{control}")]
    )
    decoded_hello = codec.decode_from_machine(codec.encode(hello))
    assert isinstance(decoded_hello, frames.Hello)
    assert [each.agent_type for each in decoded_hello.capabilities] == [""]


# ---- reports to skip -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "published", "branch": "b" * 501, "commit": C, "diff": {}},
        {"kind": "stage-started", "stageIndex": -1},
        {"kind": "stage-started", "stageIndex": "0"},
        {"kind": "melted"},
        {},
    ],
    ids=["a name too long", "a number too small", "another type", "no known kind", "no kind"],
)
def test_a_report_that_cannot_be_read_is_known_by_its_number(body: dict[str, Any]) -> None:
    with pytest.raises(codec.BadReport) as refused:
        codec.decode_from_machine(report(**body))
    bad = refused.value
    assert (bad.seq, bad.task_id, bad.attempt) == (4, 2, 1)


@pytest.mark.parametrize("seq", [-1, 1 << 62, "1", None])
def test_a_report_without_a_number_is_no_frame(seq: Any) -> None:
    with pytest.raises(codec.BadFrame) as refused:
        codec.decode_from_machine(json.dumps({"type": "report", "seq": seq, "body": {}}))
    assert not isinstance(refused.value, codec.BadReport)


# ---- outgoing frames -----------------------------------------------------------------------------


def test_what_fits_is_said_as_it_is() -> None:
    body = frames.Failed("binary_missing", "no claude")
    assert fit_to_bounds(body) is body


def test_what_is_too_long_is_cut_before_it_is_said() -> None:
    assert fit_to_bounds(frames.Lost("x" * 5000)) == frames.Lost(
        "x" * (MAX_MESSAGE_CHARS - 1) + "…"
    )


def test_what_cannot_be_cut_is_not_said() -> None:
    with pytest.raises(OutOfBounds, match="Published"):
        fit_to_bounds(frames.Published("b", "no commit", frames.DiffStat()))


def test_usage_of_a_model_with_a_long_name_is_usage_all_the_same() -> None:
    [item] = bounds.convert_truncated(
        [{"model": "m" * 999, "inputTokens": 7}], list[frames.UsageItem]
    )
    assert item == frames.UsageItem("m" * 199 + "…", 7)
