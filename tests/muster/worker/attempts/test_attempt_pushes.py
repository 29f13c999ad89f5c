"""An attempt's push, of its own work or another's, and its failures."""

import msgspec

from muster.protocol.frames import (
    Checkpoint,
    DiffStat,
    Failed,
    Forget,
    Note,
    Publish,
    Published,
    PublishPreview,
    Revision,
    StageFinished,
    WorkspaceFacts,
)
from tests.muster.worker.attempts.attempt_world import milestones, quick
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import BRANCH, WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]


def test_what_was_never_this_machines_goes_and_its_checkpoints_stay(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    made = server.wait_for_report(Checkpoint)
    server.wait_for_report(StageFinished)
    server.send(Forget(7, 1, keep_checkpoints=True))
    server.wait_for(lambda: server.bodies(WorkspaceFacts)[-1].state == "removed")
    assert worker.repository.refs()[made.ref] == made.commit
    assert list(worker.layout.workspaces.iterdir()) == []


def test_an_attempt_may_begin_with_the_push_of_anothers_work(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    made = server.wait_for_report(Checkpoint)
    server.wait_for_report(StageFinished)
    stage = worker.stage("")
    branch = BRANCH.replace("-1", "-2")
    repo = msgspec.structs.replace(stage.repo, branch=branch, resume_from=made.ref)
    order = Publish(7, 2, repo, stage.author)
    server.send(order)
    server.send(order)
    published = server.wait_for_report(Published)
    assert published == Published(branch, made.commit, DiffStat(1, 1, 0), tree=made.tree)
    assert worker.repository.refs()[f"refs/heads/{branch}"] == made.commit
    assert milestones(worker)[-2:] == ["Accepted", "Published"]


def test_unreported_changes_are_reported_before_the_push(worker: WorkerHome) -> None:
    """The remote accepts no checkpoint."""
    worker.repository.hook("update", 'case "$1" in refs/muster/*) exit 1;; esac')
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    base = worker.repository.refs()["refs/heads/main"]
    server.send(Publish(7, 1, announce=True))
    preview = server.wait_for_report(PublishPreview)
    assert (preview.number, preview.follows and preview.follows.commit) == (0, base)
    assert f"refs/heads/{BRANCH}" not in worker.repository.refs()
    server.send(Publish(7, 1, number=1, commit=preview.commit))
    published = server.wait_for_report(Published)
    assert (published.commit, published.tree) == (preview.commit, preview.tree)
    assert worker.repository.git("rev-parse", f"{preview.commit}^{{tree}}") == preview.tree


def test_another_commit_than_the_ordered_one_is_not_pushed(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    server.send(Publish(7, 1, commit="1" * 40))
    assert server.wait_for_report(Failed).code == "not_what_was_approved"
    assert f"refs/heads/{BRANCH}" not in worker.repository.refs()


def test_each_checkpoint_names_the_one_that_it_follows(worker: WorkerHome) -> None:
    base = worker.repository.refs()["refs/heads/main"]
    server = worker.start().server
    worker.run("echo one > one")
    first = server.wait_for_report(Checkpoint)
    server.wait_for_report(StageFinished)
    worker.run("git commit -q --amend -m other --allow-empty", stage_index=1)
    server.wait_for_report(StageFinished, 2)
    second = server.bodies(Checkpoint)[-1]
    assert first.follows
    assert first.follows.commit == base
    assert second.follows == Revision(first.commit, str(first.tree))


def test_a_push_of_what_nobody_has_any_more_fails(worker: WorkerHome) -> None:
    worker.start()
    stage = worker.stage("")
    repo = msgspec.structs.replace(stage.repo, resume_from="refs/muster/7/1/0")
    worker.server.send(Publish(7, 2, repo, stage.author))
    assert worker.server.wait_for_report(Failed).code == "checkpoint_missing"


def test_a_daemon_that_dies_pushing_anothers_work_pushes_it_when_told_again(
    worker: WorkerHome,
) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    made = server.wait_for_report(Checkpoint)
    server.wait_for_report(StageFinished)
    stage = worker.stage("")
    repo = msgspec.structs.replace(stage.repo, resume_from=made.ref)
    worker.leave()
    worker.join()
    worker.spawn()
    server.wait_until_connected(2)
    server.send(Publish(7, 2, repo, stage.author))
    server.wait_for(lambda: "Accepted" in milestones(worker)[3:])
    worker.kill()
    worker.start()
    server.wait_until_connected(3)
    server.send(Publish(7, 2, repo, stage.author))
    assert server.wait_for_report(Published).commit == made.commit


def test_a_checkpoint_that_the_remote_refuses_costs_a_warning(worker: WorkerHome) -> None:
    worker.repository.hook("update", 'case "$1" in refs/muster/*) echo no >&2; exit 1;; esac')
    worker.start().run("echo x > x")
    worker.server.wait_for_report(StageFinished)
    notes = worker.server.bodies(Note)
    assert any(n.level == "warning" and "checkpoint refused" in n.text for n in notes)
    assert worker.server.bodies(Checkpoint) == []


def test_a_branch_that_the_remote_refuses_fails_the_attempt(worker: WorkerHome) -> None:
    worker.repository.hook("update", 'case "$1" in refs/heads/*) echo never >&2; exit 1;; esac')
    server = worker.start().server
    worker.run("true")
    server.wait_for_report(StageFinished)
    server.send(Publish(7, 1))
    failed = server.wait_for_report(Failed)
    assert failed.code == "publish_failed"
    assert "never" in failed.message
