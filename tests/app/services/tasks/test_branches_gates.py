"""What a person did on a task's own branch is asked about, and what follows from the answer."""

import pytest

from app.domain.attempt import AttemptPhase
from app.domain.errors import InvalidFields
from app.domain.pipeline import GateKind
from app.domain.task import EventType as E
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.dispatch import dispatcher
from app.services.machines import orders
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    latest_order,
    make_driven,
    make_live,
    state,
    status,
    warnings_of,
)
from tests.app.services.tasks.branches_world import (
    AT_GATE,
    NEWER,
    OURS,
    THEIRS,
    answer,
    onto,
    person,
    publish,
    refuse,
    task,
    works,
)
from tests.app.services.tasks.stages_world import actor, create, machine

__all__ = ["actor", "create", "machine", "task"]  # fixtures


def test_a_persons_commit_is_never_overwritten_unasked(machine: FakeMachine, task: Task) -> None:
    refuse(machine, task, THEIRS, by="Ada <ada@example.org>", subject="My\nown")
    assert state(task) == AT_GATE
    assert (make_live(task).phase, machine.row.slots_used) == (AttemptPhase.GATE, 0)
    assert machine.orders() == []
    asked = gates.get_pending(person(task), task.id)
    assert (asked.kind, asked.choices) == (GateKind.BRANCH, ["overwrite", "keep", "try_again"])
    assert asked.branch == {
        "name": task.branch_name,
        "commit": OURS,
        "expected": None,
        "found": THEIRS,
        "why": "",
        "by": "Ada <ada@example.org>",
        "subject": "My own",
    }
    assert "cccccccccccc “My own” by Ada <ada@example.org>" in asked.prompt
    assert events_of(task)[-1] is E.SUSPENDED


def test_with_a_persons_consent_what_they_were_shown_is_overwritten(
    machine: FakeMachine, task: Task
) -> None:
    refuse(machine, task, THEIRS)
    answer(task, "overwrite")
    assert status(task) is TaskStatus.ASSIGNED
    assert machine.orders() == [(DesiredAction.PUBLISH, task.id, 0)]
    order = orders.build_publish_order(latest_order(task))
    assert (order.onto, order.number) == (frames.TaskBranch(task.branch_name, THEIRS), 1)
    refuse(machine, task, "d" * 40, number=1)  # it was moved once more meanwhile
    assert state(task) == AT_GATE
    answer(task, "overwrite")
    publish(machine, task)
    assert (status(task), task.branch_commit) == (TaskStatus.COMPLETED, OURS)


def test_a_branch_that_is_kept_is_no_part_of_the_result(machine: FakeMachine, task: Task) -> None:
    refuse(machine, task, THEIRS)
    answer(task, "keep")
    assert machine.orders() == [(DesiredAction.PUBLISH, task.id, 0)]
    assert onto(task) is None
    machine.report_on(task, frames.Published(str(task.branch), OURS, frames.DiffStat(1)))
    assert status(task) is TaskStatus.COMPLETED
    assert (task.result or {})["branch"] is None
    assert not any("can't move" in warning for warning in warnings_of(task))


def test_it_can_be_tried_again_as_it_was(machine: FakeMachine, task: Task) -> None:
    refuse(machine, task, None, why="not now")
    asked = gates.get_pending(person(task), task.id)
    assert asked.choices == ["keep", "try_again"]
    assert "not now" in asked.prompt
    with pytest.raises(InvalidFields):
        answer(task, "overwrite")
    answer(task, "try_again")
    assert machine.orders() == [(DesiredAction.PUBLISH, task.id, 0)]
    assert onto(task) == frames.TaskBranch(task.branch_name, None)


def test_a_branch_that_somebody_deleted_is_asked_about(machine: FakeMachine, task: Task) -> None:
    task.branch_commit = NEWER
    db.session.commit()
    refuse(machine, task, None)
    assert "was deleted outside Muster" in gates.get_pending(person(task), task.id).prompt
    answer(task, "overwrite")
    assert onto(task) == frames.TaskBranch(task.branch_name, None)


def test_where_the_machine_is_lost_at_that_gate_another_pushes_from_the_checkpoint(
    machine: FakeMachine, task: Task
) -> None:
    refuse(machine, task, THEIRS)
    machine.hello()  # without it
    assert status(task) is TaskStatus.QUEUED
    assert dispatcher.assign_queued() == 0  # a person must answer first
    answer(task, "overwrite")
    other = make_driven(slots=2)
    machine.row.connected = False
    db.session.commit()
    assert dispatcher.assign_queued() == 1
    assert other.orders() == [(DesiredAction.PUBLISH, task.id, 0)]
    order = orders.build_publish_order(latest_order(task))
    assert (order.onto, order.number, order.announce) == (None, 0, True)
    assert order.repo is not None
    assert order.repo.resume_from == f"refs/muster/{task.id}/1/0"
    other.report_on(task, frames.Accepted())
    other.report_workspace(task)
    order = orders.build_publish_order(latest_order(task))
    assert (order.onto, order.number) == (frames.TaskBranch(task.branch_name, THEIRS), 1)
    publish(other, task)
    assert status(task) is TaskStatus.COMPLETED


def test_an_answer_finds_another_machine_where_the_first_takes_no_work(
    machine: FakeMachine, task: Task
) -> None:
    refuse(machine, task, THEIRS)
    machine.row.connected = False
    db.session.commit()
    answer(task, "keep")
    assert (status(task), task.stage_index) == (TaskStatus.QUEUED, 1)


def test_a_refusal_of_an_order_of_before_changes_nothing(machine: FakeMachine, task: Task) -> None:
    refuse(machine, task, THEIRS)
    answer(task, "try_again")
    refuse(machine, task, THEIRS, number=0)
    assert status(task) is TaskStatus.ASSIGNED
    assert "ignored " in warnings_of(task)[-1]


def test_a_task_that_is_cancelled_at_that_gate_stays_so(machine: FakeMachine, task: Task) -> None:
    refuse(machine, task, THEIRS)
    tasks.cancel(person(task), task.id)
    assert status(task) is TaskStatus.CANCELLED
    tasks.retry(person(task), task.id)
    works(machine, task, NEWER)
    assert onto(task) == frames.TaskBranch(task.branch_name, None)  # it is asked again, if need be


def test_what_somebody_changes_at_that_gate_through_a_tunnel_is_what_is_pushed_then(
    machine: FakeMachine, task: Task
) -> None:
    refuse(machine, task, THEIRS)
    ref = f"refs/muster/{task.id}/1/0"
    machine.report_on(task, frames.Checkpoint(stage_index=0, ref=ref, commit=NEWER))
    db.session.refresh(task)
    assert task.checkpoints["0"]["commit"] == NEWER


def test_what_people_kept_is_asked_anew_in_the_next_round(
    machine: FakeMachine, task: Task, actor: Developer
) -> None:
    refuse(machine, task, THEIRS)
    answer(task, "keep")
    tasks.cancel(actor, task.id)
    machine.report_on(task, frames.Stopped())
    tasks.retry(actor, task.id)
    works(machine, task, NEWER)
    assert onto(task) is not None
