"""A task that failed because its machine was lost, and a machine that comes back after all."""

from datetime import timedelta

import pytest
from flask import Flask

from app.domain.attempt import AttemptOutcome
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import liveness
from app.services.machines.orders import DesiredAction
from app.services.project_deletion import deletion
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    log_frame,
    make_driven,
    make_held_attempt,
    make_live,
    status,
)
from tests.factories import make_developer, make_project, make_server_process

DEVELOP = {"name": "develop", "command": "x", "kind": "agent", "timeout": 60}
CHECK = {"name": "check", "command": "x", "kind": "shell", "timeout": 60}
LEASE = timedelta(seconds=601)


@pytest.fixture(autouse=True)
def served(app: Flask) -> None:
    make_server_process()


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def machine(app: Flask) -> FakeMachine:
    return make_driven()


def running(admin: Developer, machine: FakeMachine, *stages: dict[str, object]) -> Task:
    """A task that may be lost only once."""
    project = make_project(pipeline=list(stages or [DEVELOP]), max_attempts=1)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    return task


def given_up(admin: Developer, machine: FakeMachine, *stages: dict[str, object]) -> Task:
    task = running(admin, machine, *stages)
    liveness.detect_silent(now() + LEASE)
    liveness.expire_leases(now() + LEASE)
    assert status(task) is TaskStatus.FAILED
    return task


def test_a_result_that_comes_too_late_restores_its_task(
    admin: Developer, machine: FakeMachine
) -> None:
    task = given_up(admin, machine)
    machine.hello(make_held_attempt(task, "waiting", ended_by="exit"))
    assert status(task) is TaskStatus.RUNNING
    assert (task.failure, task.finished_at, make_live(task).outcome) == (None, None, None)
    machine.report_finished(task)
    assert machine.orders() == [(DesiredAction.PUBLISH, task.id, 0)]
    machine.report_published(task)
    assert status(task) is TaskStatus.COMPLETED
    assert E.RESTORED in events_of(task)
    assert machine.row.slots_used == 0


def test_a_push_that_was_told_too_late_restores_its_task(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    machine.report_finished(task)
    machine.orders()
    liveness.detect_silent(now() + LEASE)
    liveness.expire_leases(now() + LEASE)
    machine.hello(make_held_attempt(task, "published", ended_by="exit"))
    machine.report_published(task)
    assert status(task) is TaskStatus.COMPLETED
    assert task.result is not None


def test_a_result_that_was_acked_before_its_log_counts_when_the_log_comes_late(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    machine.report_on(task, frames.StageFinished(stage_index=0, log_end=4, how="exit"))
    liveness.detect_silent(now() + LEASE)
    liveness.expire_leases(now() + LEASE)
    machine.hello(make_held_attempt(task, "waiting", ended_by="exit"))
    assert status(task) is TaskStatus.RUNNING
    assert machine.orders() == []
    machine.apply([], [log_frame(task, b"done")])
    assert machine.orders() == [(DesiredAction.PUBLISH, task.id, 0)]


def test_a_restored_task_waits_for_a_slot_where_none_is_free(
    admin: Developer, machine: FakeMachine
) -> None:
    task = given_up(admin, machine, DEVELOP, CHECK)
    machine.hello()  # it says that nothing runs
    assert machine.row.slots_used == 0
    others = [running(admin, machine), running(admin, machine)]
    machine.hello(
        *map(make_held_attempt, others), make_held_attempt(task, "waiting", ended_by="exit")
    )
    machine.report_finished(task)
    assert machine.row.slots_used == machine.row.slots_total
    assert machine.orders() == []
    machine.report_on(others[0], frames.Failed("x", "y"))
    dispatcher.assign_queued()
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
    assert machine.row.slots_used == machine.row.slots_total


@pytest.mark.parametrize(
    ("state", "ended_by"),
    [("working", None), ("waiting", "lease"), ("waiting", "stopped"), ("failed", None)],
)
def test_only_a_result_restores(
    admin: Developer,
    machine: FakeMachine,
    state: frames.TrackedState,
    ended_by: frames.StageExitReason | None,
) -> None:
    task = given_up(admin, machine)
    machine.hello(make_held_attempt(task, state, ended_by=ended_by))
    assert status(task) is TaskStatus.FAILED
    assert machine.row.slots_used == (1 if state == "working" else 0)
    expected = [(DesiredAction.STOP, task.id, 0)] if state == "working" else []
    assert machine.orders() == expected


def test_a_task_that_was_retried_is_not_restored(admin: Developer, machine: FakeMachine) -> None:
    task = given_up(admin, machine)
    tasks.retry(admin, task.id)
    machine.hello(make_held_attempt(task, "waiting", ended_by="exit"))
    assert status(task) is TaskStatus.QUEUED
    assert dispatcher.assign_queued() == 1, "the machine has said that nothing of the first runs"
    assert task.attempt == 2


def test_a_task_that_failed_for_another_reason_is_not_restored(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    machine.report_finished(task, code=1)
    assert status(task) is TaskStatus.FAILED
    machine.hello(make_held_attempt(task, "waiting", ended_by="exit"))
    assert status(task) is TaskStatus.FAILED


def test_a_task_whose_project_was_deleted_is_not_restored(
    admin: Developer, machine: FakeMachine
) -> None:
    task = given_up(admin, machine)
    deletion.delete(admin, task.project.key)
    machine.hello(make_held_attempt(task, "waiting", ended_by="exit"))
    assert status(task) is TaskStatus.FAILED


# ---- outages of ours -----------------------------------------------------------------------------


@pytest.fixture
def outage(served: None) -> None:
    """Every server process was gone for an hour, beginning ten seconds from now."""
    db.session.execute(db.text("DELETE FROM server_processes"))
    moment = now()
    make_server_process(seen_at=moment + timedelta(seconds=10))
    make_server_process(started_at=moment + timedelta(hours=1))


def test_a_machine_that_could_reach_nobody_is_given_time_when_we_are_back(
    admin: Developer, machine: FakeMachine, outage: None
) -> None:
    task = running(admin, machine)
    back = now() + timedelta(hours=1)
    liveness.detect_silent(back + timedelta(seconds=1))
    liveness.expire_leases(back + timedelta(seconds=1))
    assert status(task) is TaskStatus.SUSPENDED
    liveness.expire_leases(back + timedelta(seconds=40))
    assert status(task) is TaskStatus.QUEUED, "an outage of ours costs the stage, not the task"
    assert make_live(task).outcome is AttemptOutcome.LOST


def test_what_a_lease_cost_in_an_outage_of_ours_does_not_count(
    admin: Developer, machine: FakeMachine, outage: None
) -> None:
    task = running(admin, machine)
    machine.hello(
        make_held_attempt(task, "waiting", ended_by="lease"), at=now() + timedelta(hours=1)
    )
    machine.report_finished(task, how="lease")
    assert status(task) is TaskStatus.QUEUED


def test_the_next_loss_counts_again(admin: Developer, machine: FakeMachine, outage: None) -> None:
    task = running(admin, machine)
    machine.hello(make_held_attempt(task), at=now() + timedelta(hours=1))
    machine.report_finished(task, how="lease")
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    machine.hello()
    assert status(task) is TaskStatus.FAILED


def test_what_begins_after_an_outage_of_ours_counts(
    admin: Developer, machine: FakeMachine, outage: None
) -> None:
    task = running(admin, machine, DEVELOP, {**CHECK, "confirm": True})
    machine.report_finished(task)
    machine.hello(
        make_held_attempt(task, "waiting", ended_by="exit"), at=now() + timedelta(hours=1)
    )
    gates.confirm_stage(admin, task.id, 1, "confirm")
    machine.report_started(task, 1)
    machine.hello()
    assert status(task) is TaskStatus.FAILED


def test_a_machine_that_reboots_while_we_are_there_has_no_excuse(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    machine.hello(at=now() + LEASE)
    assert status(task) is TaskStatus.FAILED
