"""How long, how many and how large what is said may be: every text, list, object and number of a
frame has a bound, which is a part of its type.

A text for people, and a list of which the rest can be done without, is cut where it is longer
(`MessageText`, …: `_TRUNCATABLE`): a worker of before, whose words are too long, is not to be
refused for ever. All else that is out of bounds is refused: what is cut of a name, a ref or a
number is another one.
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

_TRUNCATABLE = {"cut": True}

# Numbers: what a machine says ends in rows, and none may be more than a column holds.
Count = Annotated[int, Meta(ge=0, lt=1 << 31)]
Big = Annotated[int, Meta(ge=0, lt=1 << 62)]  # ids, sequence numbers, bytes
Int = Annotated[int, Meta(ge=-(1 << 31), lt=1 << 31)]
Stage = Annotated[int, Meta(ge=0, lt=1 << 16)]  # a log frame's
Seconds = Annotated[float, Meta(ge=0, le=1 << 31)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Tokens = Annotated[int, Meta(ge=0, lt=1 << 40)]  # sums of many still fit into a column
Cost = Annotated[float, Meta(ge=0, le=1_000_000)]

# Texts for people: cut.
MessageText = Annotated[str, Meta(max_length=MAX_MESSAGE_CHARS, extra=_TRUNCATABLE)]
MissingFeature = Annotated[str, Meta(max_length=500, extra=_TRUNCATABLE)]
Label = Annotated[str, Meta(max_length=200, extra=_TRUNCATABLE)]  # versions, models, systems
# Agent types, codes of failures, moments: of what speaks to a terminal instead nothing is left.
ShortString = Annotated[
    str, Meta(max_length=64, pattern=r"\A[^\x00-\x1f\x7f-\x9f]*\Z", extra=_TRUNCATABLE)
]
Host = Annotated[str, Meta(max_length=300, extra=_TRUNCATABLE)]
Url = Annotated[str, Meta(max_length=500, extra=_TRUNCATABLE)]
Link = Annotated[str, Meta(max_length=2_000, extra=_TRUNCATABLE)]  # that people follow
Path = Annotated[str, Meta(max_length=4_096, extra=_TRUNCATABLE)]
Question = Annotated[str, Meta(max_length=10_000, extra=_TRUNCATABLE)]
Reply = Annotated[str, Meta(max_length=10_000, extra=_TRUNCATABLE)]  # in a thread of a review
Choice = Annotated[str, Meta(max_length=200, extra=_TRUNCATABLE)]
# Of a transcript's entries: the server cuts shorter than this, and marks what it has cut.
Title = Annotated[str, Meta(max_length=MAX_MESSAGE_CHARS, extra=_TRUNCATABLE)]
TranscriptText = Annotated[str, Meta(max_length=MAX_DATA_BYTES, extra=_TRUNCATABLE)]

# What names something: refused.
Name = Annotated[str, Meta(max_length=64)]  # ids of machines and journals
Secret = Annotated[str, Meta(max_length=4_096)]  # tokens
Ref = Annotated[str, Meta(max_length=500)]
Commit = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
# What a git that nobody trusts has said, such as `(initial)`: of what is no commit nothing is left.
Head = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})?\Z", extra=_TRUNCATABLE)]
# What git calls a blob: SHA-1 or SHA-256 of `blob`, its length and its bytes.
ObjectId = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
FileName = Annotated[str, Meta(max_length=4_096)]  # of a file in a repository, from its root
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
# A name of a wheel of ours: it becomes a file's, and a part of an address.
Wheel = Annotated[str, Meta(pattern=r"\Amuster_client-[A-Za-z0-9_.+]{1,100}-py3-none-any\.whl\Z")]
Bytes = Annotated[bytes, Meta(max_length=MAX_DATA_BYTES)]
Chunk = Annotated[bytes, Meta(max_length=512 * 1024)]  # of a content; base64 in JSON

# What the server says is bounded by its frame, which its projects' limits keep small.
Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
MAX_ENTRIES = 10_000
"""So many attempts, or settings, fit into a frame."""

T = TypeVar("T")
TruncatedTo20 = Annotated[list[T], Meta(max_length=20, extra=_TRUNCATABLE)]
TruncatedTo100 = Annotated[list[T], Meta(max_length=100, extra=_TRUNCATABLE)]
TruncatedTo500 = Annotated[list[T], Meta(max_length=500, extra=_TRUNCATABLE)]
UpTo500 = Annotated[list[T], Meta(max_length=500)]
BoundedList = Annotated[list[T], Meta(max_length=MAX_ENTRIES)]
Variables = Annotated[dict[Text, Text], Meta(max_length=MAX_ENTRIES)]
Data = Annotated[dict[Annotated[str, Meta(max_length=16 * 1024)], Any], Meta(max_length=4_096)]
"""Of a transcript's entry; what lies in it is bounded by its frame, and by who keeps it."""

S = TypeVar("S", bound=msgspec.Struct)


class OutOfBounds(ValueError):
    """What was to be said is more than may be said, and cannot be cut."""


def fit_to_bounds(message: S) -> S:
    """It as it may be said: what is too long is cut. Raises OutOfBounds, UnicodeEncodeError."""
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
    """What the text says, with what is too long cut. Raises DecodeError.

    For what the decoder itself has refused: it costs several times as much.
    """
    value = msgspec.json.decode(text)
    shorter = truncate(value, _type_info(cast(Hashable, decoder.type)))
    # Where there is nothing to cut it is refused for what the text itself says.
    return decoder.decode(text if shorter == value else msgspec.json.encode(shorter))


def convert_truncated(value: Any, kind: type[T]) -> T:
    """The JSON value as one of that type, with what is too long cut. Raises ValidationError."""
    return msgspec.convert(truncate(value, _type_info(cast(Hashable, kind))), kind)


def truncate(value: Any, shape: inspect.Type) -> Any:
    """The JSON value, with what is too long for a value of that type cut, where it may be cut."""
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
    """Which of the types the value is of: of structs the one with its tag."""
    if not isinstance(value, Mapping):
        others = (kind for kind in kinds if not isinstance(kind, inspect.NoneType))
        return None if value is None else next(others, None)
    structs = (kind for kind in kinds if isinstance(kind, inspect.StructType))
    fits = (k for k in structs if k.tag_field is None or value.get(k.tag_field) == k.tag)
    return next(fits, None)


@cache
def _type_info(kind: Hashable) -> inspect.Type:
    return inspect.type_info(kind)
