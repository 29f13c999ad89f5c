import subprocess
import threading
import time
from types import SimpleNamespace

import pytest

from muster.worker.git import process
from muster.worker.git.process import GitProcess, Stalled


def run_process(*argv: str) -> GitProcess:
    pipe = subprocess.PIPE
    process = subprocess.Popen(argv, stdout=pipe, stderr=pipe, start_new_session=True)
    return GitProcess(process, None, None)


def test_time_in_which_the_machine_is_frozen_is_no_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = threading.Event()
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + 40.0 * frozen.is_set())
    monkeypatch.setattr(process, "time", clock)
    talk = run_process("sh", "-c", "sleep 1")
    threading.Timer(0.3, frozen.set).start()
    try:
        assert talk.wait(time.monotonic() + 600, None, stall_seconds=20.0) == 0
    finally:
        talk.close()
    assert frozen.is_set()


def test_who_says_nothing_has_stalled() -> None:
    talk = run_process("sleep", "60")
    try:
        with pytest.raises(Stalled):
            talk.wait(time.monotonic() + 60, None, stall_seconds=0.3)
    finally:
        talk.close()


def test_what_is_written_between_the_last_look_and_the_end_is_read() -> None:
    """A machine under load may let it write and end in there."""
    pipe = subprocess.PIPE
    # The second process keeps the pipe open, so that its end shows nothing.
    script = "sleep 60 & read -r go; echo late"
    process = subprocess.Popen(
        ["sh", "-c", script], stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    talk, poll = GitProcess(process, None, None), process.poll

    def write_and_end() -> int | None:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(20)
        return poll()

    process.poll = write_and_end  # type: ignore[method-assign]
    try:
        assert talk.wait(time.monotonic() + 30, None) == 0
        assert talk.stdout == b"late\n"
    finally:
        talk.close()
