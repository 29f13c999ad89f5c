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
from app.services.machines.orders import Want
from app.services.project_deletion import deletion
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    Driven,
    events_of,
    held,
    live,
    log_frame,
    make_driven,
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
def machine(app: Flask) -> Driven:
    return make_driven()


def running(admin: Developer, machine: Driven, *stages: dict[str, object]) -> Task:
    """A task that may be lost only once."""
    project = make_project(pipeline=list(stages or [DEVELOP]), max_attempts=1)
    task = tasks.create(admin, project_key=project.key, description="Do it.")
    dispatcher.assign_queued()
    machine.orders()
    machine.begins(task)
    return task


def given_up(admin: Developer, machine: Driven, *stages: dict[str, object]) -> Task:
    task = running(admin, machine, *stages)
    liveness.notice(now() + LEASE)
    liveness.give_up(now() + LEASE)
    assert status(task) is TaskStatus.FAILED
    return task


def test_a_result_that_comes_too_late_restores_its_task(admin: Developer, machine: Driven) -> None:
    task = given_up(admin, machine)
    machine.hello(held(task, "waiting", ended_by="exit"))
    assert status(task) is TaskStatus.RUNNING
    assert (task.failure, task.finished_at, live(task).outcome) == (None, None, None)
    machine.finishes(task)
    assert machine.orders() == [(Want.PUBLISH, task.id, 0)]
    machine.publishes(task)
    assert status(task) is TaskStatus.COMPLETED
    assert E.RESTORED in events_of(task)
    assert machine.row.slots_used == 0


def test_a_push_that_was_told_too_late_restores_its_task(admin: Developer, machine: Driven) -> None:
    task = running(admin, machine)
    machine.finishes(task)
    machine.orders()
    liveness.notice(now() + LEASE)
    liveness.give_up(now() + LEASE)
    machine.hello(held(task, "published", ended_by="exit"))
    machine.publishes(task)
    assert status(task) is TaskStatus.COMPLETED
    assert task.result is not None


def test_a_result_that_was_acked_before_its_log_counts_when_the_log_comes_late(
    admin: Developer, machine: Driven
) -> None:
    task = running(admin, machine)
    machine.say(task, frames.StageFinished(stage_index=0, log_end=4, how="exit"))
    liveness.notice(now() + LEASE)
    liveness.give_up(now() + LEASE)
    machine.hello(held(task, "waiting", ended_by="exit"))
    assert status(task) is TaskStatus.RUNNING
    assert machine.orders() == []
    machine.apply([], [log_frame(task, b"done")])
    assert machine.orders() == [(Want.PUBLISH, task.id, 0)]


def test_a_restored_task_waits_for_a_slot_where_none_is_free(
    admin: Developer, machine: Driven
) -> None:
    task = given_up(admin, machine, DEVELOP, CHECK)
    machine.hello()  # it says that nothing runs
    assert machine.row.slots_used == 0
    others = [running(admin, machine), running(admin, machine)]
    machine.hello(*map(held, others), held(task, "waiting", ended_by="exit"))
    machine.finishes(task)
    assert machine.row.slots_used == machine.row.slots_total
    assert machine.orders() == []
    machine.say(others[0], frames.Failed("x", "y"))
    dispatcher.assign_queued()
    assert machine.orders() == [(Want.RUN, task.id, 1)]
    assert machine.row.slots_used == machine.row.slots_total


@pytest.mark.parametrize(
    ("said", "ended_by"),
    [("working", None), ("waiting", "lease"), ("waiting", "stopped"), ("failed", None)],
)
def test_only_a_result_restores(
    admin: Developer, machine: Driven, said: frames.HeldState, ended_by: frames.StageEndedBy | None
) -> None:
    task = given_up(admin, machine)
    machine.hello(held(task, said, ended_by=ended_by))
    assert status(task) is TaskStatus.FAILED
    assert machine.row.slots_used == (1 if said == "working" else 0)
    told = [(Want.STOP, task.id, 0)] if said == "working" else []
    assert machine.orders() == told


def test_a_task_that_was_retried_is_not_restored(admin: Developer, machine: Driven) -> None:
    task = given_up(admin, machine)
    tasks.retry(admin, task.id)
    machine.hello(held(task, "waiting", ended_by="exit"))
    assert status(task) is TaskStatus.QUEUED
    assert dispatcher.assign_queued() == 1, "the machine has said that nothing of the first runs"
    assert task.attempt == 2


def test_a_task_that_failed_for_another_reason_is_not_restored(
    admin: Developer, machine: Driven
) -> None:
    task = running(admin, machine)
    machine.finishes(task, code=1)
    assert status(task) is TaskStatus.FAILED
    machine.hello(held(task, "waiting", ended_by="exit"))
    assert status(task) is TaskStatus.FAILED


def test_a_task_whose_project_was_deleted_is_not_restored(
    admin: Developer, machine: Driven
) -> None:
    task = given_up(admin, machine)
    deletion.delete(admin, task.project.key)
    machine.hello(held(task, "waiting", ended_by="exit"))
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
    admin: Developer, machine: Driven, outage: None
) -> None:
    task = running(admin, machine)
    back = now() + timedelta(hours=1)
    liveness.notice(back + timedelta(seconds=1))
    liveness.give_up(back + timedelta(seconds=1))
    assert status(task) is TaskStatus.SUSPENDED
    liveness.give_up(back + timedelta(seconds=40))
    assert status(task) is TaskStatus.QUEUED, "an outage of ours costs the stage, not the task"
    assert live(task).outcome is AttemptOutcome.LOST


def test_what_a_lease_cost_in_an_outage_of_ours_does_not_count(
    admin: Developer, machine: Driven, outage: None
) -> None:
    task = running(admin, machine)
    machine.hello(held(task, "waiting", ended_by="lease"), at=now() + timedelta(hours=1))
    machine.finishes(task, how="lease")
    assert status(task) is TaskStatus.QUEUED


def test_the_next_loss_counts_again(admin: Developer, machine: Driven, outage: None) -> None:
    task = running(admin, machine)
    machine.hello(held(task), at=now() + timedelta(hours=1))
    machine.finishes(task, how="lease")
    dispatcher.assign_queued()
    machine.orders()
    machine.begins(task)
    machine.hello()
    assert status(task) is TaskStatus.FAILED


def test_what_begins_after_an_outage_of_ours_counts(
    admin: Developer, machine: Driven, outage: None
) -> None:
    task = running(admin, machine, DEVELOP, {**CHECK, "confirm": True})
    machine.finishes(task)
    machine.hello(held(task, "waiting", ended_by="exit"), at=now() + timedelta(hours=1))
    gates.confirm(admin, task.id, 1, "confirm")
    machine.begins(task, 1)
    machine.hello()
    assert status(task) is TaskStatus.FAILED


def test_a_machine_that_reboots_while_we_are_there_has_no_excuse(
    admin: Developer, machine: Driven
) -> None:
    task = running(admin, machine)
    machine.hello(at=now() + LEASE)
    assert status(task) is TaskStatus.FAILED
