"""One encoded message of each type: a rename here breaks deployed machines.

A message may gain an optional field; any other change needs a new protocol version.
"""

import re

import msgspec
import pytest
from msgspec import inspect

from muster.protocol import codec, frames, version
from muster.protocol.frames import Frame, Log, Part, ReportBody
from tests.muster.protocol import branch_frames, steering_frames
from tests.muster.protocol.wire_reports import REPORTED

WHEEL = "muster_client-0.2.0+muster-py3-none-any.whl"
WIRE: list[tuple[Frame, str]] = [
    (
        frames.Hello(
            protocol=1,
            worker_jwt="jwt",
            machine_id="m",
            journal_id="j",
            version="0.1.0",
            slots=3,
            capabilities=[
                frames.Capability("claude", "1.0", False, "2024-05-01T12:00:00.000Z", "rate_limit")
            ],
            repositories=["url"],
            attempts=[frames.TrackedAttempt(7, 1, -1, "working", 99)],
        ),
        '{"type":"hello","protocol":1,"workerJwt":"jwt","machineId":"m","journalId":"j",'
        '"version":"0.1.0","slots":3,"capabilities":[{"agentType":"claude","version":"1.0",'
        '"healthy":false,"degradedUntil":"2024-05-01T12:00:00.000Z","reason":"rate_limit"}],'
        '"repositories":["url"],"attempts":[{"taskId":7,"attempt":1,"stageIndex":-1,'
        '"state":"working","logOffset":99}]}',
    ),
    (
        frames.Heartbeat(5, frames.Metrics(1.5, 2.5, 3.5), [], ["url"]),
        '{"type":"heartbeat","number":5,"metrics":{"cpuPercent":1.5,"memoryPercent":2.5,'
        '"diskPercent":3.5},"capabilities":[],"repositories":["url"]}',
    ),
    (
        frames.Report(9, 7, 1, frames.Accepted()),
        '{"type":"report","seq":9,"taskId":7,"attempt":1,"body":{"kind":"accepted"}}',
    ),
    (
        frames.Welcome(1, "now", 10.0, 600.0, 1024, 8, [frames.LogAck(7, 1, 99)]),
        '{"type":"welcome","protocol":1,"serverTime":"now","heartbeatSeconds":10.0,'
        '"leaseSeconds":600.0,"window":1024,"ackedSeq":8,'
        '"logs":[{"taskId":7,"attempt":1,"offset":99}]}',
    ),
    (
        frames.RunStage(
            task_id=7,
            attempt=1,
            stage_index=2,
            stage_name="develop",
            kind="agent",
            text="do it",
            variables={"branch": "b"},
            agent="custom",
            timeout=60.0,
            repo=frames.Repo("url", "main", "muster/7-1", "refs/muster/7/1/1", "secret"),
            project="shop",
            author=frames.Author("A", "a@example.org"),
            agent_command="agent {prompt}",
            env={"K": "v"},
            secrets={"S": "w"},
            cols=80,
            rows=24,
        ),
        '{"type":"run-stage","taskId":7,"attempt":1,"stageIndex":2,"stageName":"develop",'
        '"kind":"agent","text":"do it","variables":{"branch":"b"},"agent":"custom",'
        '"timeout":60.0,"repo":{"url":"url","base":"main","branch":"muster/7-1",'
        '"resumeFrom":"refs/muster/7/1/1","token":"secret"},"project":"shop",'
        '"author":{"name":"A","email":"a@example.org"},"agentCommand":"agent {prompt}",'
        '"env":{"K":"v"},"secrets":{"S":"w"},"cols":80,"rows":24}',
    ),
    (
        frames.Answer(7, 1, 2, choice="red"),
        '{"type":"answer","taskId":7,"attempt":1,"number":2,"choice":"red"}',
    ),
    (
        frames.Suspend(7, 1, 2, 1, "budget"),
        '{"type":"suspend","taskId":7,"attempt":1,"stageIndex":2,"run":1,"reason":"budget"}',
    ),
    (
        frames.Stop(7, 1, "cancelled"),
        '{"type":"stop","taskId":7,"attempt":1,"reason":"cancelled"}',
    ),
    (frames.Publish(7, 1), '{"type":"publish","taskId":7,"attempt":1}'),
    *branch_frames.SAID,
    *steering_frames.SAID,
    (frames.Forget(7, 1), '{"type":"forget","taskId":7,"attempt":1}'),
    (
        frames.OpenTerminal(7, 1, "t"),
        '{"type":"open-terminal","taskId":7,"attempt":1,"channelToken":"t"}',
    ),
    (
        frames.TerminalClosed(7, 1, "cut"),
        '{"type":"terminal-closed","taskId":7,"attempt":1,"reason":"cut"}',
    ),
    (
        frames.CheckRepository("c", frames.Repo("url", "main", "")),
        '{"type":"check-repository","id":"c","repo":{"url":"url","base":"main","branch":""}}',
    ),
    (
        frames.RepositoryChecked("c", "reached", True, "main", ["main"]),
        '{"type":"repository-checked","id":"c","state":"reached","hasBase":true,"head":"main",'
        '"branches":["main"]}',
    ),
    (
        frames.Tunnel(7, 1, 2, "open", 60.0),
        '{"type":"tunnel","taskId":7,"attempt":1,"number":2,"want":"open","ttl":60.0}',
    ),
    (frames.Drain(), '{"type":"drain"}'),
    (frames.Undrain(), '{"type":"undrain"}'),
    (
        frames.Upgrade(frames.Release("0.2.0", WHEEL, "a" * 64, "b" * 64), "now"),
        f'{{"type":"upgrade","release":{{"version":"0.2.0","wheel":"{WHEEL}",'
        f'"wheelDigest":"{"a" * 64}","requirementsDigest":"{"b" * 64}"}},"when":"now"}}',
    ),
    (frames.HeartbeatAck(5), '{"type":"heartbeat-ack","number":5}'),
    (
        frames.Ack(9, [frames.LogAck(7, 1, 99)]),
        '{"type":"ack","upTo":9,"logs":[{"taskId":7,"attempt":1,"offset":99}]}',
    ),
    (frames.LogGap(7, 1, 99), '{"type":"log-gap","taskId":7,"attempt":1,"offset":99}'),
    (frames.Stale(7, 1), '{"type":"stale","taskId":7,"attempt":1}'),
]


@pytest.mark.parametrize(("frame", "text"), WIRE, ids=[type(frame).__name__ for frame, _ in WIRE])
def test_a_frame_is_spelled_as_ever(frame: Frame, text: str):
    assert codec.encode(frame) == text


@pytest.mark.parametrize(
    ("body", "text"), REPORTED, ids=[type(body).__name__ for body, _ in REPORTED]
)
def test_a_report_is_spelled_as_ever(body: ReportBody, text: str):
    assert msgspec.json.encode(body).decode() == text


def test_every_frame_and_every_report_has_its_line():
    assert {type(frame) for frame, _ in WIRE} == set(Frame.__subclasses__())
    assert {type(body) for body, _ in REPORTED} == set(ReportBody.__subclasses__())
    assert len(WIRE) + len(REPORTED) == len({text for _, text in WIRE + REPORTED})


def test_a_log_frame_is_laid_out_as_ever():
    message = codec.encode_log(Log(7, 1, 2, 99, 1234, b"abc"))
    assert message == bytes.fromhex(
        "01"  # version
        "0000000000000007"  # task
        "00000001"  # attempt
        "0002"  # stage
        "0000000000000063"  # offset
        "00000000000004d2"  # milliseconds
        "616263"
    )


# The value of an absent field; both sides omit fields with this value.
ABSENT = [
    (
        '{"type":"hello","protocol":1,"workerJwt":"jwt","machineId":"m","journalId":"j"}',
        frames.Hello(1, "jwt", "m", "j", "", 2, [], [], []),
    ),
    ('{"type":"heartbeat","number":1}', frames.Heartbeat(1, None, None, None)),
    (
        '{"type":"report","seq":1,"taskId":7,"attempt":1,'
        '"body":{"kind":"stage-finished","stageIndex":0,"logEnd":0,"how":"exit"}}',
        frames.Report(1, 7, 1, frames.StageFinished(0, 0, "exit", 0)),
    ),
]


@pytest.mark.parametrize(("text", "frame"), ABSENT, ids=["hello", "heartbeat", "report"])
def test_what_is_left_out_means_what_it_ever_meant(text: str, frame: Frame):
    assert codec.decode_from_machine(text) == frame
    assert codec.encode(frame) == text


def test_an_order_s_terminal_is_120_by_40_unless_it_says_otherwise():
    text = (
        '{"type":"run-stage","taskId":7,"attempt":1,"stageIndex":0,"stageName":"s",'
        '"kind":"shell","text":"true","variables":{},"agent":"claude","timeout":1.0,'
        '"repo":{"url":"u","base":"main","branch":"b"},"project":"p",'
        '"author":{"name":"A","email":"a@example.org"}}'
    )
    order = codec.decode_from_server(text)
    assert isinstance(order, frames.RunStage)
    assert (order.cols, order.rows, order.env, order.secrets) == (120, 40, {}, {})
    assert codec.encode(order) == text


def _structs() -> list[type[msgspec.Struct]]:
    return [kind for base in (Frame, ReportBody, Part) for kind in base.__subclasses__()]


@pytest.mark.parametrize("kind", _structs(), ids=lambda kind: kind.__name__)
def test_names_are_camel_case_and_tags_are_kebab_case(kind: type[msgspec.Struct]):
    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", field.encode_name) for field in shape.fields)
    assert shape.tag is None or re.fullmatch(r"[a-z]+(-[a-z]+)*", str(shape.tag))


def test_close_codes_stay():
    codes = {name: code for name, code in vars(frames.CloseCode).items() if name.isupper()}
    assert codes == {
        "MALFORMED": 4400,
        "UNAUTHENTICATED": 4401,
        "NO_HELLO": 4408,
        "REPLACED": 4412,
        "DECOMMISSIONED": 4413,
        "UNSUPPORTED_VERSION": 4414,
        "GOING_AWAY": 1001,
    }


@pytest.mark.parametrize(
    ("spoken", "number"),
    [(False, -1), (False, 0), (False, 2), (True, 3), (False, 4), (False, 10**30)],
    ids=["negative", "zero", "never released", "current", "newer", "absurd"],
)
def test_only_known_versions_are_spoken(spoken: bool, number: int):
    assert version.is_supported(number) is spoken


def test_from_the_next_version_on_a_peer_of_the_one_before_is_understood():
    assert max(3, version.CURRENT - 1) == version.OLDEST_SUPPORTED


def test_a_refusal_says_which_side_to_upgrade(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(version, "OLDEST_SUPPORTED", 4)
    monkeypatch.setattr(version, "CURRENT", 5)
    assert "upgrade the server first" in version.rejection_message(6)
    assert "install the server's release" in version.rejection_message(3)
    most = max(len(version.rejection_message(number)) for number in (0, 2**31 - 1))
    assert most <= 123, "a close frame holds no more"


@pytest.mark.parametrize(
    ("message", "named"),
    [
        pytest.param('{"type":"hello","protocol":7}', 7, id="all else is missing"),
        pytest.param('{"type":"hello","attempts":3,"protocol":7}', 7, id="all else is unknown"),
        pytest.param('{"type":"heartbeat","protocol":7}', None, id="no hello"),
        pytest.param('{"type":"hello","protocol":"7"}', None, id="no number"),
        pytest.param('{"type":"hello","protocol":-1}', None, id="negative"),
        pytest.param('{"type":"hello","protocol":1' + "0" * 400 + "}", None, id="absurd"),
        pytest.param("{", None, id="no JSON"),
        pytest.param('{"type":"hello","protocol":7,"x":' + "[" * 9999, None, id="deep"),
        pytest.param(b"\x01", None, id="bytes"),
    ],
)
def test_a_hello_names_its_version_whatever_else_is_in_it(message: str | bytes, named: int | None):
    assert codec.hello_version(message) == named
