"""Whole lives of tasks, from creation to their end, as the machine's reports drive them."""

import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.clock import now
from app.services.dispatch import dispatch
from app.services.machines import liveness
from app.services.machines.orders import Want
from app.services.tasks import gates, reads, tasks
from muster.protocol import frames
from tests.app.services.driven import (
    Driven,
    events_of,
    held,
    live,
    log_frame,
    log_of,
    make_driven,
    status,
    warnings_of,
)
from tests.factories import make_developer, make_project

DEVELOP = {"name": "develop", "command": "{description}", "kind": "agent", "timeout": 60}
CHECK = {"name": "check", "command": "make test", "kind": "shell", "timeout": 60}
SHIP = {"name": "ship", "command": "Ship: {input}", "kind": "agent", "timeout": 60}
GATED = [DEVELOP, CHECK, {**SHIP, "confirm": True}]


@pytest.fixture
def actor(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def machine(app: Flask) -> Driven:
    return make_driven()


Create = Callable[..., Task]


@pytest.fixture
def create(actor: Developer) -> Create:
    def make(pipeline: list[dict[str, Any]] | None = None, **fields: Any) -> Task:
        project = make_project(pipeline=pipeline or [DEVELOP])
        return tasks.create(actor, project_key=project.key, description="Do it.", **fields)

    return make


# ---- the long way ------------------------------------------------------------------------------


def test_a_task_goes_from_created_to_completed(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = create(GATED)
    assert dispatch.assign_queued() == 1
    assert machine.orders() == [(Want.RUN, task.id, 0)]
    assert (status(task), machine.row.slots_used) == (TaskStatus.ASSIGNED, 1)
    machine.begins(task)
    assert status(task) is TaskStatus.RUNNING
    machine.say(task, logs=[log_frame(task, b"working\n")])
    machine.checkpoints(task)
    machine.finishes(task)
    assert machine.orders() == [(Want.RUN, task.id, 1)]
    machine.begins(task, 1)
    machine.checkpoints(task, 1)
    machine.finishes(task, 1)
    # At the gate: no process, no slot, but the workspace.
    assert (status(task), machine.row.slots_used) == (TaskStatus.SUSPENDED, 0)
    assert machine.orders() == []
    pending = gates.pending(actor, task.id)
    assert (pending.stage_index, pending.stage_name) == (2, "ship")
    gates.confirm(actor, task.id, 2, "confirm", "looks right")
    assert (status(task), machine.row.slots_used) == (TaskStatus.ASSIGNED, 1)
    assert machine.orders() == [(Want.RUN, task.id, 2)]
    machine.begins(task, 2)
    machine.finishes(task, 2)
    assert machine.orders() == [(Want.PUBLISH, task.id, 0)]
    machine.publishes(task)
    done = reads.get(actor, task.id)
    assert done.status is TaskStatus.COMPLETED
    assert done.result == {
        "commit": "beef",
        "pushed": True,
        "filesChanged": 1,
        "insertions": 2,
        "deletions": 3,
    }
    assert (live(task).outcome, machine.row.slots_used) == (AttemptOutcome.PUBLISHED, 0)
    assert log_of(actor, task) == b"working\n"
    assert events_of(task) == [
        E.CREATED, E.ASSIGNED, E.STARTED, E.STAGE_STARTED, E.CHECKPOINT, E.STAGE_FINISHED,
        E.STAGE_STARTED, E.CHECKPOINT, E.STAGE_FINISHED, E.SUSPENDED, E.CONFIRMED, E.RESUMED,
        E.STAGE_STARTED, E.STAGE_FINISHED, E.PUBLISHED, E.COMPLETED,
    ]  # fmt: skip


def test_a_stages_end_waits_for_its_log(actor: Developer, machine: Driven, create: Create) -> None:
    task = create([DEVELOP, CHECK])
    dispatch.assign_queued()
    machine.orders()
    machine.begins(task)
    outcome = machine.say(task, frames.StageFinished(stage_index=0, log_end=12, how="exit"))
    assert outcome.up_to == machine.seq, "it is acked at once"
    assert machine.orders() == []
    machine.apply([], [log_frame(task, b"all ")])
    assert machine.orders() == []
    assert E.STAGE_FINISHED not in events_of(task)
    machine.apply([], [log_frame(task, b"the rest", 4)])
    assert machine.orders() == [(Want.RUN, task.id, 1)]
    assert log_of(actor, task) == b"all the rest"


def test_a_stages_end_takes_effect_when_the_missing_log_is_declared_lost(
    machine: Driven, create: Create
) -> None:
    task = create([DEVELOP, CHECK])
    dispatch.assign_queued()
    machine.orders()
    machine.begins(task)
    machine.say(task, frames.StageFinished(stage_index=0, log_end=12, how="exit"))
    machine.say(task, frames.LogLost(start=0, end=12))
    assert machine.orders() == [(Want.RUN, task.id, 1)]


def test_a_stages_end_and_its_log_may_come_in_one_batch(machine: Driven, create: Create) -> None:
    task = create([DEVELOP, CHECK])
    dispatch.assign_queued()
    machine.orders()
    machine.say(
        task,
        frames.Accepted(),
        frames.StageStarted(stage_index=0),
        frames.StageFinished(stage_index=0, log_end=4, how="exit"),
        logs=[log_frame(task, b"done")],
    )
    assert machine.orders() == [(Want.RUN, task.id, 1)]


# ---- ends ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "code", "failure"),
    [
        pytest.param("exit", 3, "stage_failed", id="exit code"),
        pytest.param("signal", signal.SIGKILL, "stage_failed", id="signal"),
        pytest.param("timeout", 0, "stage_timeout", id="timeout"),
    ],
)
def test_a_stage_that_does_not_succeed_fails_the_task(
    machine: Driven, create: Create, how: str, code: int, failure: str
) -> None:
    task = create([DEVELOP, CHECK])
    dispatch.assign_queued()
    machine.begins(task)
    machine.finishes(task, how=how, code=code)
    assert status(task) is TaskStatus.FAILED
    assert task.failure is not None
    assert (task.failure["code"], task.failure["stageIndex"]) == (failure, 0)
    assert machine.row.slots_used == 0
    assert machine.orders() == []


def test_a_machine_that_cannot_go_on_fails_the_task_in_its_own_words(
    machine: Driven, create: Create
) -> None:
    task = create()
    dispatch.assign_queued()
    words = "fatal: repository 'https://git.example.org/x.git/' not found"
    machine.say(task, frames.Accepted(), frames.Failed("repository_unreachable", words))
    assert status(task) is TaskStatus.FAILED
    assert task.failure == {"code": "repository_unreachable", "message": words, "stageIndex": 0}
    assert machine.row.slots_used == 0


def test_a_stage_that_the_machine_fenced_is_lost_and_not_failed(
    actor: Developer, machine: Driven, create: Create
) -> None:
    """Its lease was over because it could not reach us: that may cost the stage, not the task."""
    task = create([DEVELOP, CHECK])
    dispatch.assign_queued()
    machine.begins(task)
    machine.checkpoints(task)
    machine.finishes(task)
    machine.begins(task, 1)
    machine.finishes(task, 1, how="lease")
    assert (status(task), task.stage_index) == (TaskStatus.QUEUED, 1)
    assert live(task).outcome is AttemptOutcome.LOST
    assert machine.row.slots_used == 0


# ---- cancel ------------------------------------------------------------------------------------


def test_a_queued_task_is_cancelled_and_never_dispatched(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = create()
    tasks.cancel(actor, task.id)
    assert dispatch.assign_queued() == 0
    assert events_of(task) == [E.CREATED, E.CANCELLED]


@pytest.mark.parametrize("begun", [False, True], ids=["assigned", "running"])
def test_a_cancelled_tasks_slot_is_free_when_the_machine_confirms(
    actor: Developer, machine: Driven, create: Create, begun: bool
) -> None:
    task = create()
    dispatch.assign_queued()
    machine.orders()
    if begun:
        machine.begins(task)
    tasks.cancel(actor, task.id)
    assert (status(task), machine.row.slots_used) == (TaskStatus.CANCELLED, 1)
    assert machine.orders() == [(Want.STOP, task.id, 0)]
    machine.say(task, frames.Stopped())
    assert (status(task), machine.row.slots_used) == (TaskStatus.CANCELLED, 0)
    assert machine.orders() == []


def test_a_task_cancelled_at_its_gate_leaves_nothing_to_stop(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = at_the_gate(machine, create)
    tasks.cancel(actor, task.id)
    assert (status(task), machine.row.slots_used) == (TaskStatus.CANCELLED, 0)
    assert machine.orders() == []


def test_a_task_cancelled_while_its_machine_is_lost_is_stopped_when_it_is_back(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = create()
    dispatch.assign_queued()
    machine.begins(task)
    liveness.notice(now() + timedelta(seconds=40))
    tasks.cancel(actor, task.id)
    machine.hello(held(task))
    assert machine.orders() == [(Want.STOP, task.id, 0)]


def test_the_branch_of_a_cancelled_task_that_was_pushed_is_named(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = create()
    dispatch.assign_queued()
    machine.begins(task)
    machine.finishes(task)
    tasks.cancel(actor, task.id)
    outcome = machine.publishes(task)
    assert (task.id, 1) in outcome.stale
    assert (status(task), task.result) == (TaskStatus.CANCELLED, None)
    assert f"muster/{task.id}-1" in warnings_of(task)[0]


# ---- gates ---------------------------------------------------------------------------------------


def at_the_gate(machine: Driven, create: Create, *, checkpoint: bool = True) -> Task:
    """A task that has done its first stage and waits before its second."""
    task = create([DEVELOP, {**CHECK, "confirm": True}])
    dispatch.assign_queued()
    machine.orders()
    machine.begins(task)
    if checkpoint:
        machine.checkpoints(task)
    machine.finishes(task)
    return task


def test_a_gate_before_the_first_stage_needs_no_machine(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = create([{**SHIP, "input": True}])
    assert status(task) is TaskStatus.SUSPENDED
    assert dispatch.assign_queued() == 0
    gates.confirm(actor, task.id, 0, "softly")
    assert status(task) is TaskStatus.QUEUED
    assert dispatch.assign_queued() == 1
    assert machine.orders() == [(Want.RUN, task.id, 0)]


def test_a_slot_that_is_taken_is_waited_for_and_comes_before_the_queue(
    actor: Developer, create: Create
) -> None:
    machine = make_driven(slots=1)
    task = at_the_gate(machine, create)
    other = create()
    dispatch.assign_queued()
    assert machine.orders() == [(Want.RUN, other.id, 0)]
    machine.begins(other)
    behind = create(priority=9)
    gates.confirm(actor, task.id, 1, "confirm")
    assert (status(task), live(task).holds_slot) == (TaskStatus.ASSIGNED, False)
    assert machine.orders() == []
    machine.say(other, frames.Failed("unknown", "it broke"))
    dispatch.assign_queued()
    assert machine.orders() == [(Want.RUN, task.id, 1)]
    assert machine.row.slots_used == 1
    assert status(behind) is TaskStatus.QUEUED


def test_a_draining_machine_still_resumes_the_answered_task_that_only_it_can_go_on_with(
    actor: Developer, create: Create
) -> None:
    machine = make_driven(slots=1)
    task = at_the_gate(machine, create, checkpoint=False)
    other = create()
    dispatch.assign_queued()
    machine.begins(other)
    machine.row.status = "draining"
    db.session.commit()
    gates.confirm(actor, task.id, 1, "confirm")
    machine.say(other, frames.Failed("unknown", "it broke"))
    dispatch.assign_queued()
    assert (Want.RUN, task.id, 1) in machine.orders()


@pytest.mark.parametrize("gone", ["offline", "draining"])
def test_an_answered_task_goes_on_elsewhere_when_its_machine_cannot(
    actor: Developer, machine: Driven, create: Create, gone: str
) -> None:
    task = at_the_gate(machine, create)
    machine.row.status = gone
    db.session.commit()
    elsewhere = make_driven()
    gates.confirm(actor, task.id, 1, "confirm")
    assert live(task).outcome is AttemptOutcome.HANDED_OVER
    assert dispatch.assign_queued() == 1
    assert elsewhere.orders() == [(Want.RUN, task.id, 1)]
    assert live(task).resume_from == f"refs/muster/{task.id}/1/0"


def test_a_rejected_task_is_cancelled_with_the_reason(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = at_the_gate(machine, create)
    gates.confirm(actor, task.id, 1, "reject", "not like this")
    assert status(task) is TaskStatus.CANCELLED
    assert live(task).outcome is AttemptOutcome.CANCELLED
    assert events_of(task)[-2:] == [E.CONFIRMED, E.CANCELLED]


# ---- retry ---------------------------------------------------------------------------------------


def test_a_retry_begins_anew_in_a_new_round(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = create([{**DEVELOP, "confirm": True}])
    gates.confirm(actor, task.id, 0, "reject")
    tasks.retry(actor, task.id)
    assert (status(task), task.round) == (TaskStatus.SUSPENDED, 2)
    gates.confirm(actor, task.id, 0, "confirm")
    dispatch.assign_queued()
    assert machine.orders() == [(Want.RUN, task.id, 0)]
    assert live(task).resume_from is None


def test_a_retry_goes_on_from_a_checkpoint(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = create([DEVELOP, CHECK, SHIP])
    dispatch.assign_queued()
    machine.begins(task)
    machine.checkpoints(task)
    machine.finishes(task)
    machine.begins(task, 1)
    machine.finishes(task, 1, code=1)
    machine.orders()
    tasks.retry(actor, task.id, 1)
    dispatch.assign_queued()
    assert machine.orders() == [(Want.RUN, task.id, 1)]
    assert live(task).resume_from == f"refs/muster/{task.id}/1/0"
    assert (task.attempt, task.round) == (2, 2)


def test_a_retry_waits_until_what_was_cancelled_has_stopped(
    actor: Developer, machine: Driven, create: Create
) -> None:
    task = create()
    dispatch.assign_queued()
    machine.begins(task)
    tasks.cancel(actor, task.id)
    tasks.retry(actor, task.id)
    make_driven()  # a slot is free elsewhere
    assert dispatch.assign_queued() == 0
    machine.say(task, frames.Stopped(), attempt=1)
    assert dispatch.assign_queued() == 1


def test_the_phase_follows_the_pipeline(machine: Driven, create: Create) -> None:
    task = at_the_gate(machine, create)
    assert (live(task).phase, live(task).stage_index) == (AttemptPhase.GATE, 1)
