"""Hypothesis strategies for frames, generated from their declarations."""

from functools import cache

from hypothesis import strategies as st
from msgspec import Struct, inspect

from muster.protocol import frames
from muster.protocol.frames import Log

FROM_MACHINE = [
    frames.Hello,
    frames.Heartbeat,
    frames.Report,
    frames.TextDelta,
    frames.TerminalClosed,
    frames.RepositoryChecked,
]
FROM_SERVER = [
    frames.Welcome,
    frames.RunStage,
    frames.CheckRepository,
    frames.Answer,
    frames.AgentMessage,
    frames.Interrupt,
    frames.Suspend,
    frames.Stop,
    frames.Publish,
    frames.Forget,
    frames.OpenTerminal,
    frames.Tunnel,
    frames.Drain,
    frames.Undrain,
    frames.Upgrade,
    frames.HeartbeatAck,
    frames.Ack,
    frames.LogGap,
    frames.Stale,
]


_CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])


def values_of(shape: inspect.Type) -> st.SearchStrategy:
    """Return a strategy for values of a declared type, within its bounds."""
    match shape:
        case inspect.Metadata(type=kind):
            return values_of(kind)
        case inspect.StructType(cls=cls, fields=fields):
            parts = {field.name: st.deferred(lambda f=field: values_of(f.type)) for field in fields}
            return st.builds(cls, **parts)
        case inspect.UnionType(types=types):
            return st.one_of([values_of(kind) for kind in types])
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.ListType(item_type=item):
            return st.lists(values_of(item), max_size=3)
        case inspect.StrType(pattern=str() as pattern, max_length=most):
            found = st.from_regex(pattern)
            return found if most is None else found.filter(lambda text: len(text) <= most)
        case inspect.StrType(max_length=most):
            return st.text(_CHARACTERS, max_size=most and min(most, 40))
        case inspect.BytesType(max_length=most):
            return st.binary(max_size=most and min(most, 40))
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(values_of(key), values_of(value), max_size=3)
        case inspect.IntType(ge=ge, lt=lt):
            low, high = (-(1 << 63), 1 << 63) if ge is None else (ge, lt)
            return st.integers(low, high - 1)
        case inspect.FloatType(ge=ge, le=le):
            return st.floats(ge, le, allow_nan=False, allow_infinity=False)
    return {
        inspect.AnyType: st.one_of(st.none(), st.booleans(), st.text("abc", max_size=3)),
        inspect.BoolType: st.booleans(),
        inspect.NoneType: st.none(),
    }[type(shape)]


@cache
def frames_of(kind: type[Struct]) -> st.SearchStrategy:
    """Return a strategy for frames or parts of that type. Cached, because building it is slow."""
    return values_of(inspect.type_info(kind))


LOGS = st.builds(
    Log,
    task_id=st.integers(0, (1 << 62) - 1),
    attempt=st.integers(0, (1 << 31) - 1),
    stage_index=st.integers(0, (1 << 16) - 1),
    offset=st.integers(0, (1 << 62) - 1),
    milliseconds=st.integers(0, (1 << 62) - 1),
    data=st.binary(),
)
