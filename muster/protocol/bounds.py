"""Limits of frames: every text, list, object and number of a frame has a bound in its type.

Texts for people, and lists whose rest is dispensable, are truncated (`MessageText`, …:
`_TRUNCATABLE`), so that a long text costs no report. All other values out of bounds are refused: a
truncated name, ref or number would be a different one.
"""

import re
from collections.abc import Hashable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import Meta, inspect

MAX_TEXT_CHARS = 1 << 20  # characters of a text frame
MAX_DATA_BYTES = 64 * 1024  # log bytes in one binary frame
MAX_MESSAGE_CHARS = 2_000  # characters of a message, a reason, a note
MAX_REF_CHARS = 500
MAX_BRANCHES = 100  # of a checked repository

_TRUNCATABLE = {"cut": True}

# Numbers: machines' values are stored, and must fit into their columns.
Count = Annotated[int, Meta(ge=0, lt=1 << 31)]
Big = Annotated[int, Meta(ge=0, lt=1 << 62)]  # ids, sequence numbers, bytes
Int = Annotated[int, Meta(ge=-(1 << 31), lt=1 << 31)]
Stage = Annotated[int, Meta(ge=0, lt=1 << 16)]  # a log frame's
Seconds = Annotated[float, Meta(ge=0, le=1 << 31)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Tokens = Annotated[int, Meta(ge=0, lt=1 << 40)]  # sums of many still fit into a column
Cost = Annotated[float, Meta(ge=0, le=1_000_000)]

# Texts for people: truncated.
MessageText = Annotated[str, Meta(max_length=MAX_MESSAGE_CHARS, extra=_TRUNCATABLE)]
MissingFeature = Annotated[str, Meta(max_length=500, extra=_TRUNCATABLE)]
Label = Annotated[str, Meta(max_length=200, extra=_TRUNCATABLE)]  # versions, models, systems
# Agent types, failure codes, timestamps. A text with control characters becomes empty.
ShortString = Annotated[
    str, Meta(max_length=64, pattern=r"\A[^\x00-\x1f\x7f-\x9f]*\Z", extra=_TRUNCATABLE)
]
Host = Annotated[str, Meta(max_length=300, extra=_TRUNCATABLE)]
Url = Annotated[str, Meta(max_length=500, extra=_TRUNCATABLE)]
Link = Annotated[str, Meta(max_length=2_000, extra=_TRUNCATABLE)]  # for people to open
Path = Annotated[str, Meta(max_length=4_096, extra=_TRUNCATABLE)]
Question = Annotated[str, Meta(max_length=10_000, extra=_TRUNCATABLE)]
Reply = Annotated[str, Meta(max_length=10_000, extra=_TRUNCATABLE)]  # in a review thread
Choice = Annotated[str, Meta(max_length=200, extra=_TRUNCATABLE)]
# Of transcript entries: the server truncates to less than this, and marks what it truncated.
Title = Annotated[str, Meta(max_length=MAX_MESSAGE_CHARS, extra=_TRUNCATABLE)]
TranscriptText = Annotated[str, Meta(max_length=MAX_DATA_BYTES, extra=_TRUNCATABLE)]

# Identifiers: refused.
Name = Annotated[str, Meta(max_length=64)]  # ids of machines and journals
Secret = Annotated[str, Meta(max_length=4_096)]  # tokens
Ref = Annotated[str, Meta(max_length=MAX_REF_CHARS)]
Commit = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
# Output of an untrusted git, such as `(initial)`: a value that isn't a commit becomes empty.
Head = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})?\Z", extra=_TRUNCATABLE)]
# Git's blob ID: SHA-1 or SHA-256 of `blob`, the length and the bytes.
ObjectId = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
FileName = Annotated[str, Meta(max_length=4_096)]  # a file's path from the repository's root
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
# The name of one of our wheels: it becomes a file name and a part of a URL.
Wheel = Annotated[str, Meta(pattern=r"\Amuster_client-[A-Za-z0-9_.+]{1,100}-py3-none-any\.whl\Z")]
Bytes = Annotated[bytes, Meta(max_length=MAX_DATA_BYTES)]
Chunk = Annotated[bytes, Meta(max_length=512 * 1024)]  # of a file's content; base64 in JSON

# The server's texts are bounded by the frame's size, which projects' limits keep small.
Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
MAX_ENTRIES = 10_000
"""This many attempts or settings fit in a frame."""

T = TypeVar("T")
TruncatedTo20 = Annotated[list[T], Meta(max_length=20, extra=_TRUNCATABLE)]
TruncatedTo100 = Annotated[list[T], Meta(max_length=100, extra=_TRUNCATABLE)]
TruncatedTo500 = Annotated[list[T], Meta(max_length=500, extra=_TRUNCATABLE)]
UpTo500 = Annotated[list[T], Meta(max_length=500)]
BoundedList = Annotated[list[T], Meta(max_length=MAX_ENTRIES)]
Variables = Annotated[dict[Text, Text], Meta(max_length=MAX_ENTRIES)]
Data = Annotated[dict[Annotated[str, Meta(max_length=16 * 1024)], Any], Meta(max_length=4_096)]
"""A transcript entry's data. Frame size and storage limit its nested values."""

S = TypeVar("S", bound=msgspec.Struct)


class OutOfBounds(ValueError):
    """A message exceeds its bounds and can't be truncated."""


def fit_to_bounds(message: S) -> S:
    """Return the message, truncated where needed. Raises OutOfBounds, UnicodeEncodeError."""
    text, decoder = msgspec.json.encode(message), msgspec.json.Decoder(type(message))
    try:
        decoder.decode(text)
    except msgspec.ValidationError:
        try:
            return decode_truncated(decoder, text)
        except msgspec.ValidationError as error:
            raise OutOfBounds(f"{type(message).__name__}: {error}") from None
    return message


def decode_truncated(decoder: "msgspec.json.Decoder[T]", text: str | bytes) -> T:
    """Decode a text, truncating values that are too long. Raises DecodeError.

    Use it only if the decoder refused the text: it costs several times as much.
    """
    value = msgspec.json.decode(text)
    shorter = truncate(value, _type_info(cast(Hashable, decoder.type)))
    # If nothing was truncated, decode the text itself, so that the error refers to it.
    return decoder.decode(text if shorter == value else msgspec.json.encode(shorter))


def convert_truncated(value: Any, kind: type[T]) -> T:
    """Convert a JSON value to that type, truncating where needed. Raises ValidationError."""
    return msgspec.convert(truncate(value, _type_info(cast(Hashable, kind))), kind)


def truncate(value: Any, shape: inspect.Type) -> Any:
    """Truncate the truncatable parts of a JSON value to the bounds of that type."""
    match shape, value:
        case inspect.Metadata(type=kind, extra=extra), _:
            return (
                _truncate_value(truncate(value, kind), kind)
                if extra == _TRUNCATABLE
                else truncate(value, kind)
            )
        case inspect.StructType(fields=fields), dict():
            kinds = {field.encode_name: field.type for field in fields}
            return {
                name: truncate(part, kinds[name]) if name in kinds else part
                for name, part in value.items()
            }
        case inspect.ListType(item_type=kind), list():
            return [truncate(part, kind) for part in value]
        case inspect.UnionType(types=kinds_), _:
            return truncate(value, chosen) if (chosen := _select_type(kinds_, value)) else value
    return value


def _truncate_value(value: Any, kind: inspect.Type) -> Any:
    pattern = kind.pattern if isinstance(kind, inspect.StrType) else None
    if pattern and isinstance(value, str) and not re.search(pattern, value):
        return ""
    most = getattr(kind, "max_length", None)
    if most is None or not isinstance(value, str | list) or len(value) <= most:
        return value
    return value[: most - 1] + "…" if isinstance(value, str) else value[:most]


def _select_type(kinds: tuple[inspect.Type, ...], value: Any) -> inspect.Type | None:
    """Return the type that fits the value: for structs the one with its tag."""
    if not isinstance(value, Mapping):
        others = (kind for kind in kinds if not isinstance(kind, inspect.NoneType))
        return None if value is None else next(others, None)
    structs = (kind for kind in kinds if isinstance(kind, inspect.StructType))
    fits = (k for k in structs if k.tag_field is None or value.get(k.tag_field) == k.tag)
    return next(fits, None)


@cache
def _type_info(kind: Hashable) -> inspect.Type:
    return inspect.type_info(kind)
