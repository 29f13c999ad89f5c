"""Listeners of a shim get notices at once, and not more than they accept."""

import base64
import select
import threading
import time
from collections.abc import Iterator

import pytest

from muster.worker.shim.client import attach, connect
from muster.worker.shim.terminal_link import MAX_CHUNKS, TerminalLink
from tests.muster.worker.shim_stages import Stages


def test_watchers_hear_of_output_and_end(stages: Stages) -> None:
    heard: list[tuple[int, bool]] = []
    done = threading.Event()

    def record() -> None:
        heard.append((stages.shim.log_end, stages.shim.find_exit(0) is not None))
        if stages.shim.find_exit(0):
            done.set()

    stages.shim.add_watcher(record)
    stages.start("sh", "-c", "printf 1; sleep 0.1; printf 2")
    assert done.wait(20)
    assert (1, False) in heard
    assert heard[-1] == (2, True)


def test_who_comes_while_a_stage_runs_is_heard_after_its_end(stages: Stages) -> None:
    stages.start("sh", "-c", "echo up; read line")
    stages.wait_for(b"up")
    late = attach(stages.directory)  # with the number of a file that the stage's start has closed
    assert late is not None
    stages.shim.send_input(b"\n")
    stages.wait()
    assert not late.fetch_state().running
    late.close()


class Listener:
    """A shim's listener: `end` is the last reported end of the log, `told` the bytes with the
    notices, `news` their number; `is_bare` if the last of them had no bytes."""

    def __init__(self, stages: Stages) -> None:
        line = connect(stages.directory, TerminalLink)
        assert line is not None
        self.line, self.end, self.news, self.told = line, 0, 0, b""
        self.is_bare = False

    def receive(self, limit: float = 10) -> bool:
        if not select.select([self.line], [], [], limit)[0]:
            return False
        for message in self.line.receive():
            if "log" in message:
                self.end = message["log"]
                self.news += 1
                self.is_bare = "bytes" not in message
                self.told += base64.b64decode(message.get("bytes", ""))
        return True


@pytest.fixture
def listener(stages: Stages) -> Iterator[Listener]:
    listener = Listener(stages)
    yield listener
    listener.line.close()


def test_a_listener_gets_every_byte_at_once(stages: Stages, listener: Listener) -> None:
    stages.start("sh", "-c", "stty -echo; echo up; while read line; do echo $line; done")
    begin = len(stages.wait_for(b"up\r\n"))
    listener.line.listen(begin)
    delays = []
    for number in range(1, MAX_CHUNKS + 1):
        began = time.monotonic()
        stages.shim.send_input(b"x\n")
        while listener.end < begin + 3 * number:
            assert listener.receive()
        delays.append(time.monotonic() - began)
    # Regular notices would take 10 ms each; a busy machine delays some of them.
    assert min(delays) < 0.005
    assert begin + len(listener.told) == listener.end
    assert stages.output()[begin:] == listener.told


def test_a_listener_learns_that_there_is_more_already(stages: Stages, listener: Listener) -> None:
    stages.start("sh", "-c", "stty -echo; echo up; read line; echo on; read line")
    stages.wait_for(b"up")
    listener.line.listen(0)
    stages.shim.send_input(b"\n")
    end = len(stages.wait_for(b"on\r\n"))
    while listener.end < end:
        assert listener.receive()
        listener.line.listen(listener.end - 1)
        assert listener.receive()
    assert listener.told == b""


def test_who_listens_is_not_told_more_pieces_than_it_takes(
    stages: Stages, listener: Listener
) -> None:
    stages.start("sh", "-c", "stty -echo; echo up; while read line; do echo $line; done")
    listener.line.listen(len(stages.wait_for(b"up\r\n")))
    for _ in range(MAX_CHUNKS + 5):
        end = stages.shim.fetch_state().log_end
        stages.shim.send_input(b"x\n")
        while stages.shim.wait_for_log(end, timeout=10) < end + 3:
            pass
    while listener.news < MAX_CHUNKS + 1:
        assert listener.receive()
    assert not listener.receive(0.05)
    assert len(listener.told) <= 3 * MAX_CHUNKS


def test_a_flood_is_not_told_with_its_bytes(stages: Stages, listener: Listener) -> None:
    stages.start("sh", "-c", "stty -echo; echo up; read line; head -c 3000000 /dev/zero; read line")
    begin = len(stages.wait_for(b"up\r\n"))
    listener.line.listen(begin)
    stages.shim.send_input(b"\n")
    while not listener.is_bare:
        assert listener.receive()
    while stages.shim.log_end < begin + 3_000_000:
        stages.shim.wait_for_log(stages.shim.log_end, timeout=10)
    assert not listener.receive(0.05) or listener.news < MAX_CHUNKS + 2
