"""The task's own branch: moved by compare-and-swap to the attempt's push, or not at all."""

import signal
import threading
from typing import Any

import pytest

from muster.protocol.frames import (
    BranchMove,
    BranchRefused,
    Checkpoint,
    DiffStat,
    Publish,
    Published,
    StageFinished,
    Stop,
    Stopped,
    TaskBranch,
)
from muster.worker.clock import boot_seconds
from muster.worker.git.git import GitError
from muster.worker.git.mirrors import Mirror
from tests.muster.worker.attempts.attempt_world import milestones, quick
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.worker_home import BRANCH, WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]

OWN = "muster/7"
REF = f"refs/heads/{OWN}"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.attempts.task_branch._RETRY_PAUSES_SECONDS", (0.01, 0.0))


def at_its_push(worker: WorkerHome) -> str:
    """Return the commit of a task's stage."""
    worker.start()
    worker.run("echo one > one")
    worker.server.wait_for_report(StageFinished)
    [made] = worker.server.bodies(Checkpoint)
    return str(made.commit)


def push(worker: WorkerHome, expects: str | None = None, name: str = OWN, number: int = 0) -> None:
    worker.server.send(Publish(7, 1, onto=TaskBranch(name, expects), number=number))


def test_the_first_push_makes_the_tasks_branch(worker: WorkerHome) -> None:
    commit = at_its_push(worker)
    push(worker)
    published = worker.server.wait_for_report(Published)
    tree = worker.repository.git("rev-parse", f"{commit}^{{tree}}")
    assert published == Published(BRANCH, commit, DiffStat(1, 1, 0), BranchMove(OWN), tree)
    assert worker.repository.refs()[REF] == commit


def test_a_later_one_moves_it_from_what_is_expected_whatever_that_leaves_behind(
    worker: WorkerHome,
) -> None:
    before = worker.repository.commit({"other": "1"}, OWN)
    commit = at_its_push(worker)
    push(worker, before)
    assert worker.server.wait_for_report(Published).moved == BranchMove(OWN, before)
    assert worker.repository.refs()[REF] == commit


def test_without_an_order_to_do_so_no_branch_of_the_task_is_made(worker: WorkerHome) -> None:
    at_its_push(worker)
    worker.server.send(Publish(7, 1))
    assert worker.server.wait_for_report(Published).moved is None
    assert REF not in worker.repository.refs()


def test_a_persons_commit_is_left_alone_and_told_with_its_author(worker: WorkerHome) -> None:
    theirs = worker.repository.commit({"theirs": "1"}, OWN)
    commit = at_its_push(worker)
    push(worker)
    refused = worker.server.wait_for_report(BranchRefused)
    by, subject = "Seed <seed@dev.example>", "seed"
    assert refused == BranchRefused(0, OWN, commit, theirs, by=by, subject=subject)
    refs = worker.repository.refs()
    assert (refs[REF], refs[f"refs/heads/{BRANCH}"]) == (theirs, commit)
    assert worker.server.bodies(Published) == []


def test_a_deleted_branch_is_not_created_again(worker: WorkerHome) -> None:
    commit = at_its_push(worker)
    push(worker, "1" * 40)
    assert worker.server.wait_for_report(BranchRefused) == BranchRefused(0, OWN, commit)
    assert REF not in worker.repository.refs()


@pytest.mark.parametrize("name", ["shop", "shop/7/x/y"])
def test_a_conflicting_ref_is_reported_in_gits_words(worker: WorkerHome, name: str) -> None:
    """A branch is a file, and a directory of branches cannot be where it is."""
    worker.repository.commit({"theirs": "1"}, "shop/7/x")
    at_its_push(worker)
    push(worker, name=name)
    refused = worker.server.wait_for_report(BranchRefused)
    assert (refused.name, refused.found, refused.by) == (name, None, "")
    assert "refs/heads/" in refused.why


def test_a_protected_branch_is_reported_in_the_remotes_words(worker: WorkerHome) -> None:
    worker.repository.hook("update", f'[ "$1" != {REF} ] || {{ echo protected >&2; exit 1; }}')
    at_its_push(worker)
    push(worker)
    assert "protected" in worker.server.wait_for_report(BranchRefused).why


def test_the_next_order_tries_again_and_one_that_was_refused_is_not_repeated(
    worker: WorkerHome,
) -> None:
    theirs = worker.repository.commit({"theirs": "1"}, OWN)
    commit = at_its_push(worker)
    push(worker)
    worker.server.wait_for_report(BranchRefused)
    push(worker)
    push(worker, theirs, number=1)
    assert worker.server.wait_for_report(Published).moved == BranchMove(OWN, theirs)
    assert milestones(worker)[-3:] == ["StageFinished", "BranchRefused", "Published"]
    assert worker.repository.refs()[REF] == commit


def test_a_daemon_that_died_between_the_two_pushes_moves_the_branch_when_told_again(
    worker: WorkerHome,
) -> None:
    held = worker.repository.block_pushes("refs/heads/tasks/7")
    worker.spawn()
    worker.run("echo one > one")
    worker.server.wait_for_report(StageFinished)
    push(worker, name="tasks/7")
    held.wait_for(1, worker.server.find_problem)
    commit = worker.repository.refs()[f"refs/heads/{BRANCH}"]
    worker.kill(signal.SIGKILL)
    held.release()
    worker.start()
    worker.server.wait_until_connected(2)
    push(worker, name="tasks/7")
    assert worker.server.wait_for_report(Published).moved == BranchMove("tasks/7")
    assert worker.repository.refs()["refs/heads/tasks/7"] == commit


def test_a_move_whose_answer_was_lost_is_one(worker: WorkerHome) -> None:
    """The remote has moved the branch, and git got no answer."""
    before = worker.repository.commit({"other": "1"}, OWN)
    commit = at_its_push(worker)
    worker.repository.git("update-ref", REF, commit)
    push(worker, before)
    assert worker.server.wait_for_report(Published).moved == BranchMove(OWN, before)


def test_one_that_the_remote_has_made_although_git_failed_is_one_too(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection broke before the remote's answer."""
    move = Mirror.move_remote_ref

    def cut_off(*arguments: Any) -> None:
        move(*arguments)
        raise GitError("the remote end hung up unexpectedly")

    monkeypatch.setattr(Mirror, "move_remote_ref", cut_off)
    commit = at_its_push(worker)
    push(worker)
    assert worker.server.wait_for_report(Published).moved == BranchMove(OWN)
    assert worker.repository.refs()[REF] == commit


def test_a_remote_that_cannot_be_read_either_is_reported_as_a_refusal(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise GitError("no route to host")

    commit = at_its_push(worker)
    monkeypatch.setattr(Mirror, "move_remote_ref", away)
    monkeypatch.setattr(Mirror, "remote_commit", away)
    push(worker, "1" * 40)
    refused = worker.server.wait_for_report(BranchRefused)
    assert refused == BranchRefused(0, OWN, commit, "1" * 40, "no route to host")


def test_while_the_lease_is_over_the_branch_stays(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = at_its_push(worker)
    is_over = threading.Event()
    is_over.set()
    monkeypatch.setattr(
        "muster.worker.lease.lease.Lease.is_expired", property(lambda _: is_over.is_set())
    )
    monkeypatch.setattr("muster.worker.attempts.task_branch._POLL_SECONDS", 0.01)
    push(worker)
    wait_for(lambda: f"refs/heads/{BRANCH}" in worker.repository.refs())
    since = boot_seconds()
    wait_for(lambda: boot_seconds() > since + 0.3)
    assert REF not in worker.repository.refs()
    is_over.clear()
    worker.server.wait_for_report(Published)
    assert worker.repository.refs()[REF] == commit


def test_one_that_is_stopped_meanwhile_moves_nothing(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_its_push(worker)
    monkeypatch.setattr("muster.worker.lease.lease.Lease.is_expired", property(lambda _: True))
    push(worker)
    wait_for(lambda: f"refs/heads/{BRANCH}" in worker.repository.refs())
    worker.server.send(Stop(7, 1, "cancelled"))
    worker.server.wait_for_report(Stopped)
    assert REF not in worker.repository.refs()
    assert {"Published", "BranchRefused"}.isdisjoint(milestones(worker))
