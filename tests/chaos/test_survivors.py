"""What is left of stages is found by the kernel's word, also where it has shed every mark."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.worker import processes
from muster.worker.clock import boot_seconds
from tests.chaos import sample_history
from tests.chaos.client import wait_until
from tests.chaos.survivors import survivors

LIMIT = 20.0


@pytest.fixture
def hidden() -> Iterator[int]:
    """A process without an environment, the first one of a pid namespace of its own."""
    unshare = shutil.which("unshare")
    assert unshare
    alone = [] if os.geteuid() == 0 else ["--user", "--map-current-user"]
    command = [unshare, *alone, "--pid", "--fork", "--kill-child=KILL", "sleep", "600"]
    maker = subprocess.Popen(command, env={})
    assert wait_until(lambda: any(_is_inside(one.pid) for one in _below(maker)), LIMIT)
    (first,) = _below(maker)
    yield first.pid
    maker.kill()
    maker.wait(LIMIT)


def _below(maker: subprocess.Popen[bytes]) -> list[processes.Process]:
    return processes.children(maker.pid)


def _is_inside(pid: int) -> bool:
    return Path(f"/proc/{pid}/comm").read_text() == "sleep\n"


def _namespace(pid: int) -> int:
    return os.stat(f"/proc/{pid}/ns/pid").st_ino


def test_a_process_in_the_namespace_of_a_run_is_found(tmp_path: Path, hidden: int) -> None:
    now = boot_seconds()
    run = sample_history.run(tmp_path, 7, 2, 0, now, now + 1, namespace=_namespace(hidden))
    (found,) = survivors([], [run])
    assert (found.pid, found.task_id, found.attempt) == (hidden, 7, 2)
    assert found.command_line == "sleep 600"


def test_a_namespace_that_began_after_a_run_is_not_the_runs(tmp_path: Path, hidden: int) -> None:
    run = sample_history.run(tmp_path, 7, 2, 0, 1.0, 2.0, namespace=_namespace(hidden))
    assert survivors([], [run]) == []


def test_what_is_outside_of_all_sandboxes_is_no_survivor(tmp_path: Path) -> None:
    now = boot_seconds()
    run = sample_history.run(tmp_path, 7, 2, 0, now, now + 1, namespace=_namespace(os.getpid()))
    assert survivors([], [run]) == []
