"""Every frame survives encoding and decoding, also from a newer peer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.protocol import codec, frames
from muster.protocol.frames import Log
from tests.muster.protocol.frame_strategies import FROM_MACHINE, FROM_SERVER, LOGS, frames_of


def test_no_frame_is_forgotten_here():
    declared = set(frames.Frame.__subclasses__())
    assert declared == {*FROM_MACHINE, *FROM_SERVER}


@pytest.mark.parametrize("kind", FROM_MACHINE, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_what_a_machine_says_arrives_as_it_was_said(kind: type[frames.Frame], data: st.DataObject):
    frame = data.draw(frames_of(kind))
    assert codec.decode_from_machine(codec.encode(frame)) == frame


@pytest.mark.parametrize("kind", FROM_SERVER, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_what_the_server_says_arrives_as_it_was_said(kind: type[frames.Frame], data: st.DataObject):
    frame = data.draw(frames_of(kind))
    assert codec.decode_from_server(codec.encode(frame)) == frame


@pytest.mark.parametrize("body", frames.ReportBody.__subclasses__(), ids=lambda body: body.__name__)
@given(data=st.data())
def test_every_kind_of_report_arrives_as_it_was_said(
    body: type[frames.ReportBody], data: st.DataObject
):
    report = frames.Report(1, 2, 3, data.draw(frames_of(body)))
    assert codec.decode_from_machine(codec.encode(report)) == report


@given(frame=LOGS)
def test_log_bytes_arrive_as_they_were_sent(frame: Log):
    assert codec.decode_from_machine(codec.encode_log(frame)) == frame


# ---- the other side is newer -------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*FROM_MACHINE, *FROM_SERVER], ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_field_that_is_not_known_yet_is_passed_over(
    kind: type[frames.Frame], data: st.DataObject
):
    frame = data.draw(frames_of(kind))
    newer = json.loads(codec.encode(frame)) | {"aFieldOfVersion9": {"deep": [1, None, "x"]}}
    decode = codec.decode_from_machine if kind in FROM_MACHINE else codec.decode_from_server
    assert decode(json.dumps(newer)) == frame


def test_a_field_that_is_not_known_yet_is_passed_over_within_a_report():
    text = (
        '{"type":"report","seq":1,"taskId":2,"attempt":1,'
        '"body":{"kind":"unasked","stageIndex":1,"number":2,"signedBy":"x"}}'
    )
    assert codec.decode_from_machine(text) == frames.Report(1, 2, 1, frames.QuestionWithdrawn(1, 2))


def test_a_nul_that_a_machine_read_somewhere_is_replaced_not_refused():
    frame = frames.Report(1, 2, 1, frames.Lost("a\0b \\u0000"))
    decoded = codec.decode_from_machine(codec.encode(frame))
    assert decoded == frames.Report(1, 2, 1, frames.Lost("a\N{REPLACEMENT CHARACTER}b \\u0000"))
