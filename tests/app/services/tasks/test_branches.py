"""A task's own branch: moved by the live attempt, and on from what attempts left there."""

from app.domain.task import EventType as E
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Event, Task
from app.services.machines.orders import DesiredAction
from app.services.tasks import tasks
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_live, state, status, warnings_of
from tests.app.services.tasks.branches_world import (
    AT_GATE,
    NEWER,
    OURS,
    THEIRS,
    onto,
    person,
    publish,
    refuse,
    task,
    works,
)
from tests.app.services.tasks.stages_world import DEVELOP, Create, actor, create, machine

__all__ = ["actor", "create", "machine", "task"]  # fixtures


def test_a_tasks_branch_has_the_name_of_when_it_was_created(
    machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP])
    assert task.branch_name == f"muster/{task.id}"
    task.project.branch_name = "feature/{id}"
    db.session.commit()
    assert db.session.get_one(Task, task.id).branch_name == f"muster/{task.id}"


def test_the_push_is_onto_the_tasks_branch_which_is_not_there_yet(task: Task) -> None:
    assert onto(task) == frames.TaskBranch(f"muster/{task.id}", None)


def test_a_completed_tasks_result_says_where_its_branch_is(
    machine: FakeMachine, task: Task
) -> None:
    publish(machine, task)
    assert status(task) is TaskStatus.COMPLETED
    assert (task.result or {})["branch"] == task.branch_name
    assert ((task.result or {})["commit"], task.branch_commit) == (OURS, OURS)


def test_a_machine_that_moves_another_branch_is_rejected(machine: FakeMachine, task: Task) -> None:
    move = frames.BranchMove("main")
    machine.report_on(task, frames.Published(str(task.branch), OURS, frames.DiffStat(1), move))
    assert status(task) is TaskStatus.RUNNING
    assert "ignored " in warnings_of(task)[-1]


def test_a_machine_that_reports_no_move_of_the_branch_completes_the_task_all_the_same(
    machine: FakeMachine, task: Task
) -> None:
    machine.report_on(task, frames.Published(str(task.branch), OURS, frames.DiffStat(1)))
    assert status(task) is TaskStatus.COMPLETED
    assert (task.result or {})["branch"] is None
    assert "didn't report moving muster/" in warnings_of(task)[-1]


def test_what_an_attempt_that_was_lost_has_left_there_is_moved_on(
    machine: FakeMachine, task: Task
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
    assert onto(task) == frames.TaskBranch(task.branch_name, OURS)
    assert machine.orders() == [(DesiredAction.PUBLISH, task.id, 0)]
    assert " on from " in warnings_of(task)[-1]
    publish(machine, task, NEWER)
    assert (status(task), task.branch_commit) == (TaskStatus.COMPLETED, NEWER)


def test_what_an_attempt_says_late_that_it_pushed_is_the_tasks(
    machine: FakeMachine, task: Task
) -> None:
    """A commit that no checkpoint told of, by a worker that tells nothing before it pushes."""
    make_live(task).work = None
    db.session.commit()
    tasks.cancel(person(task), task.id)
    publish(machine, task, THEIRS)
    assert f"and {task.branch_name}" in warnings_of(task)[-1]
    assert task.branch_commit is None
    machine.report_on(task, frames.Stopped())
    tasks.retry(person(task), task.id)
    works(machine, task, NEWER)
    refuse(machine, task, THEIRS)
    assert (status(task), task.branch_commit) == (TaskStatus.RUNNING, THEIRS)


def test_what_nobody_was_ordered_to_push_is_no_attempts(machine: FakeMachine, task: Task) -> None:
    tasks.cancel(person(task), task.id)
    publish(machine, task, THEIRS)
    machine.report_on(task, frames.Stopped())
    tasks.retry(person(task), task.id)
    works(machine, task, NEWER)
    refuse(machine, task, THEIRS)
    assert state(task) == AT_GATE


def test_a_refusal_of_another_branch_is_rejected(machine: FakeMachine, task: Task) -> None:
    machine.report_on(task, frames.BranchRefused(0, "main", OURS, THEIRS))
    assert status(task) is TaskStatus.RUNNING
    assert "ignored " in warnings_of(task)[-1]


def test_a_later_round_moves_the_branch_on(machine: FakeMachine, task: Task) -> None:
    publish(machine, task)
    task.status, task.round = TaskStatus.QUEUED, 2
    db.session.commit()
    works(machine, task, NEWER)
    assert onto(task) == frames.TaskBranch(task.branch_name, OURS)


def test_a_machine_that_finds_an_attempts_commit_again_and_again_makes_us_ask(
    machine: FakeMachine, task: Task
) -> None:
    task.branch_commit = THEIRS
    db.session.commit()
    for number in range(21):
        db.session.refresh(task)
        found = OURS if task.branch_commit != OURS else THEIRS
        make_live(task).pushed_commit = found
        db.session.commit()
        refuse(machine, task, found, number=number)
    assert state(task) == AT_GATE


def test_the_event_of_the_push_names_both_branches(machine: FakeMachine, task: Task) -> None:
    publish(machine, task)
    query = db.select(Event).where(Event.task_id == task.id, Event.type == E.PUBLISHED)
    event = db.session.scalars(query).one()
    own = f"muster/{task.id}"
    assert event.message == f"pushed {own}-1, and moved {own} to it"
    assert event.data == {"branch": f"{own}-1", "commit": OURS, "taskBranch": own}
