"""A machine shows an attempt's terminal to viewers, and accepts their input."""

import hashlib
import os
import random
import signal
import threading
import time

import avt
import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import OpenTerminal, StageFinished, Stop
from muster.protocol.terminal import CloseCode as PtyClose
from muster.worker import processes
from muster.worker.shim import client as shim_client
from muster.worker.terminals import terminal_bridge
from tests.muster.worker.fake_pty import TerminalConnection
from tests.muster.worker.repositories import as_root, repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["as_root", "repository", "root", "worker"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.backoff.Backoff.next", lambda self: 0.02)


def open_viewer(worker: WorkerHome, script: str, **more: object) -> TerminalConnection:
    """A stage that has printed its first text, with a terminal that shows it from the start."""
    server = worker.start().server
    worker.run(script, **more)
    server.wait_for(lambda: server.log())
    server.open_terminal()
    server.wait_for(lambda: server.pty.calls)
    return server.pty.call


def shows(worker: WorkerHome, call: TerminalConnection, text: bytes) -> None:
    worker.server.wait_for(lambda: text in call.output)


def test_what_is_typed_reaches_the_program_and_its_answer_comes_back(worker: WorkerHome) -> None:
    call = open_viewer(worker, "echo up; read line; echo got $line; read end")
    shows(worker, call, b"up\r\n")
    call.type(b"words\n")
    shows(worker, call, b"got words\r\n")
    assert call.begin == 0
    assert call.path == "/api/workers/pty/7"
    worker.server.wait_for(lambda: call.output == worker.server.log())


def test_more_echoes_than_a_shim_tells_at_once_come_in_order(worker: WorkerHome) -> None:
    call = open_viewer(worker, "stty raw -echo; echo up; exec cat")
    shows(worker, call, b"up")
    begin = len(call.output)
    typed = bytes(random.Random(3).choices(b"abcdefgh", k=400))
    for place, key in enumerate(typed):
        call.type(bytes((key,)))
        if place % 7 == 0:  # otherwise several come together
            worker.server.wait_for(lambda place=place: len(call.output) > begin + place)
    worker.server.wait_for(lambda: call.output[begin:] == typed)
    worker.server.wait_for(lambda: call.output == worker.server.log())


def test_an_interrupt_reaches_the_foreground(worker: WorkerHome) -> None:
    call = open_viewer(worker, "echo up; PS1='next> ' exec bash --norc --noediting -i")
    shows(worker, call, b"next> ")
    # It prints that itself: between the shell's own output and its child's, an interrupt may reach
    # neither.
    call.type(b"sh -c 'echo go\"\"ne; exec sleep 1000'; echo en''ded\n")
    shows(worker, call, b"gone\r\n")
    call.type(b"\x03")
    # Input before the shell has its terminal back may be dropped with the interrupt.
    worker.server.wait_for(lambda: call.output.count(b"next> ") == 2)
    call.type(b"echo still he''re\n")
    shows(worker, call, b"still here\r\n")
    assert b"ended\r\n" not in call.output


def test_a_new_size_reaches_the_program_and_is_reported_back(worker: WorkerHome) -> None:
    script = "trap 'stty size' WINCH; echo up; while :; do read -t 0.1 line; done"
    call = open_viewer(worker, script, cols=100, rows=30)
    shows(worker, call, b"up")
    call.resize(132, 43)
    shows(worker, call, b"43 132")
    assert [size for _, size in call.sizes] == [(100, 30), (132, 43)]


def test_a_terminal_continues_from_the_servers_offset(worker: WorkerHome) -> None:
    worker.server.pty.offset = 2
    call = open_viewer(worker, "echo up; read line; echo bye; read end")
    shows(worker, call, b"\r\n")
    assert (call.begin, bytes(call.output)) == (2, b"\r\n")


def test_a_server_that_has_nothing_gets_the_screen_and_what_follows(worker: WorkerHome) -> None:
    worker.server.pty.offset = None
    drawing = r"\033[?1049h\033[2J\033[5;3Hcaf\303\251"
    script = f"printf '{drawing}'; read line; printf more; read end"
    call = open_viewer(worker, script)
    worker.server.wait_for(lambda: call.begin is not None)
    call.ask_screen(3)
    screen = worker.server.wait_for(lambda: call.screens)[0]
    terminal = avt.Vt(screen.cols, screen.rows)
    terminal.feed_str(screen.data)
    assert terminal.view()[4].text.rstrip() == "  caf\u00e9"
    assert (screen.number, screen.exact, screen.cols, screen.rows) == (3, True, 120, 40)
    call.type(b"\n")
    shows(worker, call, b"more")


def test_what_was_lost_is_skipped(worker: WorkerHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "muster.worker.shim.client.launch.__kwdefaults__", {"quota": 1000, "idle": 60.0}
    )
    server = worker.start().server
    worker.run("echo up; head -c 5000 /dev/zero | tr '\\0' x; read end")
    # Viewers at the time of the output also see what doesn't fit.
    server.wait_for(lambda: len(server.log()) == 5004)
    server.open_terminal()
    server.wait_for(lambda: server.pty.calls)
    call = server.pty.call
    server.wait_for(lambda: call.jumps)
    assert call.jumps[0][0] == 1000
    server.wait_for(lambda: call.position == 5004)
    assert len(call.output) == 1000


def test_a_viewer_sees_what_does_not_fit_in_the_log(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After too much output, or on a full disk, when users may need the terminal most. Output that
    the daemon misses is lost: the next one is shown."""
    monkeypatch.setattr(
        "muster.worker.shim.client.launch.__kwdefaults__", {"quota": 1000, "idle": 60.0}
    )
    flood = "head -c 500000 /dev/zero | tr '\\0' x"
    call = open_viewer(
        worker, f"stty -echo; echo up; {flood}; while read line; do echo $line; done"
    )
    worker.server.wait_for(lambda: call.position == 500_004)
    deadline = time.monotonic() + 20
    for word in (b"where\n", b"are\n", b"we\n"):
        while word[:-1] not in call.output:
            assert time.monotonic() < deadline
            call.type(word)
            with worker.server.changed:
                worker.server.changed.wait_for(lambda word=word: word[:-1] in call.output, 0.5)
    call.ask_screen(1)
    screen = worker.server.wait_for(lambda: call.screens)[0]
    assert not screen.exact, "it is made of the log, which lacks them"


def test_a_long_paste_arrives_whole_while_the_program_reads_slowly(worker: WorkerHome) -> None:
    script = "stty raw -echo; echo up; head -c 3000000 | (sleep 0.5; sha256sum); read end"
    server = worker.server
    call = open_viewer(worker, script)
    shows(worker, call, b"up")
    paste = os.urandom(3_000_000)
    pasting = threading.Thread(target=call.type, args=(paste,))
    pasting.start()
    beats = len(server.heartbeats)
    server.wait_for(lambda: len(server.heartbeats) > beats + 1)
    call.ask_screen(1)  # beside what waits
    shows(worker, call, hashlib.sha256(paste).hexdigest().encode())
    pasting.join()


def test_a_flood_does_not_keep_the_heart_from_beating(worker: WorkerHome) -> None:
    server = worker.server
    server.heartbeat_seconds = 0.1
    call = open_viewer(
        worker, "echo up; read go; head -c 100000000 /dev/zero | tr '\\0' x; read end"
    )
    call.type(b"\n")
    began = time.monotonic()
    server.wait_for(lambda: len(call.output) > 100_000_000, 100)
    ended = time.monotonic()
    # A busy machine stretches both: if heartbeats had to wait, one gap would be the complete time.
    assert server.max_heartbeat_gap(began, ended) < max(1.0, (ended - began) / 4)


def test_a_viewer_that_reads_nothing_costs_nothing(worker: WorkerHome) -> None:
    server = worker.server
    server.pty.reads.clear()
    call = open_viewer(worker, "echo up; head -c 20000000 /dev/zero | tr '\\0' x; exit 3")
    assert server.wait_for_report(StageFinished).code == 3
    assert len(call.output) == 0
    server.pty.reads.set()
    server.wait_for(lambda: call.position == len(server.log()) > 20_000_000)


def test_keys_between_two_stages_are_for_nobody_and_the_next_stage_is_shown(
    worker: WorkerHome,
) -> None:
    server = worker.server
    call = open_viewer(worker, "echo up; read line; exit 0")
    call.type(b"\n")
    server.wait_for_report(StageFinished)
    call.type(b"nobody")
    call.resize(80, 24)
    call.ask_screen(1)  # answered after everything before it
    server.wait_for(lambda: call.screens)
    worker.run("echo two; read line; echo got $line; read end", stage_index=1, cols=90, rows=20)
    shows(worker, call, b"two")
    call.type(b"this\n")
    shows(worker, call, b"got this")
    assert call.sizes[-1][1] == (90, 20)
    assert server.closed == []


def test_a_terminals_end_is_reported_and_it_can_open_again(worker: WorkerHome) -> None:
    server = worker.server
    call = open_viewer(worker, "echo up; read line; echo on; read end")
    server.open_terminal()  # it is open
    call.socket.close(PtyClose.GOING_AWAY)
    closed = server.wait_for(lambda: server.closed)[0]
    assert (closed.task_id, closed.attempt, closed.reason) == (7, 1, "1001 ")
    assert len(server.pty.calls) == 1
    server.open_terminal()
    server.wait_for(lambda: len(server.pty.calls) == 2)
    server.pty.call.type(b"\n")
    shows(worker, server.pty.call, b"on\r\n")


def test_a_server_that_pings_is_there_and_one_that_says_nothing_is_given_up(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection may be dead without a close. Otherwise no order to open the terminal would
    arrive."""
    assert terminal_bridge.SILENCE_TIMEOUT_SECONDS == 60.0
    monkeypatch.setattr("muster.worker.terminals.terminal_bridge.SILENCE_TIMEOUT_SECONDS", 1.0)
    server = worker.server
    call = open_viewer(worker, "echo up; read end")
    shows(worker, call, b"up\r\n")
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        assert call.socket.ping().wait(10)
    assert not server.closed
    assert server.wait_for(lambda: server.closed)[0].reason == "the server was silent for too long"
    server.open_terminal()
    server.wait_for(lambda: len(server.pty.calls) == 2)
    shows(worker, server.pty.call, b"up\r\n")


def test_a_refused_terminal_is_reported(worker: WorkerHome) -> None:
    worker.server.pty.token = "another"
    server = worker.start().server
    worker.run("echo up; read end")
    server.wait_for(lambda: server.log())
    server.send(OpenTerminal(7, 1, "channel-1"))
    assert "4401" in server.wait_for(lambda: server.closed)[0].reason
    server.send(OpenTerminal(8, 1, "channel-1"))
    assert server.wait_for(lambda: server.closed[1:])[0].reason == "nothing is running here"


def test_a_terminal_ends_with_its_attempt_and_leaves_no_thread(worker: WorkerHome) -> None:
    server = worker.server
    call = open_viewer(worker, "echo up; read end")
    shows(worker, call, b"up")
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for(lambda: server.pty.ended == 1)
    server.wait_for(lambda: server.closed)
    assert call.socket.close_code == PtyClose.ENDED
    for thread in threading.enumerate():
        if thread.name.startswith("terminal"):
            thread.join(10)
            assert not thread.is_alive()


def test_a_terminal_whose_shim_dies_is_closed(worker: WorkerHome) -> None:
    server = worker.server
    call = open_viewer(worker, "echo up; read end")
    shows(worker, call, b"up")
    shim = shim_client.attach(worker.layout.attempt(AttemptKey(7, 1)))
    assert shim is not None
    os.kill(shim.fetch_state().pid, signal.SIGKILL)
    shim.close()
    server.wait_for(lambda: server.pty.ended == 1)


def test_a_killed_daemon_takes_the_model_of_screens_with_it(worker: WorkerHome) -> None:
    server = worker.server
    daemon = worker.spawn()
    worker.run("echo up; read end")
    server.wait_for(lambda: server.log())
    server.open_terminal()
    server.wait_for(lambda: server.pty.calls)
    server.pty.call.ask_screen(1)
    server.wait_for(lambda: server.pty.call.screens)
    model = next(p for p in processes.iterate_processes() if p.parent == daemon.pid)
    worker.kill(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while (
        (found := processes.find(model.pid)) and found.started == model.started and found.is_alive
    ):
        assert time.monotonic() < deadline
        time.sleep(0.01)
