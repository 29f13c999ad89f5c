"""A worker that is killed at each step of a switch, and restarted: it ends on one of the two, and
its attempts continue. Releases are lookalikes, the server is a fake."""

import os
import signal
from pathlib import Path

import pytest

from muster.protocol.frames import StageFinished, StageStarted, Upgrade
from muster.worker import processes
from muster.worker.upgrades import choice, releases
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.upgrades import lookalikes
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

pytestmark = pytest.mark.timeout(300)
NEW = lookalikes.release("9.0.0")
NAME = releases.release_name(NEW)

# The step at which the worker's process kills itself: done completely, or not started.
STEPS = {
    "before the choice is noted": "choice.save = lambda *_: os.kill(os.getpid(), 9)",
    "when it is noted": (
        "save = choice.save\n"
        "def saved(layout, made):\n"
        "    save(layout, made)\n"
        "    os.kill(os.getpid(), 9)\n"
        "choice.save = saved"
    ),
    "when the other is started": (
        "begin = canary.subprocess.Popen\n"
        "class Begun(begin):\n"
        "    def __init__(self, *args, **more):\n"
        "        super().__init__(*args, **more)\n"
        "        os.kill(os.getpid(), 9)\n"
        "class Its:\n"
        "    DEVNULL, TimeoutExpired, Popen = -3, canary.subprocess.TimeoutExpired, Begun\n"
        "canary.subprocess = Its"
    ),
    "when the other is heard": (
        "canary._stop_child = lambda child: (child.poll() is None) and os.kill(os.getpid(), 9)"
    ),
    "when it is to become the other": "canary.exec_worker = lambda *_: os.kill(os.getpid(), 9)",
}
ENDS_AS = dict.fromkeys(STEPS, "8.0.0") | {"when it is to become the other": "9.0.0"}


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_each_step_it_ends_on_one_of_both(
    step: str, worker: WorkerHome, root: Path
) -> None:
    server = worker.server
    lookalikes.environment(root / "deadly", "8.0.0")
    python = str(root / "deadly" / "bin" / "python")
    (root / "deadly.py").write_text(
        "import os, sys\n"
        "from muster.worker import commands, launcher\n"
        "from muster.worker.upgrades import canary, choice\n"
        f"{STEPS[step]}\n"
        "launcher.canary = canary\n"
        "sys.exit(commands.main(sys.argv[4:]))\n"
    )
    first = (python, "-P", "-c", f"import runpy; runpy.run_path({str(root / 'deadly.py')!r})")
    process = worker.spawn(python=first)
    lookalikes.prepared(worker.layout, NEW)
    marker = root / "go"
    marker.touch(0o666)
    worker.run(f"echo up; while [ -e {marker} ]; do sleep 0.05; done; echo over")
    server.wait_for(lambda: b"up" in server.log())
    server.send(Upgrade(NEW, "now"))
    assert process.wait(60) == -signal.SIGKILL
    _until_nobody_is_left(worker)

    worker.spawn(python=(python, "-P"))
    assert server.hellos[-1].version == ENDS_AS[step]
    known = choice.load(worker.layout)
    assert known is None or known.canary == ""
    if ENDS_AS[step] == "8.0.0" and known is not None:
        assert known.failed == choice.FailedRelease(
            NAME, "9.0.0", choice.INTERRUPTED, may_retry=True
        )
    marker.unlink()
    server.wait_for_report(StageFinished)
    server.wait_for(lambda: server.log().endswith(b"over\r\n"))
    assert len(server.bodies(StageStarted)) == 1
    assert len(server.bodies(StageFinished)) == 1


def _until_nobody_is_left(worker: WorkerHome) -> None:
    """The canary exits with the process that runs it."""
    home = str(worker.layout.home)

    def left() -> bool:
        return bool(processes.find_by_arguments("worker", "run", home))

    wait_for(lambda: not left(), 30)  # the server doesn't know of it


def test_told_to_end_in_the_middle_of_a_trial_it_ends_and_nothing_is_held_against_the_release(
    worker: WorkerHome, root: Path
) -> None:
    server = worker.server
    python = str(lookalikes.environment(root / "base", "8.0.0"))
    process = worker.spawn(python=(python, "-P"))
    lookalikes.prepared(worker.layout, NEW, lookalikes.HANGS)
    server.send(Upgrade(NEW, "now"))
    tried = str(releases.python_path(worker.layout, NAME))
    wait_for(lambda: processes.find_by_arguments(tried, "run"), 20)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(60) == 0
    _until_nobody_is_left(worker)
    assert choice.load(worker.layout) == choice.ReleaseChoice(_base(worker))


def test_one_that_never_connects_is_given_back_within_half_of_the_lease(
    worker: WorkerHome, root: Path
) -> None:
    server = worker.server
    server.lease_seconds = 12.0
    python = str(lookalikes.environment(root / "base", "8.0.0"))
    worker.spawn(python=(python, "-P"))
    lookalikes.prepared(worker.layout, NEW, lookalikes.HANGS)
    worker.run("echo up; sleep 20; echo over")
    server.wait_for(lambda: b"up" in server.log())
    server.send(Upgrade(NEW, "now"))
    server.wait_until_connected(2)
    known = choice.load(worker.layout)
    assert known is not None
    assert known.failed is not None
    assert known.failed.reason == "the server didn't answer it within 6 s"
    server.wait_for_report(StageFinished, limit=60)
    server.wait_for(lambda: server.log().endswith(b"over\r\n"))


def _base(worker: WorkerHome) -> str:
    known = choice.load(worker.layout)
    assert known is not None
    return known.base
