"""What people do to a task while it lives: they cancel it, answer it, and try it again."""

from datetime import timedelta

import pytest

from app.domain.attempt import AttemptOutcome
from app.domain.sandbox import SandboxLevel
from app.domain.task import EventType as E
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import liveness, machine_admin, sessions
from app.services.machines.orders import DesiredAction
from app.services.projects import projects
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    make_driven,
    make_held_attempt,
    make_live,
    status,
    warnings_of,
)
from tests.app.services.tasks.stages_world import (
    CHECK,
    DEVELOP,
    SHIP,
    Create,
    actor,
    at_the_gate,
    create,
    machine,
)

__all__ = ["actor", "create", "machine"]  # fixtures

FULL = {"level": "full", "missing": []}


# ---- cancel --------------------------------------------------------------------------------------


def test_a_queued_task_is_cancelled_and_never_dispatched(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create()
    tasks.cancel(actor, task.id)
    assert dispatcher.assign_queued() == 0
    assert events_of(task) == [E.CREATED, E.CANCELLED]


@pytest.mark.parametrize("begun", [False, True], ids=["assigned", "running"])
def test_a_cancelled_tasks_slot_is_free_when_the_machine_confirms(
    actor: Developer, machine: FakeMachine, create: Create, begun: bool
) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.orders()
    if begun:
        machine.report_started(task)
    tasks.cancel(actor, task.id)
    assert (status(task), machine.row.slots_used) == (TaskStatus.CANCELLED, 1)
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]
    machine.report_on(task, frames.Stopped())
    assert (status(task), machine.row.slots_used) == (TaskStatus.CANCELLED, 0)
    assert machine.orders() == []


def test_a_task_cancelled_at_its_gate_leaves_nothing_to_stop(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = at_the_gate(machine, create)
    tasks.cancel(actor, task.id)
    assert (status(task), machine.row.slots_used) == (TaskStatus.CANCELLED, 0)
    assert machine.orders() == []


def test_a_task_cancelled_while_its_machine_is_lost_is_stopped_when_it_is_back(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.report_started(task)
    liveness.detect_silent(now() + timedelta(seconds=40))
    tasks.cancel(actor, task.id)
    machine.hello(make_held_attempt(task))
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]


def test_the_branch_of_a_cancelled_task_that_was_pushed_is_named(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.report_finished(task)
    tasks.cancel(actor, task.id)
    outcome = machine.report_published(task)
    assert (task.id, 1) in outcome.stale
    assert (status(task), task.result) == (TaskStatus.CANCELLED, None)
    assert f"muster/{task.id}-1" in warnings_of(task)[0]


# ---- gates ---------------------------------------------------------------------------------------


def test_a_gate_before_the_first_stage_needs_no_machine(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([{**SHIP, "input": True}])
    assert status(task) is TaskStatus.SUSPENDED
    assert dispatcher.assign_queued() == 0
    gates.confirm_stage(actor, task.id, 0, "softly")
    assert status(task) is TaskStatus.QUEUED
    assert dispatcher.assign_queued() == 1
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]


def test_a_slot_that_is_taken_is_waited_for_and_comes_before_the_queue(
    actor: Developer, create: Create
) -> None:
    machine = make_driven(slots=1)
    task = at_the_gate(machine, create)
    other = create()
    dispatcher.assign_queued()
    assert machine.orders() == [(DesiredAction.RUN, other.id, 0)]
    machine.report_started(other)
    behind = create(priority=9)
    gates.confirm_stage(actor, task.id, 1, "confirm")
    assert (status(task), make_live(task).has_slot) == (TaskStatus.ASSIGNED, False)
    assert machine.orders() == []
    machine.report_on(other, frames.Failed("unknown", "it broke"))
    dispatcher.assign_queued()
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
    assert machine.row.slots_used == 1
    assert status(behind) is TaskStatus.QUEUED


def test_a_draining_machine_still_resumes_the_answered_task_that_only_it_can_go_on_with(
    actor: Developer, create: Create
) -> None:
    machine = make_driven(slots=1)
    task = at_the_gate(machine, create, checkpoint=False)
    other = create()
    dispatcher.assign_queued()
    machine.report_started(other)
    machine.row.status = "draining"
    db.session.commit()
    gates.confirm_stage(actor, task.id, 1, "confirm")
    machine.report_on(other, frames.Failed("unknown", "it broke"))
    dispatcher.assign_queued()
    assert (DesiredAction.RUN, task.id, 1) in machine.orders()


@pytest.mark.parametrize("gone", ["offline", "draining"])
def test_an_answered_task_goes_on_elsewhere_when_its_machine_cannot(
    actor: Developer, machine: FakeMachine, create: Create, gone: str
) -> None:
    task = at_the_gate(machine, create)
    machine.row.status = gone
    db.session.commit()
    elsewhere = make_driven()
    gates.confirm_stage(actor, task.id, 1, "confirm")
    assert make_live(task).outcome is AttemptOutcome.HANDED_OVER
    assert dispatcher.assign_queued() == 1
    assert elsewhere.orders() == [(DesiredAction.RUN, task.id, 1)]
    at = make_live(task)
    assert (at.resume_from, at.resume_commit) == (f"refs/muster/{task.id}/1/0", "c0ffee")


@pytest.mark.parametrize("is_pushed", [True, False], ids=["pushed", "only here"])
def test_an_answered_task_leaves_a_machine_that_has_lost_its_sandbox_if_it_can(
    actor: Developer, machine: FakeMachine, create: Create, is_pushed: bool
) -> None:
    machine.row.sandbox = FULL
    task = at_the_gate(machine, create, checkpoint=is_pushed, min_sandbox=SandboxLevel.FULL)
    sessions.store_facts(
        machine.machine_id, machine.generation, sandbox={**FULL, "level": "processes"}
    )
    make_driven()  # has not said
    elsewhere = make_driven(sandbox=frames.SandboxFacts("full"))
    gates.confirm_stage(actor, task.id, 1, "confirm")
    if not is_pushed:  # it says itself that it cannot, and keeps the work
        assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
        return
    assert make_live(task).outcome is AttemptOutcome.HANDED_OVER
    assert dispatcher.assign_queued() == 1
    assert elsewhere.orders() == [(DesiredAction.RUN, task.id, 1)]


@pytest.mark.parametrize("is_pushed", [True, False], ids=["pushed", "only here"])
def test_an_answered_task_leaves_a_machine_whose_labels_have_changed_if_it_can(
    actor: Developer, machine: FakeMachine, create: Create, is_pushed: bool
) -> None:
    machine.row.labels = {"gpu": "true"}
    task = at_the_gate(machine, create, checkpoint=is_pushed, machine_selector="gpu=true")
    machine_admin.update_machine(actor, machine.machine_id, labels={"gpu": "false"})
    gates.confirm_stage(actor, task.id, 1, "confirm")
    if not is_pushed:
        assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
        return
    assert make_live(task).outcome is AttemptOutcome.HANDED_OVER
    assert dispatcher.assign_queued() == 0
    elsewhere = make_driven()
    elsewhere.row.labels = {"gpu": "true"}
    db.session.commit()
    assert dispatcher.assign_queued() == 1
    assert elsewhere.orders() == [(DesiredAction.RUN, task.id, 1)]


@pytest.mark.parametrize("is_pushed", [True, False], ids=["pushed", "only there"])
def test_an_answered_task_never_goes_on_where_its_project_has_been_protected_from(
    actor: Developer, machine: FakeMachine, create: Create, is_pushed: bool
) -> None:
    task = at_the_gate(machine, create, checkpoint=is_pushed)
    elsewhere = make_driven()
    named = {"protected": True, "protected_machines": [elsewhere.machine_id]}
    projects.update(actor, task.project.key, **named)
    gates.confirm_stage(actor, task.id, 1, "confirm")
    assert make_live(task).outcome is AttemptOutcome.HANDED_OVER
    assert dispatcher.assign_queued() == 1
    # What was nowhere else is done again.
    assert elsewhere.orders() == [(DesiredAction.RUN, task.id, 1 if is_pushed else 0)]


def test_a_rejected_task_is_cancelled_with_the_reason(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = at_the_gate(machine, create)
    gates.confirm_stage(actor, task.id, 1, "reject", "not like this")
    assert status(task) is TaskStatus.CANCELLED
    assert make_live(task).outcome is AttemptOutcome.CANCELLED
    assert events_of(task)[-2:] == [E.CONFIRMED, E.CANCELLED]


# ---- retry ---------------------------------------------------------------------------------------


def test_a_retry_begins_anew_in_a_new_round(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([{**DEVELOP, "confirm": True}])
    gates.confirm_stage(actor, task.id, 0, "reject")
    tasks.retry(actor, task.id)
    assert (status(task), task.round) == (TaskStatus.SUSPENDED, 2)
    gates.confirm_stage(actor, task.id, 0, "confirm")
    dispatcher.assign_queued()
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]
    assert make_live(task).resume_from is None


def test_a_retry_goes_on_from_a_checkpoint(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create([DEVELOP, CHECK, SHIP])
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    machine.report_started(task, 1)
    machine.report_finished(task, 1, code=1)
    machine.orders()
    tasks.retry(actor, task.id, 1)
    dispatcher.assign_queued()
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/0"
    assert (task.attempt, task.round) == (2, 2)


def test_a_retry_waits_until_what_was_cancelled_has_stopped(
    actor: Developer, machine: FakeMachine, create: Create
) -> None:
    task = create()
    dispatcher.assign_queued()
    machine.report_started(task)
    tasks.cancel(actor, task.id)
    tasks.retry(actor, task.id)
    make_driven()  # a slot is free elsewhere
    assert dispatcher.assign_queued() == 0
    machine.report_on(task, frames.Stopped(), attempt=1)
    assert dispatcher.assign_queued() == 1
