"""Parts of a machine that are frozen (SIGSTOP) and thawed, with real processes and short leases."""

import signal
from collections.abc import Callable, Iterator

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Drain,
    Drained,
    Lost,
    Publish,
    Published,
    StageFinished,
    Stale,
    Stop,
    Stopped,
)
from muster.worker import processes
from muster.worker.clock import boot_seconds
from muster.worker.processes import Process
from muster.worker.shim import client as shim_client
from tests.muster.worker.fake_server import FakeServer
from tests.muster.worker.repositories import repository, root, wait_for, wait_until_gone
from tests.muster.worker.worker_home import BRANCH, WorkerHome, worker

__all__ = ["repository", "root", "worker"]

LEASE = 2.0
OWN_HAND = 1.0  # seconds after which a daemon does what its shims should have done
FENCE = 2.0  # seconds in which processes must be killed after the lease's end
FOREVER = "trap '' TERM HUP; echo up; while :; do sleep 0.05; done"

Freeze = Callable[[list[Process]], None]


@pytest.fixture
def freeze() -> Iterator[Freeze]:
    """Stop processes; those that the test doesn't continue are continued after it."""
    frozen: list[Process] = []

    def stop(those: list[Process]) -> None:
        frozen.extend(those)
        for process in those:
            processes.send_signal(process, signal.SIGSTOP)

    yield stop
    thaw(frozen)


def thaw(those: list[Process]) -> None:
    for process in those:
        processes.send_signal(process, signal.SIGCONT)


def shim_of(worker: WorkerHome, task_id: int = 7) -> Process:
    shim = shim_client.attach(worker.layout.attempt(AttemptKey(task_id, 1)))
    assert shim is not None
    found = processes.find(shim.fetch_state().pid)
    shim.close()
    assert found is not None
    return found


def running(worker: WorkerHome, script: str = FOREVER) -> tuple[FakeServer, Process]:
    """A stage that has printed its first text: the server, and the stage's shim."""
    server = worker.start().server
    worker.run(script)
    server.wait_for(lambda: b"up" in server.log())
    return server, shim_of(worker)


def is_gone(process: Process) -> bool:
    now = processes.find(process.pid)
    return now is None or now.started != process.started or not now.is_alive


@pytest.fixture
def shorten_timeouts(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on, daemons in this process give up on shims earlier. (Shims take their time to
    start.)"""

    def lose() -> None:
        for module in ("link", "client"):
            monkeypatch.setattr(f"muster.worker.shim.{module}.SHIM_TIMEOUT_SECONDS", 0.3)
        monkeypatch.setattr("muster.worker.attempts.attempt_shim._HUNG_TIMEOUT_SECONDS", 0.8)

    return lose


def wait_until_lapsed(since: float) -> None:
    """Wait until a lease that was last extended before `since` has expired."""
    wait_for(lambda: boot_seconds() > since + LEASE + 0.2)


def test_a_frozen_shim_affects_no_other(worker: WorkerHome, freeze: Freeze) -> None:
    server = worker.server
    server.lease_seconds = LEASE
    worker.spawn()
    worker.run(FOREVER)
    server.wait_for(lambda: b"up" in server.log())
    freeze([shim_of(worker)])
    worker.run(f"echo up; sleep {2 * LEASE}", task_id=8)
    end = server.wait_for_report(StageFinished)
    assert (end.how, end.code) == ("exit", 0)


@pytest.mark.parametrize("frozen", ["the shim", "the shim and all below it"])
def test_a_frozen_shim_is_killed_when_its_lease_is_over(
    worker: WorkerHome, freeze: Freeze, frozen: str
) -> None:
    server = worker.server
    server.lease_seconds = LEASE
    worker.spawn()
    worker.run(f'env -i setsid sh -c "{FOREVER}" & {FOREVER}')
    server.wait_for(lambda: server.log().count(b"up") == 2)
    shim = shim_of(worker)
    below = processes.descendants(shim.pid)
    freeze([shim] if frozen == "the shim" else [shim, *below])
    server.line.refuse = True
    server.line.cut()
    wait_for(lambda: all(is_gone(process) for process in [shim, *below]), LEASE + OWN_HAND + FENCE)

    server.line.refuse = False
    server.wait_until_connected(2)
    server.wait_for_report(Lost)
    server.send(Stale(7, 1))
    server.wait_for_report(Stopped)
    assert BRANCH not in "".join(worker.repository.refs())


def test_a_thawed_shim_ends_and_reports_its_stage(
    worker: WorkerHome, freeze: Freeze, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.lease.fence._SHIM_GRACE_SECONDS", 60.0)
    server = worker.server
    server.lease_seconds = LEASE
    worker.start().run(FOREVER)
    server.wait_for(lambda: b"up" in server.log())
    shim = shim_of(worker)
    freeze([shim])
    server.line.refuse = True
    server.line.cut()
    wait_until_lapsed(boot_seconds())
    assert worker.stages()
    thaw([shim])
    wait_for(lambda: not worker.stages(), FENCE)
    server.line.refuse = False
    server.wait_until_connected(2)
    assert server.wait_for_report(StageFinished).how == "lease"


def test_a_frozen_shim_being_stopped_has_no_longer_lease(
    worker: WorkerHome, freeze: Freeze, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.attempt_shim._HUNG_TIMEOUT_SECONDS", 300.0)
    server = worker.server
    server.lease_seconds = LEASE
    worker.start().run(FOREVER.replace("''", "'echo heard'"))
    server.wait_for(lambda: b"up" in server.log())
    shim = shim_of(worker)
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for(lambda: b"heard" in server.log())
    freeze([shim])
    server.line.refuse = True
    server.line.cut()
    wait_for(lambda: is_gone(shim) and not worker.stages(), LEASE + OWN_HAND + FENCE)
    server.line.refuse = False
    server.wait_until_connected(2)
    server.wait_for_report(Stopped)
    assert server.bodies(Lost) == []


def test_stages_of_a_frozen_daemon_end_with_their_lease(worker: WorkerHome, freeze: Freeze) -> None:
    server = worker.server
    server.lease_seconds = LEASE
    daemon = processes.find(worker.spawn().pid)
    assert daemon is not None
    worker.run(FOREVER)
    server.wait_for(lambda: b"up" in server.log())
    freeze([daemon])
    wait_for(lambda: not worker.stages(), LEASE + FENCE)
    server.line.cut()
    thaw([daemon])
    server.wait_until_connected(2)
    assert server.wait_for_report(StageFinished).how == "lease"
    server.send(Stale(7, 1))
    server.wait_for_report(Stopped)


def test_a_frozen_machine_kills_its_stage_when_thawed(worker: WorkerHome, freeze: Freeze) -> None:
    server = worker.server
    server.lease_seconds = LEASE
    daemon = processes.find(worker.spawn().pid)
    assert daemon is not None
    worker.run(FOREVER)
    server.wait_for(lambda: b"up" in server.log())
    whole = [shim_of(worker), daemon, *processes.descendants(daemon.pid), *worker.stages()]
    freeze(whole)
    server.line.cut()
    wait_until_lapsed(boot_seconds())
    thaw(whole)
    wait_for(lambda: not worker.stages(), FENCE)
    server.wait_until_connected(2)
    server.send(Stale(7, 1))
    server.send(Publish(7, 1))
    server.wait_for_report(Stopped)
    assert server.bodies(Published) == []
    assert server.bodies(Lost) == []


def test_a_new_daemon_keeps_a_longer_promised_lease(worker: WorkerHome) -> None:
    """As the server's rows do, when its setting has become a shorter one."""
    server = worker.start().server
    worker.run(FOREVER)
    server.wait_for(lambda: b"up" in server.log())
    worker.leave()
    server.lease_seconds, server.beats = 0.2, False
    worker.start()
    since = boot_seconds()
    wait_for(lambda: boot_seconds() > since + 2.0)  # longer than that, and the second of the fence
    assert worker.stages()


def test_a_stage_with_a_hung_shim_can_be_stopped(
    worker: WorkerHome, freeze: Freeze, shorten_timeouts: Callable[[], None]
) -> None:
    server, shim = running(worker)
    shorten_timeouts()
    freeze([shim])
    server.send(Drain())
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for_report(Drained)
    assert len(server.bodies(Stopped)) == 1
    assert worker.stages() == []
    assert is_gone(shim)
    assert (server.bodies(Lost), server.bodies(StageFinished)) == ([], [])


def test_so_is_one_whose_shim_hangs_later(
    worker: WorkerHome, freeze: Freeze, shorten_timeouts: Callable[[], None]
) -> None:
    server, shim = running(worker, FOREVER.replace("''", "'echo heard'"))
    shorten_timeouts()
    server.send(Stop(7, 1, "cancelled"))
    server.wait_for(lambda: b"heard" in server.log())
    freeze([shim])
    server.wait_for_report(Stopped)
    assert worker.stages() == []
    assert is_gone(shim)


def test_a_daemon_gives_up_a_hung_shim(
    worker: WorkerHome, freeze: Freeze, shorten_timeouts: Callable[[], None]
) -> None:
    server, shim = running(worker)
    shorten_timeouts()
    freeze([shim])
    worker.leave()
    assert worker.stages()
    worker.start()
    server.wait_for_report(Lost)
    assert worker.stages() == []
    assert is_gone(shim)


def is_pushing(process: Process) -> bool:
    """No model of a screen, which lives as long as the daemon."""
    kinds = (f"muster.worker.terminals.{kind}" for kind in ("screen_process", "emulator_process"))
    models = (model.pid for kind in kinds for model in processes.find_by_arguments("-m", kind))
    return process.pid not in models


def test_a_push_frozen_beyond_its_lease_leaves_only_its_branch(
    worker: WorkerHome, freeze: Freeze
) -> None:
    server, remote = worker.server, worker.repository
    server.lease_seconds = LEASE
    pushes = remote.block_pushes("refs/heads/muster/7-1")
    daemon = processes.find(worker.spawn().pid)
    assert daemon is not None
    order = worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    server.send(Publish(7, 1))
    pushes.wait_for(1, worker.server.find_problem)
    before = remote.refs()
    below = processes.descendants(daemon.pid)
    pushing = [process for process in below if is_pushing(process)]
    assert pushing
    whole = [shim_of(worker), daemon, *below]
    freeze(whole)
    server.line.cut()
    wait_until_lapsed(boot_seconds())
    pushes.release()
    assert remote.refs() == before

    # Meanwhile another machine got the task, as its second attempt.
    checkpoint = before["refs/muster/7/1/0"]
    remote.git("update-ref", "refs/heads/muster/7-2", checkpoint)
    thaw(whole)
    server.wait_until_connected(2)
    server.send(Stale(7, 1))
    server.wait_for_report(Stopped)
    for process in pushing:
        wait_until_gone(process.pid)
    expected = {**before, "refs/heads/muster/7-2": checkpoint}
    after = {ref: commit for ref, commit in remote.refs().items() if ref != f"refs/heads/{BRANCH}"}
    assert after == expected
    assert {AttemptKey.from_object(r) for r in server.reports} == {AttemptKey.from_object(order)}
