"""A stage's command reports its actions to the shim, with their log offsets."""

import json
import os
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker import processes
from muster.worker.layout import Layout
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.mounts import PYTHON
from muster.worker.sandbox.sandbox import Sandbox
from muster.worker.shim.channel import Channel
from muster.worker.shim.client import read_state
from muster.worker.shim.record import FILE_NAME as RECORD
from muster.worker.shim.transcript import FILE_NAME
from tests.muster.worker.repositories import root, wait_for
from tests.muster.worker.sandbox.test_sandbox import layout, make_sandbox
from tests.muster.worker.shim.channel_speaker import SPEAKER
from tests.muster.worker.shim_stages import Stages

__all__ = ["layout", "root"]

Speak = Callable[..., Stages]


@pytest.fixture(params=["none", "processes", "full"])
def speak(request: pytest.FixtureRequest, stages: Stages, layout: Layout) -> Speak:
    """Start a stage that uses its channel, in each kind of sandbox."""
    rooms = detect(layout, most=request.param)
    assert rooms.level == request.param, rooms.missing
    return speaking(stages, make_sandbox(rooms))


def speaking(stages: Stages, room: Sandbox | None = None) -> Speak:
    python = Path(os.path.realpath(sys.executable))
    more: dict[str, Any] = {}
    if room is not None and room.mounts:
        more = {"room": room.init_command(), "uid": room.uid, "gid": room.uid}
        python = Path(PYTHON, "bin", python.name)
    elif room is not None:  # the interpreter may be where other users can't enter
        more = {"room": replace(room, identity=None).init_command()}

    def begin(act: str, index: int = 0, **given: Any) -> Stages:
        argv = (str(python), "-I", "-S", "-c", SPEAKER + act)
        stages.start(*argv, index=index, channel=True, **{**more, **given})
        return stages

    return begin


def entries(stages: Stages) -> list[dict[str, Any]]:
    file = stages.directory / FILE_NAME
    return [json.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []


def test_an_entrys_output_starts_exactly_at_its_offset(speak: Speak) -> None:
    act = """
for number in range(60):
    show("." * (number * 997 % 20000) + chr(10))
    offset = entry(f"#{number}#")["ok"]
    show(f"#{number}# at {offset};")
"""
    stages = speak(act, run=2)
    assert stages.wait(run=2).code == 0
    log_entries, log = entries(stages), stages.output()
    assert [entry["number"] for entry in log_entries] == list(range(60))
    for entry in log_entries:
        offset, text = entry["logOffset"], entry["text"].encode()
        expected = text + b" at %d;" % offset
        assert log[offset : offset + len(expected)] == expected
        assert (entry["stage"], entry["run"], entry["kind"]) == (0, 2, "message")
    moments = [entry["atMs"] for entry in log_entries]
    assert moments == sorted(moments)


def test_the_command_inherits_its_terminal_and_its_channel(speak: Speak) -> None:
    stages = speak("show(' '.join(sorted(os.listdir('/proc/self/fd'), key=int)[:-1]))")
    assert stages.wait().code == 0
    handles = stages.output().split()
    assert handles[:3] == [b"0", b"1", b"2"]
    assert len(handles) == 4


def test_facts_are_merged_and_known_at_the_end(speak: Speak) -> None:
    act = """
assert ask({"facts": {"session": "a", "turns": 1}}) == {"ok": True}
assert ask({"facts": {"turns": 2, "denied": "hush-hush"}}) == {"ok": True}
sys.exit(3)
"""
    end = speak(act, secrets=["hush-hush"]).wait()
    assert (end.how, end.code) == ("exit", 3)
    assert end.facts == {"session": "a", "turns": 2, "denied": "********"}


@pytest.mark.parametrize("speak", ["none"], indirect=True)
def test_facts_outlive_the_shim_and_what_an_earlier_one_wrote_has_none(speak: Speak) -> None:
    stages = speak('ask({"facts": {"session": "a"}})')
    end = stages.wait()
    stages.shim.quit()
    state = read_state(stages.directory)
    assert state is not None
    assert state.ends == (end,)
    record = json.loads((stages.directory / RECORD).read_text())
    del record["stages"][0]["end"]["facts"]
    (stages.directory / RECORD).write_text(json.dumps(record))
    state = read_state(stages.directory)
    assert state is not None
    assert state.ends == (end._replace(facts={}),)


def test_secrets_are_masked_and_offsets_count_what_is_shown(stages: Stages) -> None:
    act = """
show("topsecret")
offset = entry("a topsecret", title="topsecret", data={"topsecret": [4711]})["ok"]
show("<here>")
"""
    # The output may continue as the longer secret: nothing of it is in the log yet.
    secrets = ["topsecret", "topsecrets", "4711"]
    assert speaking(stages)(act, secrets=secrets).wait().code == 0
    (entry,) = entries(stages)
    assert (entry["title"], entry["text"]) == ("********", "a ********")
    assert entry["data"] == {"********": ["********"]}
    assert stages.output() == b"********<here>"
    assert stages.output()[entry["logOffset"] :] == b"<here>"


BAD = ["", "x", "[]", '"entry"', "{}", '{"ask": 1}', '{"entry": 1}', '{"entry": {"kind": "no"}}']
BAD += ['{"facts": []}', "[" * 60000, '{"facts": {"n": NaN}}', '{"facts": {"n": 1e999}}', "\ud800"]
BAD += ['{"entry": {"kind": "tool", "data": {"a":' + "[" * 50 + "]" * 50 + "}}}", "\0", "9" * 5000]


def test_what_is_not_understood_is_answered_and_changes_nothing(stages: Stages) -> None:
    act = f"""
for line in {BAD!r}:
    assert ask(line.encode(errors="surrogatepass")).keys() == {{"error"}}, line
assert "ok" in entry("fine")
"""
    end = speaking(stages)(act).wait()
    assert (end.how, end.code, end.facts) == ("exit", 0, {}), stages.output()
    assert [entry["text"] for entry in entries(stages)] == ["fine"]


def test_too_long_a_line_ends_the_channel_and_not_the_stage(stages: Stages) -> None:
    act = """
entry("one")
try:
    say({"entry": {"kind": "message", "text": "x" * (1 << 20)}})
    assert answers.readline() == b""
except (BrokenPipeError, ConnectionResetError):
    pass
show("goes on")
"""
    assert speaking(stages)(act).wait().code == 0
    assert stages.output() == b"goes on"
    assert [entry["text"] for entry in entries(stages)] == ["one"]


def test_who_does_not_listen_to_answers_is_not_heard_and_stops_nobody(stages: Stages) -> None:
    act = """
show("up")
while True: channel.sendall(b"x\\n" * 10000)
"""
    speaking(stages)(act).wait_for(b"up")
    for _ in range(5):
        assert stages.shim.fetch_state().running
    stages.shim.stop(grace=0)
    assert stages.wait().how == "stopped"


def test_what_was_said_last_is_taken_even_of_one_that_was_killed(speak: Speak) -> None:
    act = """
for number in range(20): say({"entry": {"kind": "message", "text": str(number)}})
say({"facts": {"turns": 20}})
channel.sendall(b'{"entry": {"kind": "message", "text": "half')
os.kill(os.getpid(), 9)
"""
    stages = speak(act)
    end = stages.wait()
    assert (end.how, end.code, end.facts) == ("signal", 9, {"turns": 20})
    assert [entry["text"] for entry in entries(stages)] == [str(number) for number in range(20)]


def test_all_is_taken_though_the_end_is_seen_first(stages: Stages, tmp_path: Path) -> None:
    shim, flag = stages.shim.fetch_state().pid, tmp_path / "go"
    act = f"""
import time
while not os.path.exists({str(flag)!r}): time.sleep(0.01)
os.kill({shim}, 19)
for number in range(20): say({{"entry": {{"kind": "message", "text": str(number) + "x" * 5000}}}})
os.kill(os.getpid(), 9)
"""
    speaking(stages)(act)
    flag.touch()
    wait_for(lambda: not processes.children(shim))
    os.kill(shim, signal.SIGCONT)
    assert stages.wait().how == "signal"
    assert len(entries(stages)) == 20


def test_numbers_go_on_under_the_next_shim(start: Callable[..., Stages]) -> None:
    first = start()
    speaking(first)('entry("one")').wait()
    first.shim.quit()
    second = start()
    speaking(second)('entry("two")', index=1).wait(1)
    rows = [(entry["number"], entry["stage"], entry["text"]) for entry in entries(second)]
    assert rows == [(0, 0, "one"), (1, 1, "two")]


def test_so_much_progress_is_no_news(stages: Stages) -> None:
    act = "for _ in range(25): entry('on', data={'progress': True, 'n': 1})"
    assert speaking(stages)(act).wait().code == 0
    payloads = [entry["data"] for entry in entries(stages)]
    assert payloads == 20 * [{"progress": True, "n": 1}] + 5 * [{"n": 1}]


def test_an_entry_is_reported_without_output(stages: Stages) -> None:
    event = threading.Event()
    stages.shim.add_watcher(event.set)
    speaking(stages)('entry("one"); sys.stdin.readline()')
    wait_for(lambda: entries(stages))
    assert event.wait(10)
    stages.shim.stop(grace=0)
    stages.wait()


def test_a_full_disk_refuses_an_entry_and_the_stage_continues(
    start: Callable[..., Stages], attempt: Path
) -> None:
    (attempt / FILE_NAME).symlink_to("/dev/full")
    stages = start()
    assert speaking(stages)('assert "error" in entry("lost"); show("shown")').wait().code == 0
    assert stages.output() == b"shown"


def test_what_nobody_reads_the_answers_of_waits_unread() -> None:
    channel = Channel(lambda message: {"ok": 0})
    with socket.socket(fileno=channel.peer_fd) as theirs:
        sent_bytes = _flood(theirs, channel)
        assert sent_bytes < 4 << 20
        assert channel.serve() == selectors.EVENT_WRITE
        theirs.setblocking(True)
        answered = 0
        while answered < sent_bytes // 3:
            answered += theirs.recv(1 << 16).count(b"\n")
            channel.serve()
        assert channel.serve() == selectors.EVENT_READ
    assert channel.serve() == 0
    channel.close()


def _flood(theirs: socket.socket, channel: Channel) -> int:
    """Return how many bytes could be sent before blocking."""
    theirs.setblocking(False)
    sent_bytes = 0
    while sent_bytes < 4 << 20:
        try:
            sent_bytes += theirs.send(b"{}\n" * 2000)
        except BlockingIOError:
            break
        channel.serve()
    return sent_bytes


@given(st.lists(st.binary(max_size=200) | st.just(b"\n") | st.just(b'{"a": 1}\n'), max_size=20))
def test_whatever_bytes_come_each_line_has_one_answer(pieces: list[bytes]) -> None:
    channel = Channel(lambda message: {"ok": sorted(message)})
    with socket.socket(fileno=os.dup(channel.peer_fd)) as theirs:
        channel.close_sandbox_fd()
        for piece in pieces:
            theirs.sendall(piece)
            channel.serve()
        theirs.shutdown(socket.SHUT_WR)
        while channel.serve():
            pass
        data = b"".join(iter(lambda: theirs.recv(1 << 16), b""))
    channel.close()
    answers = [json.loads(line) for line in data.splitlines()]
    assert len(answers) == b"".join(pieces).count(b"\n")
    assert all(answer.keys() in ({"ok"}, {"error"}) for answer in answers)
