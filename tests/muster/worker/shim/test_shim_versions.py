"""A daemon and a shim that come from versions of Muster next to each other."""

import socket
import struct
import threading

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Accepted, Lost, StageFinished, StageStarted, Stop, Stopped
from muster.worker.limits.limits import StageLimits
from muster.worker.shim import client as shim_client
from muster.worker.shim.link import ShimGone, ShimLink, ShimRefused
from muster.worker.shim.wire import (
    VERSION,
    ShimState,
    StageCommand,
    StageExit,
    Unpacker,
    pack_message,
    state_fields,
)
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.worker_home import WorkerHome, worker
from tests.muster.worker.worker_variants import OTHER_VERSION, entry

__all__ = ["repository", "root", "worker"]

HELD = "echo up; until [ -e {flag} ]; do sleep 0.02; done; echo bye"


def spoken_with(worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, *versions: int) -> bool:
    """Whether the attempt's shim accepts a client with these versions."""
    with monkeypatch.context() as other:
        other.setattr("muster.worker.shim.link.SUPPORTED_VERSIONS", versions)
        try:
            shim = shim_client.attach(worker.layout.attempt(AttemptKey(7, 1)))
        except ShimRefused:
            return False
    assert shim is not None
    shim.close()
    return True


@pytest.mark.parametrize(
    ("shims", "daemons"),
    [
        pytest.param((VERSION,), (VERSION + 1, VERSION), id="of the previous version"),
        pytest.param((VERSION + 1, VERSION), (VERSION,), id="of the next version"),
    ],
)
def test_a_daemon_finishes_the_stage_of_a_shim_one_version_away(
    worker: WorkerHome,
    monkeypatch: pytest.MonkeyPatch,
    shims: tuple[int, ...],
    daemons: tuple[int, ...],
) -> None:
    """The next version is made up: each side accepts its own and the previous one."""
    server = worker.server
    flag = worker.layout.home.parent / "go"
    with monkeypatch.context() as other:
        other.setattr(
            "muster.worker.shim.client._SHIM_SCRIPT", entry(OTHER_VERSION.format(versions=shims))
        )
        other.setattr("muster.worker.shim.link.SUPPORTED_VERSIONS", shims)
        worker.start().run(HELD.format(flag=flag))
        server.wait_for(lambda: b"up" in server.log())
        worker.leave()
    assert spoken_with(worker, monkeypatch, *shims)
    assert not spoken_with(worker, monkeypatch, min(shims) - 1, max(shims) + 1)

    monkeypatch.setattr("muster.worker.shim.link.SUPPORTED_VERSIONS", daemons)
    worker.start()
    (held,) = server.hellos[-1].attempts
    assert (held.stage_index, held.state) == (0, "working")
    flag.touch(0o666)
    end = server.wait_for_report(StageFinished)
    assert (end.how, end.code) == ("exit", 0)
    server.wait_for(lambda: server.log() == b"up\r\nbye\r\n")
    worker.run("echo next", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    assert len(server.bodies(Accepted)) == 1
    assert len(server.bodies(StageStarted)) == 2
    assert server.bodies(Lost) == []


def test_a_shim_that_refuses_us_keeps_its_stage_until_that_is_to_stop(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("muster.worker.attempts.attempt_shim._HUNG_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr("muster.worker.attempts.attempt_shim._HUNG_POLL_SECONDS", 0.1)
    server, strange = worker.server, (VERSION + 5,)
    with monkeypatch.context() as other:
        other.setattr(
            "muster.worker.shim.client._SHIM_SCRIPT", entry(OTHER_VERSION.format(versions=strange))
        )
        other.setattr("muster.worker.shim.link.SUPPORTED_VERSIONS", strange)
        worker.start().run(HELD.format(flag=worker.layout.home.parent / "never"))
        server.wait_for(lambda: b"up" in server.log())
        worker.leave()
    worker.start()
    wait_for(lambda: caplog.text.count("isn't responding") > 3)
    assert worker.stages()
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for_report(Stopped)
    assert worker.stages() == []
    assert server.bodies(Lost) == []


def test_what_a_daemon_and_a_shim_say_is_spelled_as_ever() -> None:
    """A rename here loses a shim of before, and the stage that it runs, at the daemon's upgrade."""
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    messages: list[dict[str, object]] = []
    responses = {
        "hello": (
            '{"hello":3,"state":{"stage_index":null,"running":false,"ends":[],"log_end":0,'
            '"began_at_ms":5,"deadline":9.5,"pid":42}}'
        ),
        "begin": '{"id":1,"begun":true}',
        "stop": (
            '{"log":3}',
            '{"end":{"stage_index":0,"how":"exit","code":0,"message":"","log_end":3,'
            '"started_at_ms":6,"ended_at_ms":7}}',
        ),
    }
    unpacker = Unpacker()

    def shim() -> None:
        while len(messages) < 3:
            for message in unpacker.feed(theirs.recv(65536)):
                messages.append(message)
                answers = responses[str(message.get("do", "hello"))]
                for words in (answers,) if isinstance(answers, str) else answers:
                    theirs.sendall(struct.pack("!I", len(words)) + words.encode())
        theirs.close()

    other = threading.Thread(target=shim)
    other.start()
    daemon = ShimLink(ours)
    assert (daemon.log_end, daemon.initial_deadline) == (0, 9.5)
    stage_limits = StageLimits(1, 2, 3, 4, ["/w"], ["/g"])
    assert daemon.start_stage(StageCommand(0, ["true"], {"A": "b"}, "/", 60.0, limits=stage_limits))
    with pytest.raises(ShimGone):
        daemon.stop(grace=10.0)
    other.join()
    assert daemon.find_exit(0) == StageExit(0, "exit", 0, "", 3, 6, 7)
    daemon.close()
    stage = {"stage_index": 0, "argv": ["true"], "env": {"A": "b"}, "cwd": "/", "timeout": 60.0}
    terminal = {"uid": None, "gid": None, "cols": 80, "rows": 24, "secrets": [], "grace": 10.0}
    limits = {"memory": 1, "processes": 2, "files": 3, "disk": 4}
    places = {"directories": ["/w"], "groups": ["/g"]}
    more = {"limits": {**limits, **places}, "room": [], "network": None}
    more |= {"channel": False, "run": 0, "threads": []}
    assert messages == [
        {"hello": [3]},
        {"id": 1, "do": "begin", "stage": {**stage, **terminal, **more}},
        {"id": 2, "do": "stop", "grace": 10.0},
    ]


@pytest.mark.parametrize("answered", [VERSION + 1, "1", None])
def test_a_shim_that_answers_in_a_version_nobody_offered_is_rejected(answered: object) -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(10)

    def answer() -> None:
        (hello,) = Unpacker().feed(theirs.recv(4096))
        assert VERSION in hello["hello"]
        state = state_fields(ShimState(None, False, (), 0, 0))
        theirs.sendall(pack_message({"hello": answered, "state": state}))

    other = threading.Thread(target=answer)
    other.start()
    with ours, theirs:
        with pytest.raises(ShimRefused, match="ours are") as refused:
            ShimLink(ours)
        other.join()
    assert refused.value.code == "version"
