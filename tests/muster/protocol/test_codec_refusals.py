"""Any other message raises BadFrame, and nothing worse."""

import contextlib
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.protocol import codec, frames
from muster.protocol.codec import BadFrame
from muster.protocol.frames import Heartbeat, Log
from tests.muster.protocol.frame_strategies import FROM_MACHINE, FROM_SERVER, LOGS, frames_of

HEAD = struct.calcsize(">BQIHQQ")


@pytest.mark.parametrize("kind", FROM_SERVER, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_machine_cannot_speak_for_the_server(kind: type[frames.Frame], data: st.DataObject):
    with pytest.raises(BadFrame):
        codec.decode_from_machine(codec.encode(data.draw(frames_of(kind))))


@pytest.mark.parametrize("kind", FROM_MACHINE, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_the_server_cannot_speak_for_a_machine(kind: type[frames.Frame], data: st.DataObject):
    with pytest.raises(BadFrame):
        codec.decode_from_server(codec.encode(data.draw(frames_of(kind))))


def test_the_server_sends_no_binaryframes_of():
    with pytest.raises(BadFrame):
        codec.decode_from_server(codec.encode_log(Log(1, 1, 0, 0, 0, b"x")))


_HEARTBEAT = '{{"type":"heartbeat","number":{}}}'
_NOTE = (
    '{{"type":"report","seq":1,"taskId":1,"attempt":1,'
    '"body":{{"kind":"note","level":"info","text":{}}}}}'
)
_HELLO = (
    '{{"type":"hello","protocol":3,"workerJwt":"x","machineId":"x","journalId":"x","labels":{}}}'
)
NONSENSE = {
    "nothing": "",
    "not-json": "hello",
    "null": "null",
    "number": "7",
    "text": '"hello"',
    "list": "[]",
    "no-type": "{}",
    "null-type": '{"type":null}',
    "unknown-type": '{"type":"shutdown"}',
    "snake-case": '{"type":"report","seq":1,"task_id":1,"attempt":1,"body":{"kind":"accepted"}}',
    "unknown-kind": '{"type":"report","seq":1,"taskId":1,"attempt":1,"body":{"kind":"melted"}}',
    "no-kind": '{"type":"report","seq":1,"taskId":1,"attempt":1,"body":{}}',
    "no-body": '{"type":"report","seq":1,"taskId":1,"attempt":1}',
    "field-missing": '{"type":"heartbeat"}',
    "two-types": '{"type":"hello","type":"heartbeat","number":3}',
    "trailing": '{"type":"heartbeat","number":1} {}',
    "byte-order-mark": '\ufeff{"type":"heartbeat","number":1}',
    "number-as-text": _HEARTBEAT.format('"1"'),
    "number-as-float": _HEARTBEAT.format("1.5"),
    "number-as-bool": _HEARTBEAT.format("true"),
    "number-null": _HEARTBEAT.format("null"),
    "number-negative": _HEARTBEAT.format("-1"),
    "number-over-its-column": _HEARTBEAT.format(1 << 62),
    "number-of-30-digits": _HEARTBEAT.format("9" * 30),
    "number-of-100000-digits": _HEARTBEAT.format("9" * 100_000),
    "float-overflow": '{"type":"heartbeat","number":1,"metrics":{"cpuPercent":1e999}}',
    "not-a-number": '{"type":"heartbeat","number":1,"metrics":{"cpuPercent":NaN}}',
    "escaped-lone-surrogate": _NOTE.format('"\\ud800"'),
    "escaped-surrogates-swapped": _NOTE.format('"\\udc00\\ud800"'),
    "raw-lone-surrogate": _NOTE.format('"\ud800"'),
    "raw-control-character": _NOTE.format('"\x01"'),
    "label-without-a-name": _HELLO.format('{"":"x"}'),
    "label-of-two-lines": _HELLO.format('{"gpu\\n":"x"}'),
    "label-with-a-space": _HELLO.format('{"gpu":"tr ue"}'),
    "label-without-a-value": _HELLO.format('{"gpu":null}'),
    "long-label": _HELLO.format(f'{{"{"a" * 64}":"x"}}'),
    "many-labels": _HELLO.format(json.dumps({f"l{number}": "" for number in range(33)})),
    "deep-list": '{"type":"heartbeat","number":1,"x":' + "[" * 200_000 + "]" * 200_000 + "}",
    "deep-object": '{"type":"heartbeat","number":1,"x":' + '{"a":' * 90_000 + "1" + "}" * 90_001,
    "deep-unclosed": "[" * 500_000,
    "over-a-million-characters": _NOTE.format('"' + "x" * (1 << 20) + '"'),
}


@pytest.mark.parametrize("text", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_a_bad_frame_and_nothing_worse(text: str):
    with pytest.raises(BadFrame):
        codec.decode_from_machine(text)
    with pytest.raises(BadFrame):
        codec.decode_from_server(text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_ANY_TEXT = st.text(st.characters(exclude_categories=()))


def _survives(message: str | bytes) -> None:
    for decode in (codec.decode_from_machine, codec.decode_from_server):
        with contextlib.suppress(BadFrame):
            decode(message)


@given(text=_ANY_TEXT)
def test_any_text_is_a_frame_or_a_bad_frame(text: str):
    _survives(text)


@given(value=_JSON)
def test_any_json_is_a_frame_or_a_bad_frame(value: object):
    _survives(json.dumps(value))


@pytest.mark.parametrize("kind", [*FROM_MACHINE, *FROM_SERVER], ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_frame_with_one_field_of_another_type_is_a_frame_or_a_bad_frame(
    kind: type[frames.Frame], data: st.DataObject
):
    value = json.loads(codec.encode(data.draw(frames_of(kind))))
    value[data.draw(st.sampled_from(sorted(value)))] = data.draw(_JSON)
    _survives(json.dumps(value))


@given(frame=frames_of(frames.Report), at=st.integers(0), patch=_ANY_TEXT)
def test_a_damaged_frame_is_a_frame_or_a_bad_frame(frame: frames.Report, at: int, patch: str):
    text = codec.encode(frame)
    at %= len(text)
    _survives(text[:at] + patch + text[at + 1 :])
    _survives(text[:at])


@given(message=st.binary() | st.binary(max_size=80).map(b"\x01".__add__))
def test_any_bytes_are_a_log_frame_or_a_bad_frame(message: bytes):
    _survives(message)


@given(frame=LOGS, cut=st.integers(1))
def test_a_log_frame_cut_within_its_head_is_refused(frame: Log, cut: int):
    message = codec.encode_log(frame)
    with pytest.raises(BadFrame):
        codec.decode_from_machine(message[: cut % HEAD])


# ---- log frames --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, codec.MAX_DATA_BYTES])
def test_a_log_frame_carries_up_to_64_kib(size: int):
    frame = Log(1, 2, 3, 4, 5, bytes(size))
    assert codec.decode_from_machine(codec.encode_log(frame)) == frame


def test_a_log_frame_over_64_kib_is_refused():
    with pytest.raises(BadFrame):
        codec.decode_from_machine(
            codec.encode_log(Log(1, 1, 0, 0, 0, bytes(codec.MAX_DATA_BYTES + 1)))
        )


@pytest.mark.parametrize("version", [0, 2, 255])
def test_a_log_frame_of_another_version_is_refused(version: int):
    message = codec.encode_log(Log(1, 1, 0, 0, 0, b"x"))
    with pytest.raises(BadFrame):
        codec.decode_from_machine(bytes([version]) + message[1:])


@pytest.mark.parametrize(
    ("field", "limit"),
    [("task_id", 1 << 62), ("attempt", 1 << 31), ("offset", 1 << 62), ("milliseconds", 1 << 62)],
)
def test_a_log_frame_s_numbers_fit_their_columns(field: str, limit: int):
    whole = {"task_id": 1, "attempt": 1, "stage_index": 0, "offset": 0, "milliseconds": 0}
    within, beyond = (Log(**whole | {field: n}, data=b"x") for n in (limit - 1, limit))
    assert codec.decode_from_machine(codec.encode_log(within)) == within
    with pytest.raises(BadFrame):
        codec.decode_from_machine(codec.encode_log(beyond))


def test_a_heartbeat_s_number_reaches_its_limit():
    beat = Heartbeat((1 << 62) - 1)
    assert codec.decode_from_machine(codec.encode(beat)) == beat
    assert json.loads(codec.encode(beat))["number"] == (1 << 62) - 1
