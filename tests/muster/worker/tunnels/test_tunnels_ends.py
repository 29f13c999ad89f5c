"""Whatever ends a tunnel leaves no process of it, and reports the reason."""

import signal
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Checkpoint,
    Forget,
    Note,
    Publish,
    Published,
    StageFinished,
    Stop,
    Stopped,
    Suspend,
    Suspended,
    TunnelFacts,
    WorkspaceFacts,
)
from tests.muster.worker.broken_sandboxes import break_sandboxes
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.tunnels.tunnel_worker import BOB, TunnelWorker, quick
from tests.muster.worker.worker_home import BRANCH, WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]


def test_what_was_turned_off_from_the_editor_is_not_started_again(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "connect slow off").start()
    tunnel.open()
    assert tunnel.wait_for_state("closed").error == "it was turned off from the editor"
    assert tunnel.plan.with_suffix(".starts").read_bytes() == b"."


def test_it_ends_with_its_time(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "connect fork").start()
    tunnel.open(ttl=3.0)
    tunnel.wait_for_state("expired")
    assert tunnel.states() == ["starting", "connected", "expired"]
    assert not tunnel.living()


def test_a_stop_ends_it_before_it_is_confirmed_whatever_it_ignores(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "deaf fork connect").start()
    tunnel.open()
    tunnel.wait_for_state("connected")
    assert len(tunnel.living()) >= 2  # and the creator of its sandbox
    tunnel.server.send(Stop(7, 1, "cancelled"))
    tunnel.server.wait_for_report(Stopped)
    assert not tunnel.living()
    kinds = [type(body).__name__ for body in tunnel.server.bodies()]
    assert tunnel.states()[-1] == "closed"
    assert kinds.index("Stopped") > kinds.index("TunnelFacts")


def test_it_ends_with_an_attempt_that_has_failed(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "connect").start()
    tunnel.open()
    tunnel.wait_for_state("connected")
    worker.run("exit 3", stage_index=1)
    tunnel.server.wait_for_report(StageFinished, 2)
    assert tunnel.wait_for_state("closed").error == "the attempt has ended"


def test_a_daemon_that_leaves_takes_it_along(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "deaf fork connect").start()
    tunnel.open()
    tunnel.wait_for_state("connected")
    worker.leave()
    assert not tunnel.living()
    worker.start()
    assert tunnel.wait_for_state("closed").error == "the worker was stopped"


def test_a_daemon_that_was_killed_leaves_none_to_the_next(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "deaf fork connect").spawn()
    tunnel.block()
    tunnel.open()
    tunnel.wait_for_state("connected")
    assert len(tunnel.living()) >= 2  # and the creator of its sandbox
    worker.kill(signal.SIGKILL)
    tunnel.server.wait_for(lambda: not tunnel.living())  # its sandbox dies with the daemon
    tunnel.spawn()
    assert tunnel.wait_for_state("failed").error == "the worker was restarted"
    assert not tunnel.living()
    tunnel.open()
    tunnel.open(number=2)
    tunnel.wait_for_state("connected", number=2)
    assert tunnel.plan.with_suffix(".starts").read_bytes() == b".."


def test_it_is_gone_before_its_workspace_is(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "deaf connect").start()
    tunnel.open()
    tunnel.wait_for_state("connected")
    tunnel.server.send(Forget(7, 1))
    tunnel.server.wait_for(
        lambda: [b for b in tunnel.server.bodies(WorkspaceFacts) if b.state == "removed"]
    )
    assert not tunnel.living()
    assert not worker.layout.workspace(AttemptKey(7, 1)).exists()


def test_its_changes_are_a_checkpoint_before_its_end_is_reported(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "connect").start()
    tunnel.server.wait_for_report(StageFinished)
    tunnel.open()
    tunnel.wait_for_state("connected")
    tunnel.change("fix")
    tunnel.close()
    tunnel.wait_for_state("closed")
    reports = [
        body for body in tunnel.server.bodies() if isinstance(body, Checkpoint | TunnelFacts)
    ]
    assert [type(body) for body in reports[-2:]] == [Checkpoint, TunnelFacts]
    assert tunnel.checkpointed()[0] == BOB.name


def test_what_was_changed_by_it_waits_for_a_sandbox(
    worker: WorkerHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.attempts.no_sandbox.UNHEALTHY_PAUSE_SECONDS", 0.05)
    rooms = break_sandboxes(tmp_path, monkeypatch)
    tunnel = TunnelWorker(worker, "connect").start()
    tunnel.server.wait_for_report(StageFinished)
    tunnel.open()
    tunnel.wait_for_state("connected")
    tunnel.change("fixed")
    rooms.touch()
    tunnel.close()
    tunnel.server.wait_for(
        lambda: any("looking for changes: retrying" in n.text for n in tunnel.server.bodies(Note))
    )
    assert tunnel.states()[-1] == "connected"
    rooms.unlink()
    tunnel.wait_for_state("closed")
    assert tunnel.server.bodies(Checkpoint)[-1].diff.files_changed == 1


def test_what_was_changed_by_it_and_has_no_checkpoint_is_not_pushed(worker: WorkerHome) -> None:
    """The gate is answered for the checkpoint before: that is pushed, and nothing fails."""
    tunnel = TunnelWorker(worker, "connect").start()
    server = tunnel.server
    server.wait_for_report(StageFinished)
    [approved] = server.bodies(Checkpoint)
    tunnel.open()
    tunnel.wait_for_state("connected")
    tunnel.change("late")
    worker.repository.hook("update", 'case "$1" in refs/muster/*) echo away >&2; exit 1;; esac')
    tunnel.close()
    tunnel.wait_for_state("closed")
    assert server.bodies(Checkpoint) == [approved]
    server.send(Publish(7, 1, commit=approved.commit))
    published = server.wait_for_report(Published)
    assert (published.commit, published.tree) == (approved.commit, approved.tree)
    assert worker.repository.refs()[f"refs/heads/{BRANCH}"] == approved.commit
    assert "whose checkpoint was refused" in server.bodies(Note)[-1].text


def test_nothing_changed_makes_no_checkpoint(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "connect").start()
    tunnel.server.wait_for_report(StageFinished)
    tunnel.open()
    tunnel.wait_for_state("connected")
    tunnel.close()
    tunnel.wait_for_state("closed")
    assert len(tunnel.server.bodies(Checkpoint)) == 1


def test_a_tunnel_that_closes_while_a_stage_runs_leaves_the_checkpoint_to_its_end(
    worker: WorkerHome,
) -> None:
    tunnel = TunnelWorker(worker, "edit connect").start()
    tunnel.server.wait_for_report(StageFinished)
    worker.run("echo up; until [ -e go ]; do sleep 0.02; done; rm -f go", stage_index=1)
    tunnel.server.wait_for(lambda: b"up" in tunnel.server.log())
    tunnel.open()
    tunnel.wait_for_state("connected")
    tunnel.close()
    tunnel.wait_for_state("closed")
    assert len(tunnel.server.bodies(Checkpoint)) == 1
    (worker.layout.workspace(AttemptKey(7, 1)) / "go").touch()
    tunnel.server.wait_for_report(StageFinished, 2)
    assert len(tunnel.server.bodies(Checkpoint)) == 2


def test_what_was_changed_by_one_whose_daemon_was_killed_is_a_checkpoint_of_the_next(
    worker: WorkerHome,
) -> None:
    tunnel = TunnelWorker(worker, "connect").spawn()
    tunnel.block()
    tunnel.server.wait_for_report(StageFinished)
    tunnel.open()
    tunnel.wait_for_state("connected")
    tunnel.change("fix")
    worker.kill(signal.SIGKILL)
    tunnel.spawn()
    tunnel.wait_for_state("failed")
    assert tunnel.checkpointed()[0] == BOB.name


def test_it_has_the_time_to_say_goodbye(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "polite fork connect").start()
    tunnel.open()
    tunnel.wait_for_state("connected")
    tunnel.close()
    tunnel.wait_for_state("closed")
    assert tunnel.plan.with_suffix(".goodbye").exists()
    assert not tunnel.living()


def test_what_was_changed_by_it_in_the_middle_of_a_stage_is_that_ones_checkpoint(
    worker: WorkerHome,
) -> None:
    tunnel = TunnelWorker(worker, "connect").start()
    tunnel.server.wait_for_report(StageFinished)
    worker.run("echo half > half.txt; echo up; sleep 600", stage_index=1)
    tunnel.server.wait_for(lambda: b"up" in tunnel.server.log())
    tunnel.server.send(Suspend(7, 1, 1, 0, "budget"))
    tunnel.server.wait_for_report(Suspended)
    tunnel.open()
    tunnel.wait_for_state("connected")
    tunnel.change("fix")
    tunnel.close()
    tunnel.wait_for_state("closed")
    whole, before, after = tunnel.server.bodies(Checkpoint)
    assert (whole.partial, before.partial, after.partial) == (False, True, True)
    assert (after.stage_index, after.ref) == (1, f"{before.ref}-{after.commit}")
    assert after.commit != before.commit
