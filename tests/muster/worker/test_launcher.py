"""A worker that switches to another release, and back; lookalikes, on a fake server."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Accepted,
    Checkpoint,
    CloseCode,
    StageFinished,
    StageStarted,
    Upgrade,
    UpgradeFacts,
)
from muster.worker import launcher, processes
from muster.worker.daemon import Daemon
from muster.worker.layout import Layout
from muster.worker.shim import client as shim_client
from muster.worker.upgrades import choice, releases
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.upgrades import lookalikes
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

NEW = lookalikes.release("9.0.0")
COUNTING = "for n in $(seq 1 30); do echo line $n; sleep 0.1; done"
COUNTED = b"".join(b"line %d\r\n" % n for n in range(1, 31))


@pytest.fixture
def base(worker: WorkerHome, root: Path) -> list[str]:
    """The command of the installed worker."""
    return [str(lookalikes.environment(root / "base", "8.0.0")), "-P"]


def wait_for_version(worker: WorkerHome, version: str) -> None:
    worker.server.wait_for(lambda: worker.server.hellos[-1].version == version, 60.0)


def last_upgrade_facts(worker: WorkerHome) -> UpgradeFacts | None:
    beats = [beat.upgrade for _, beat in worker.server.heartbeats if beat.upgrade]
    return beats[-1] if beats else None


def test_a_worker_goes_over_at_once_and_nothing_that_runs_is_lost(
    worker: WorkerHome, base: list[str]
) -> None:
    server = worker.server
    process = worker.spawn("--stop-agents-on-exit", python=base)  # it does not exit
    assert server.hellos[-1].version == "8.0.0"
    assert server.hellos[-1].upgrade == UpgradeFacts("current")
    lookalikes.prepared(worker.layout, NEW)
    worker.run(COUNTING)
    server.wait_for(lambda: b"line 5" in server.log())
    server.send(Upgrade(NEW, "now"))
    wait_for_version(worker, "9.0.0")
    server.wait_for_report(StageFinished, limit=30)
    server.wait_for(lambda: len(server.log()) >= len(COUNTED))
    assert server.log() == COUNTED
    for kind in (Accepted, StageStarted, Checkpoint, StageFinished):
        assert len(server.bodies(kind)) == 1
    server.wait_for(lambda: server.hellos[-1].version == "9.0.0" and len(server.hellos) == 3, 30)
    upgrade_facts = [hello.upgrade for hello in server.hellos]
    assert [(each.state, each.version) for each in upgrade_facts if each] == [
        ("current", ""),
        ("preparing", "9.0.0"),
        ("current", ""),
    ], "who is tried says that it is"
    python = str(releases.python_path(worker.layout, releases.release_name(NEW)))
    assert os.readlink(f"/proc/{process.pid}/exe") == os.path.realpath(python)
    assert python.encode() in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    worker.kill(signal.SIGTERM)
    worker.spawn(python=base)
    assert server.hellos[-1].version == "9.0.0", "the installed one becomes it at its next start"


def test_a_worker_goes_back_to_what_it_ran_and_says_why(
    worker: WorkerHome, base: list[str]
) -> None:
    server, why = worker.server, "it exited (status 7) before the server answered it"
    process = worker.spawn(python=base)
    lookalikes.prepared(worker.layout, NEW, lookalikes.CRASHES)
    server.send(Upgrade(NEW, "now"))
    server.wait_until_connected(2)
    known = choice.load(worker.layout)
    assert known is not None
    assert known.failed == choice.FailedRelease(releases.release_name(NEW), "9.0.0", why)
    assert (known.release, known.canary) == ("", "")
    server.send(Upgrade(NEW, "now"))
    final = f"{why}; it will be tried again when the server has another package"
    server.wait_for(
        lambda: last_upgrade_facts(worker) == UpgradeFacts("failed", "9.0.0", final), 30
    )
    assert server.hellos[-1].version == "8.0.0"
    assert process.poll() is None


def test_a_stop_during_a_canary_leaves_nothing_if_nothing_may_stay(
    worker: WorkerHome, base: list[str]
) -> None:
    server = worker.server
    worker.spawn("--stop-agents-on-exit", python=base)
    lookalikes.prepared(worker.layout, NEW, lookalikes.HANGS)
    worker.run("echo up; sleep 60")
    server.wait_for(lambda: b"up" in server.log())
    server.send(Upgrade(NEW, "now"))
    tried = str(releases.python_path(worker.layout, releases.release_name(NEW)))
    wait_for(lambda: processes.find_by_arguments(tried, "run"), 30)
    assert worker.stages()
    assert worker.kill(signal.SIGTERM) == 0
    assert worker.stages() == []
    assert shim_client.attach(worker.layout.attempt(AttemptKey(7, 1))) is None
    known = choice.load(worker.layout)
    assert known is not None
    assert (known.canary, known.failed) == ("", None), "nothing is held against it"


def test_a_machine_that_is_decommissioned_in_the_middle_of_a_trial_ends_as_any_other(
    worker: WorkerHome, base: list[str]
) -> None:
    server = worker.server
    process = worker.spawn(python=base)
    lookalikes.prepared(worker.layout, NEW)
    server.send(Upgrade(NEW, "now"))
    server.wait_until_connected(2)
    server.kick(CloseCode.DECOMMISSIONED)
    assert process.wait(30) == 0
    assert list(worker.layout.home.iterdir()) == []
    assert len(server.hellos) == 2


class FakeDaemon:
    """A daemon that has exited for a release."""

    def __init__(self) -> None:
        self.upgrades = SimpleNamespace(
            canary_choice=choice.ReleaseChoice("base", canary="x"), canary_seconds=1.0
        )
        self.has_ended = False

    def run(self) -> None: ...

    def stop(self) -> None: ...

    def stop_orphans(self) -> None:
        self.has_ended = True


@pytest.fixture
def handlers() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("is_told", [True, False])
def test_a_stop_after_the_canary_is_handled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    became: list[Path] = []

    def tried(*_: object) -> Path:
        if is_told:
            os.kill(os.getpid(), signal.SIGTERM)
        return Path("python")

    monkeypatch.setattr(launcher, "_chosen_interpreter", lambda _: None)
    monkeypatch.setattr(launcher.Canary, "run", tried)
    monkeypatch.setattr(launcher.canary, "exec_worker", lambda python, _: became.append(python))
    Layout(tmp_path).make()
    left = FakeDaemon()
    assert launcher.run(tmp_path, [], lambda _: cast(Daemon, left)) == 0
    assert became == ([] if is_told else [Path("python")])
    assert left.has_ended or not is_told
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, "nothing swallows a later one"
