"""The stage of a chaos run tells the truth about itself, however it ends."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from muster.worker import processes
from tests.chaos import probe, stage_notes
from tests.chaos.client import wait_until
from tests.chaos.history import Run

PROGRAM = Path(probe.__file__)
LIMIT = 20.0


class Stage:
    """A run of the probe on a terminal of its own; `printed` is what came out of it."""

    def __init__(self, notes: Path, **todo: Any) -> None:
        self.notes = notes
        self.printed = b""
        usual = {"seed": 1, "seconds": 0.1, "bytes": 0}
        env = {
            "MUSTER_TASK_ID": "7",
            "MUSTER_ATTEMPT": "2",
            "MUSTER_STAGE": "s0",
            "MUSTER_SHIM": "/home/attempts/7-2",
            "MUSTER_CHOICE": "red",
            "MUSTER_INPUT": "",
            "MUSTER_ROUND": "1",
            "MUSTER_DESCRIPTION": json.dumps({"request": "r7", "stages": [usual | todo]}),
        }
        master, slave = os.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(PROGRAM), str(notes)],
            cwd=notes,
            env=env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, args=(master,))
        self._reader.start()

    def end(self) -> Run:
        self.process.wait(LIMIT)
        self._reader.join(LIMIT)
        (run,) = stage_notes.runs(self.notes)
        return run

    def _read(self, master: int) -> None:
        with open(master, "rb", buffering=0) as terminal:
            try:
                while piece := terminal.read(4096):
                    self.printed += piece
            except OSError:  # nobody holds the other end any more
                pass


@pytest.fixture
def left(tmp_path: Path) -> Iterator[list[int]]:
    """Processes to be killed in the end."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        if found := processes.find(pid):
            processes.send_signal(found, signal.SIGKILL)


def test_a_run_that_ends_has_noted_all_that_it_printed(tmp_path: Path) -> None:
    stage = Stage(tmp_path, bytes=200_000)
    run = stage.end()
    assert stage.printed == run.printed.read_bytes()
    assert len(stage.printed) == run.confirmed >= 200_000
    assert (run.exit, run.choice, run.place) == (0, "red", "/home/attempts/7-2")
    assert (tmp_path / "chaos" / "0").read_text() == run.mark


def test_a_run_that_is_killed_has_noted_what_it_meant_and_what_it_printed(tmp_path: Path) -> None:
    stage = Stage(tmp_path, bytes=10_000_000, seconds=60)
    assert wait_until(lambda: len(stage.printed) > 100_000, LIMIT)
    stage.process.kill()
    run = stage.end()
    assert run.exit is None
    assert run.printed.read_bytes().startswith(stage.printed)
    assert len(stage.printed) >= run.confirmed


@pytest.mark.parametrize(("fails", "code"), [(1, 0), (2, 7)], ids=["the first", "the second too"])
def test_a_stage_fails_in_as_many_attempts_as_it_should(
    tmp_path: Path, fails: int, code: int
) -> None:
    assert Stage(tmp_path, exit=7, fails=fails).end().exit == code


def test_what_a_stage_leaves_behind_counts_as_part_of_its_run(
    tmp_path: Path, left: list[int]
) -> None:
    stage = Stage(tmp_path, leaves=True)
    first = stage.end()
    (child,) = tmp_path.glob("*-child.notes")
    left.append(json.loads(child.read_text().splitlines()[0])["pid"])
    assert wait_until(lambda: stage_notes.runs(tmp_path)[0].last > first.last + 0.3, LIMIT)
    run = stage_notes.runs(tmp_path)[0]
    assert run.left[-1] == run.last
    assert run.led_until == first.led_until < run.last
