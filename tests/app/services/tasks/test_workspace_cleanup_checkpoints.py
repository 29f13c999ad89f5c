"""What a machine forgets is gone from the remote too, so nothing may still count on it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import NoCheckpoint
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Developer, Task
from app.services import locks
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import drains, liveness, orders
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates, tasks, workspace_cleanup, workspaces
from muster.protocol import codec, frames
from tests.app.services.fake_machine import (
    FakeMachine,
    latest_order,
    make_driven,
    make_held_attempt,
    make_live,
)
from tests.app.services.lock_waits import await_lock_waiter
from tests.factories import (
    make_attempt,
    make_developer,
    make_machine,
    make_project,
    make_server_process,
    make_task,
)

DEVELOP = {"name": "develop", "command": "x", "kind": "agent", "timeout": 60}
CHECK = {"name": "check", "command": "x", "kind": "shell", "timeout": 60}


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


def test_a_live_tasks_checkpoint_outlives_the_attempt_that_made_it(admin: Developer) -> None:
    make_server_process()
    machine = make_driven()
    project = make_project(pipeline=[DEVELOP, {**CHECK, "confirm": True}])
    task = tasks.create(admin, project_key=project.key, description="d")
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    later = now() + timedelta(seconds=700)
    liveness.detect_silent(later)
    liveness.expire_leases(later)
    machine.hello(make_held_attempt(task, "waiting"))
    two_days_on = now() + timedelta(days=2)
    assert workspace_cleanup.sweep(two_days_on) == 0
    wanted = orders.orders_of_machine(
        machine.machine_id, two_days_on, list(machine.observed)
    ).attempts
    assert [w.action for w in wanted] == []
    gates.confirm_stage(admin, task.id, 1, "confirm")
    dispatcher.assign_queued()
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/0"


# ---- what is done again --------------------------------------------------------------------------


def test_of_a_stage_that_is_done_again_no_older_checkpoint_counts(admin: Developer) -> None:
    machine = make_driven()
    task = make_started_task(machine, admin, CHECK)
    machine.report_checkpoint(task)
    machine.hello()  # it has lost the attempt, before the stage was over
    assert task.checkpoints == {}
    start_stage(machine, task)
    machine.report_finished(task)  # its own checkpoint could not be pushed
    machine.report_started(task, 1)
    machine.hello()
    start_stage(machine, task)
    assert (make_live(task).number, make_live(task).stage_index, make_live(task).resume_from) == (
        3,
        0,
        None,
    )


def test_a_question_about_work_that_was_done_again_does_not_show_the_older_work(
    admin: Developer,
) -> None:
    machine = make_driven()
    task = make_started_task(machine, admin, {**CHECK, "confirm": True})
    older = frames.DiffStat(files_changed=1, insertions=2, deletions=3)
    machine.report_on(task, frames.Checkpoint(0, f"refs/muster/{task.id}/1/0", "c0ffee", older))
    machine.hello()
    start_stage(machine, task)
    machine.report_finished(task)
    gate = gates.find_open_gate(task)
    assert gate is not None
    assert workspaces.diff_at(task, gate) is None


def test_checkpoints_of_stages_that_stay_done_are_kept(admin: Developer) -> None:
    machine = make_driven()
    task = make_started_task(machine, admin, CHECK)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    machine.report_started(task, 1)
    machine.report_checkpoint(task, 1)
    machine.hello()
    assert list(task.checkpoints) == ["0"]
    start_stage(machine, task, 1)
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/0"


def make_started_task(machine: FakeMachine, actor: Developer, second: dict[str, Any]) -> Task:
    """A task whose first stage has begun."""
    project = make_project(pipeline=[DEVELOP, second], max_attempts=3)
    task = tasks.create(actor, project_key=project.key, description="d")
    start_stage(machine, task)
    return task


def start_stage(machine: FakeMachine, task: Task, stage: int = 0) -> None:
    dispatcher.assign_queued()
    db.session.refresh(task)
    machine.orders()
    machine.report_started(task, stage)


# ---- retries, and what machines are told to forget -----------------------------------------------


def failed_at_second_stage(machine: FakeMachine, actor: Developer) -> Task:
    """Its first stage has left a checkpoint."""
    project = make_project(pipeline=[DEVELOP, CHECK])
    task = tasks.create(actor, project_key=project.key, description="d")
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    machine.report_started(task, 1)
    machine.report_finished(task, 1, code=1)
    return task


def expire(task: Task) -> None:
    make_live(task).forget_at = now() - timedelta(seconds=1)
    db.session.commit()


def test_a_task_is_not_retried_from_a_checkpoint_that_is_gone(admin: Developer) -> None:
    machine = make_driven()
    task = failed_at_second_stage(machine, admin)
    machine.report_on(task, frames.WorkspaceFacts("removed"))
    with pytest.raises(NoCheckpoint):
        tasks.retry(admin, task.id, 1)


def test_nothing_is_forgotten_that_a_retry_may_still_begin_from(admin: Developer) -> None:
    machine = make_driven()
    task = failed_at_second_stage(machine, admin)
    expire(task)
    assert machine.orders() == []
    ref = f"refs/muster/{task.id}/1/0"
    tasks.retry(admin, task.id, 1)
    workspace_cleanup.sweep(now())
    assert machine.orders() == []
    assert dispatcher.assign_queued() == 1
    assert make_live(task).resume_from == ref


def test_no_retry_begins_from_what_a_machine_has_been_told_to_forget(admin: Developer) -> None:
    machine = make_driven()
    task = failed_at_second_stage(machine, admin)
    expire(task)
    workspace_cleanup.sweep(now())
    with pytest.raises(NoCheckpoint):
        tasks.retry(admin, task.id, 1)
    db.session.rollback()
    assert machine.orders() == [(DesiredAction.FORGET, task.id, 0)]
    tasks.retry(admin, task.id)  # begins with nothing of it
    machine.report_on(task, frames.WorkspaceFacts("removed"))
    assert dispatcher.assign_queued() == 1
    assert (make_live(task).stage_index, make_live(task).resume_from) == (0, None)


def test_what_is_gone_all_the_same_fails_its_task_instead_of_being_left_out(
    admin: Developer,
) -> None:
    """The next attempt asks for the ref and reports `checkpoint_missing`."""
    machine = make_driven()
    task = failed_at_second_stage(machine, admin)
    tasks.retry(admin, task.id, 1)
    machine.report_on(task, frames.WorkspaceFacts("removed"), attempt=1)
    assert dispatcher.assign_queued() == 1
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/0"


def test_a_drained_machine_is_not_held_up_by_what_it_keeps_for_a_retry(admin: Developer) -> None:
    machine = make_driven()
    task = failed_at_second_stage(machine, admin)
    expire(task)
    drains.drain(admin, machine.machine_id)
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]


def test_a_retry_that_comes_while_the_sweep_waits_keeps_its_checkpoint(
    committed_app: Flask,
) -> None:
    """The checkpoint is of one machine and the latest attempt was on another, so that the task's
    lock alone stands between the two."""
    actor = make_developer(role=SystemRole.ADMIN)
    first = make_driven()
    task = failed_at_second_stage(first, actor)
    first.row.connected = False
    second = make_driven()
    tasks.retry(actor, task.id, 1)
    dispatcher.assign_queued()
    second.report_started(task, 1)
    second.report_finished(task, 1, code=1)
    first.row.connected = True
    db.session.get_one(Attempt, (task.id, 1)).forget_at = now() - timedelta(seconds=1)
    db.session.commit()

    def sweep() -> int:
        with committed_app.app_context():
            return workspace_cleanup.sweep(now())

    with ThreadPoolExecutor(1) as pool:
        locks.lock_tasks([task.id])
        sweeping = pool.submit(sweep)
        await_lock_waiter()
        tasks.retry(actor, task.id, 1)
        assert sweeping.result() == 1
    assert first.orders() == []
    assert dispatcher.assign_queued() == 1
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/0"


# ---- orders --------------------------------------------------------------------------------------


def test_an_order_that_no_machine_would_take_fails_its_task(app: Flask) -> None:
    project = make_project(environment={f"V{i}": "x" * 10_000 for i in range(110)})
    task = make_task(project=project, status=TaskStatus.ASSIGNED)
    make_attempt(task, make_machine())
    assert len(codec.encode(orders.build_run_order(latest_order(task)))) > codec.MAX_TEXT_CHARS
    assert orders.build_order_or_fail(latest_order(task)) is None
    db.session.refresh(task)
    assert task.failure is not None
    assert (task.status, task.failure["code"]) == ("failed", "order_too_large")


def test_the_answer_to_a_stale_order_is_not_answered_with_another(app: Flask) -> None:
    machine = make_driven()
    removed = machine.apply([machine.report(4711, 1, frames.WorkspaceFacts("removed"))])
    stopped = machine.apply([machine.report(4711, 1, frames.Stopped())])
    assert (removed.stale, stopped.stale) == (set(), set())
