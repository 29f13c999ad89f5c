"""A task's own branch: moved by the live attempt, never over what is not the task's, and what
people are asked.
"""

from typing import Any

import pytest

from app.domain.attempt import AttemptPhase
from app.domain.errors import InvalidFields
from app.domain.pipeline import GateKind
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Event, Task
from app.services.dispatch import dispatch
from app.services.machines import orders
from app.services.machines.orders import Want
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.driven import (
    Driven,
    events_of,
    live,
    make_driven,
    ordered,
    state,
    status,
    warnings_of,
)
from tests.app.services.tasks.stages_world import DEVELOP, Create, actor, create, machine

__all__ = ["actor", "create", "machine"]  # fixtures

OURS, NEWER, THEIRS = "a" * 40, "b" * 40, "c" * 40
AT_GATE = (TaskStatus.SUSPENDED, SuspendReason.GATE)


def works(machine: Driven, task: Task, commit: str = OURS) -> None:
    """Its one stage is done, and its work a checkpoint of that commit."""
    dispatch.assign_queued()
    machine.orders()
    machine.begins(task)
    ref = f"refs/muster/{task.id}/{task.attempt}/0"
    machine.say(task, frames.Checkpoint(stage_index=0, ref=ref, commit=commit))
    machine.finishes(task)


@pytest.fixture
def task(machine: Driven, create: Create) -> Task:
    """At its push."""
    made = create([DEVELOP])
    works(machine, made)
    assert machine.orders() == [(Want.PUBLISH, made.id, 0)]
    return made


def person(task: Task) -> Developer:
    return db.session.get_one(Developer, task.created_by)


def onto(task: Task) -> frames.TaskBranch | None:
    return orders.publish(ordered(task)).onto


def refuse(machine: Driven, task: Task, found: str | None, number: int = 0, **more: Any) -> None:
    told = frames.BranchRefused(number, task.task_branch, OURS, found, **more)
    machine.say(task, told)


def publish(machine: Driven, task: Task, commit: str = OURS, attempt: int | None = None) -> None:
    number = attempt or task.attempt
    move = frames.BranchMove(task.task_branch)
    said = frames.Published(f"muster/{task.id}-{number}", commit, frames.DiffStat(1), move)
    machine.say(task, said, attempt=number)


def test_a_tasks_branch_has_the_name_of_when_it_was_created(
    machine: Driven, create: Create
) -> None:
    task = create([DEVELOP])
    assert task.task_branch == f"muster/{task.id}"
    task.project.branch_name = "feature/{id}"
    db.session.commit()
    assert db.session.get_one(Task, task.id).task_branch == f"muster/{task.id}"


def test_the_push_is_onto_the_tasks_branch_which_is_not_there_yet(task: Task) -> None:
    assert onto(task) == frames.TaskBranch(f"muster/{task.id}", None)


def test_a_completed_tasks_result_says_where_its_branch_is(machine: Driven, task: Task) -> None:
    publish(machine, task)
    assert status(task) is TaskStatus.COMPLETED
    assert (task.result or {})["branch"] == task.task_branch
    assert ((task.result or {})["commit"], task.branch_commit) == (OURS, OURS)


def test_a_machine_that_moves_another_branch_is_not_believed(machine: Driven, task: Task) -> None:
    move = frames.BranchMove("main")
    machine.say(task, frames.Published(str(task.branch), OURS, frames.DiffStat(1), move))
    assert status(task) is TaskStatus.RUNNING
    assert "is ignored" in warnings_of(task)[-1]


def test_a_machine_that_does_not_know_of_tasks_branches_completes_the_task_all_the_same(
    machine: Driven, task: Task
) -> None:
    machine.say(task, frames.Published(str(task.branch), OURS, frames.DiffStat(1)))
    assert status(task) is TaskStatus.COMPLETED
    assert (task.result or {})["branch"] is None
    assert "does not move muster/" in warnings_of(task)[-1]


def test_what_an_attempt_that_was_lost_has_left_there_is_moved_on(
    machine: Driven, task: Task
) -> None:
    """It had moved the branch, and died before it could say so. Its stage is done again."""
    machine.hello()  # without it
    task.checkpoints = {}
    task.stage_index = 0
    db.session.commit()
    works(machine, task, NEWER)
    machine.orders()
    refuse(machine, task, OURS)
    assert status(task) is TaskStatus.RUNNING
    assert onto(task) == frames.TaskBranch(task.task_branch, OURS)
    assert machine.orders() == [(Want.PUBLISH, task.id, 0)]
    assert "is moved on from" in warnings_of(task)[-1]
    publish(machine, task, NEWER)
    assert (status(task), task.branch_commit) == (TaskStatus.COMPLETED, NEWER)


def test_what_an_attempt_says_late_that_it_pushed_is_the_tasks(machine: Driven, task: Task) -> None:
    """A commit that no checkpoint told of."""
    tasks.cancel(person(task), task.id)
    publish(machine, task, THEIRS)
    assert f"and {task.task_branch}" in warnings_of(task)[-1]
    assert task.branch_commit is None
    machine.say(task, frames.Stopped())
    tasks.retry(person(task), task.id)
    works(machine, task, NEWER)
    refuse(machine, task, THEIRS)
    assert (status(task), task.branch_commit) == (TaskStatus.RUNNING, THEIRS)


def test_a_persons_commit_is_never_overwritten_unasked(machine: Driven, task: Task) -> None:
    refuse(machine, task, THEIRS, by="Ada <ada@example.org>", subject="My\nown")
    assert state(task) == AT_GATE
    assert (live(task).phase, machine.row.slots_used) == (AttemptPhase.GATE, 0)
    assert machine.orders() == []
    asked = gates.pending(person(task), task.id)
    assert (asked.kind, asked.choices) == (GateKind.BRANCH, ["overwrite", "keep", "try_again"])
    assert asked.branch == {
        "name": task.task_branch,
        "commit": OURS,
        "expected": None,
        "found": THEIRS,
        "why": "",
        "by": "Ada <ada@example.org>",
        "subject": "My own",
    }
    assert "cccccccccccc “My own” by Ada <ada@example.org>" in asked.prompt
    assert events_of(task)[-1] is E.SUSPENDED


def answer(task: Task, result: str) -> None:
    gates.confirm(person(task), task.id, 0, result)


def test_with_a_persons_consent_what_they_were_shown_is_overwritten(
    machine: Driven, task: Task
) -> None:
    refuse(machine, task, THEIRS)
    answer(task, "overwrite")
    assert status(task) is TaskStatus.ASSIGNED
    assert machine.orders() == [(Want.PUBLISH, task.id, 0)]
    order = orders.publish(ordered(task))
    assert (order.onto, order.number) == (frames.TaskBranch(task.task_branch, THEIRS), 1)
    refuse(machine, task, "d" * 40, number=1)  # it was moved once more meanwhile
    assert state(task) == AT_GATE
    answer(task, "overwrite")
    publish(machine, task)
    assert (status(task), task.branch_commit) == (TaskStatus.COMPLETED, OURS)


def test_a_branch_that_is_kept_is_no_part_of_the_result(machine: Driven, task: Task) -> None:
    refuse(machine, task, THEIRS)
    answer(task, "keep")
    assert machine.orders() == [(Want.PUBLISH, task.id, 0)]
    assert onto(task) is None
    machine.say(task, frames.Published(str(task.branch), OURS, frames.DiffStat(1)))
    assert status(task) is TaskStatus.COMPLETED
    assert (task.result or {})["branch"] is None
    assert not any("does not move" in warning for warning in warnings_of(task))


def test_it_can_be_tried_again_as_it_was(machine: Driven, task: Task) -> None:
    refuse(machine, task, None, why="not now")
    asked = gates.pending(person(task), task.id)
    assert asked.choices == ["keep", "try_again"]
    assert "not now" in asked.prompt
    with pytest.raises(InvalidFields):
        answer(task, "overwrite")
    answer(task, "try_again")
    assert machine.orders() == [(Want.PUBLISH, task.id, 0)]
    assert onto(task) == frames.TaskBranch(task.task_branch, None)


def test_a_branch_that_somebody_deleted_is_asked_about(machine: Driven, task: Task) -> None:
    task.branch_commit = NEWER
    db.session.commit()
    refuse(machine, task, None)
    assert "has deleted" in gates.pending(person(task), task.id).prompt
    answer(task, "overwrite")
    assert onto(task) == frames.TaskBranch(task.task_branch, None)


def test_where_the_machine_is_lost_at_that_gate_another_pushes_from_the_checkpoint(
    machine: Driven, task: Task
) -> None:
    refuse(machine, task, THEIRS)
    machine.hello()  # without it
    assert status(task) is TaskStatus.QUEUED
    assert dispatch.assign_queued() == 0  # somebody has to answer first
    answer(task, "overwrite")
    other = make_driven(slots=2)
    machine.row.connected = False
    db.session.commit()
    assert dispatch.assign_queued() == 1
    assert other.orders() == [(Want.PUBLISH, task.id, 0)]
    order = orders.publish(ordered(task))
    assert (order.onto, order.number) == (frames.TaskBranch(task.task_branch, THEIRS), 0)
    assert order.repo is not None
    assert order.repo.resume_from == f"refs/muster/{task.id}/1/0"
    other.say(task, frames.Accepted())
    publish(other, task)
    assert status(task) is TaskStatus.COMPLETED


def test_an_answer_finds_another_machine_where_the_first_takes_no_work(
    machine: Driven, task: Task
) -> None:
    refuse(machine, task, THEIRS)
    machine.row.connected = False
    db.session.commit()
    answer(task, "keep")
    assert (status(task), task.stage_index) == (TaskStatus.QUEUED, 1)


def test_a_refusal_of_an_order_of_before_changes_nothing(machine: Driven, task: Task) -> None:
    refuse(machine, task, THEIRS)
    answer(task, "try_again")
    refuse(machine, task, THEIRS, number=0)
    assert status(task) is TaskStatus.ASSIGNED
    assert "is ignored" in warnings_of(task)[-1]


def test_a_refusal_of_another_branch_is_not_believed(machine: Driven, task: Task) -> None:
    machine.say(task, frames.BranchRefused(0, "main", OURS, THEIRS))
    assert status(task) is TaskStatus.RUNNING
    assert "is ignored" in warnings_of(task)[-1]


def test_a_task_that_is_cancelled_at_that_gate_stays_so(machine: Driven, task: Task) -> None:
    refuse(machine, task, THEIRS)
    tasks.cancel(person(task), task.id)
    assert status(task) is TaskStatus.CANCELLED
    tasks.retry(person(task), task.id)
    works(machine, task, NEWER)
    assert onto(task) == frames.TaskBranch(task.task_branch, None)  # it is asked again, if need be


def test_what_somebody_changes_at_that_gate_through_a_tunnel_is_what_is_pushed_then(
    machine: Driven, task: Task
) -> None:
    refuse(machine, task, THEIRS)
    ref = f"refs/muster/{task.id}/1/0"
    machine.say(task, frames.Checkpoint(stage_index=0, ref=ref, commit=NEWER))
    db.session.refresh(task)
    assert task.checkpoints["0"]["commit"] == NEWER


def test_a_later_round_moves_the_branch_on(machine: Driven, task: Task) -> None:
    publish(machine, task)
    task.status, task.round = TaskStatus.QUEUED, 2
    db.session.commit()
    works(machine, task, NEWER)
    assert onto(task) == frames.TaskBranch(task.task_branch, OURS)


def test_what_people_kept_is_asked_anew_in_the_next_round(
    machine: Driven, task: Task, actor: Developer
) -> None:
    refuse(machine, task, THEIRS)
    answer(task, "keep")
    tasks.cancel(actor, task.id)
    machine.say(task, frames.Stopped())
    tasks.retry(actor, task.id)
    works(machine, task, NEWER)
    assert onto(task) is not None


def test_a_machine_that_finds_an_attempts_commit_again_and_again_makes_us_ask(
    machine: Driven, task: Task
) -> None:
    task.branch_commit = THEIRS
    db.session.commit()
    for number in range(21):
        db.session.refresh(task)
        found = OURS if task.branch_commit != OURS else THEIRS
        live(task).pushed_commit = found
        db.session.commit()
        refuse(machine, task, found, number=number)
    assert state(task) == AT_GATE


def test_the_event_of_the_push_names_both_branches(machine: Driven, task: Task) -> None:
    publish(machine, task)
    query = db.select(Event).where(Event.task_id == task.id, Event.type == E.PUBLISHED)
    event = db.session.scalars(query).one()
    own = f"muster/{task.id}"
    assert event.message == f"pushed {own}-1, and moved {own} to it"
    assert event.data == {"branch": f"{own}-1", "commit": OURS, "taskBranch": own}
