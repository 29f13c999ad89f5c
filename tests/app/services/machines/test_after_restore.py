"""A machine that continued while its server was restored from a backup: its reports count once,
and what nobody here has asked for ends.

Each test stops at the moment of the backup (`restore`) and then lets the machine say what the old
server had heard, and this one has not.
"""

from datetime import timedelta

import pytest
from flask import Flask

from app.domain.attempt import AttemptOutcome
from app.domain.sandbox import SandboxLevel
from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import Developer, MachineHeartbeat, Task
from app.server_cli.backups import after_restore
from app.services.clock import now
from app.services.dispatch import dispatcher, wait_reasons
from app.services.dispatch.wait_reasons import NextAction, WaitReason
from app.services.machines import liveness, server_processes
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates, tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    CHANGE,
    TREE,
    FakeMachine,
    events_of,
    make_driven,
    make_held_attempt,
    make_live,
    state,
    status,
    warnings_of,
)
from tests.app.services.machines.drains_world import request_drain
from tests.app.services.machines.machines_world import (
    CHECK,
    DEVELOP,
    GATE,
    QUEUED,
    RUNNING,
    assigned,
    at_a_gate,
    running,
)
from tests.factories import make_project


def restore() -> None:
    """Make this server one that was restored just now, of a backup with what the rows have."""
    db.session.commit()
    cursor = db.session.connection().connection.cursor()
    moment = now()
    after_restore.prepare_restored_rows(
        cursor, moment.isoformat(), moment + timedelta(seconds=1), keep_logins=False
    )
    db.session.commit()
    db.session.expire_all()
    server_processes.record_heartbeat(None, moment)


def a_task(admin: Developer) -> Task:
    project = make_project(pipeline=[DEVELOP, CHECK])
    return tasks.create(admin, project_key=project.key, description="Do it.")


def test_what_was_finished_meanwhile_is_taken_in_and_nothing_is_ordered_again(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    restore()
    machine.hello(make_held_attempt(task, "published", stage=1))
    machine.report_finished(task)
    machine.report_started(task, 1)
    machine.report_finished(task, 1)
    assert machine.orders() == []
    machine.report_published(task)
    assert status(task) is TaskStatus.COMPLETED
    assert (make_live(task).outcome, machine.row.slots_used) == (AttemptOutcome.PUBLISHED, 0)
    assert events_of(task).count(EventType.STAGE_STARTED) == 2
    assert warnings_of(task) == []


def test_one_that_was_handed_out_after_the_backup_is_taken_up(
    admin: Developer, machine: FakeMachine
) -> None:
    task = a_task(admin)
    restore()
    machine.hello(frames.TrackedAttempt(task.id, 1, 0, "working", 0, None))
    assert dispatcher.assign_queued() == 0
    machine.report_started(task)
    assert (state(task), make_live(task).number, machine.row.slots_used) == (RUNNING, 1, 1)
    assert machine.orders() == []
    machine.report_finished(task)
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]


def test_of_two_that_had_it_after_the_backup_the_later_one_goes_on(
    admin: Developer, machine: FakeMachine
) -> None:
    task, other = a_task(admin), make_driven()
    restore()
    other.hello(frames.TrackedAttempt(task.id, 2, 0, "working", 0, None))
    machine.hello(frames.TrackedAttempt(task.id, 1, 0, "working", 0, None))
    assert make_live(task).machine_id == other.machine_id
    assert machine.orders() == [(DesiredAction.FORGET, task.id, 0)]


def test_one_that_was_stopped_is_not_taken_up(admin: Developer, machine: FakeMachine) -> None:
    task = a_task(admin)
    restore()
    machine.hello(frames.TrackedAttempt(task.id, 1, 0, "over", 0, "stopped"))
    assert state(task) == QUEUED
    assert dispatcher.assign_queued() == 1


WHY_NOT = ["protected", "requested", "after", "drained", "agent", "room", "label"]


@pytest.mark.parametrize("why", WHY_NOT)
def test_a_machine_that_could_not_have_been_given_it_does_not_get_it_so(
    admin: Developer, machine: FakeMachine, why: str
) -> None:
    task, other = a_task(admin), make_driven()
    if why == "protected":
        task.project.protected, task.project.protected_machines = True, [str(other.machine_id)]
    if why == "requested":
        task.requested_machine_id = other.machine_id
    if why == "drained":
        request_drain(machine, admin)
    if why == "agent":
        task.agent_type = "codex"
    if why == "room":
        task.project.min_sandbox = SandboxLevel.FULL
    if why == "label":
        task.project.machine_selector = "gpu=true"
    restore()
    number = 2**31 - 1 if why == "after" else 1
    machine.hello(frames.TrackedAttempt(task.id, number, 0, "working", 0, None))
    assert state(task) == QUEUED
    assert machine.orders() == [(DesiredAction.FORGET, task.id, 0)]


def test_it_takes_up_no_more_than_its_slots(admin: Developer, machine: FakeMachine) -> None:
    had, others = running(admin, machine), [a_task(admin) for _ in range(3)]
    restore()
    claimed = [frames.TrackedAttempt(task.id, 1, 0, "working", 0, None) for task in others]
    machine.hello(make_held_attempt(had), *claimed)
    assert machine.row.slots_used == machine.row.slots_total == 2
    assert [state(task) == QUEUED for task in others] == [False, True, True]


def test_what_it_has_finished_since_takes_no_slot_of_what_it_was_given_since(
    admin: Developer, machine: FakeMachine
) -> None:
    before, since = running(admin, machine), [a_task(admin) for _ in range(2)]
    restore()
    machine.hello(*(frames.TrackedAttempt(task.id, 1, 0, "working", 0, None) for task in since))
    assert state(before) == QUEUED
    assert [make_live(task).machine_id for task in since] == [machine.machine_id] * 2


def test_what_it_has_published_since_takes_no_slot(admin: Developer, machine: FakeMachine) -> None:
    before, since = running(admin, machine), [a_task(admin) for _ in range(4)]
    restore()
    done = [frames.TrackedAttempt(task.id, 1, 1, "published", 0, None) for task in since[:2]]
    at_work = [frames.TrackedAttempt(task.id, 1, 0, "working", 0, None) for task in since[2:]]
    machine.hello(make_held_attempt(before, "published", stage=1), *done, *at_work)
    assert [make_live(task).machine_id for task in since] == [machine.machine_id] * 4


def test_a_machine_takes_up_nothing_by_its_second_hello(
    admin: Developer, machine: FakeMachine
) -> None:
    task = a_task(admin)
    restore()
    machine.hello()
    machine.hello(frames.TrackedAttempt(task.id, 1, 0, "working", 0, None))
    assert state(task) == QUEUED


def test_an_attempt_of_a_task_that_is_not_in_the_backup_is_forgotten(machine: FakeMachine) -> None:
    restore()
    machine.hello(frames.TrackedAttempt(77, 1, 0, "working", 0, None))
    assert machine.orders() == [(DesiredAction.FORGET, 77, 0)]


def test_after_an_answer_that_is_not_in_the_backup_the_question_stands(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine, gated=True)
    restore()
    machine.hello(make_held_attempt(task, "working", stage=1))
    machine.report_checkpoint(task)
    machine.report_finished(task)
    assert state(task) == GATE
    machine.report_started(task, 1)
    assert state(task) == QUEUED  # with its gate open
    assert make_live(task).outcome is AttemptOutcome.HANDED_OVER
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]
    machine.report_on(task, frames.Stopped())
    assert machine.row.slots_used == 0
    assert dispatcher.assign_queued() == 0
    gates.confirm_stage(admin, task.id, 1, "confirm")
    assert dispatcher.assign_queued() == 1
    assert make_live(task).number > 1000
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]


def test_what_was_published_after_such_an_answer_is_told_and_not_the_result(
    admin: Developer, machine: FakeMachine
) -> None:
    task = at_a_gate(admin, machine)
    restore()
    machine.hello(make_held_attempt(task, "published", stage=1))
    machine.report_started(task, 1)
    machine.report_finished(task, 1)
    machine.report_on(task, frames.Published(f"muster/{task.id}-1", "beef", CHANGE), attempt=1)
    assert state(task) == QUEUED
    assert f"muster/{task.id}-1" in warnings_of(task)[-1]


@pytest.mark.parametrize("push_state", ["announced", "refused"])
def test_a_push_that_was_ordered_after_such_an_answer_is_ordered_anew(
    admin: Developer, machine: FakeMachine, push_state: str
) -> None:
    task = at_a_gate(admin, machine)
    restore()
    machine.hello(make_held_attempt(task, "publishing", stage=1))
    if push_state == "announced":
        machine.report_on(task, frames.PublishPreview(0, "beef", TREE))
    else:
        machine.report_on(task, frames.BranchRefused(0, task.branch_name, "beef", "f" * 40))
    assert state(task) == QUEUED
    assert make_live(task).outcome is AttemptOutcome.HANDED_OVER


def test_a_second_push_of_which_the_rows_do_not_know_is_ordered_anew(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    machine.report_finished(task)
    machine.report_started(task, 1)
    machine.report_finished(task, 1)
    restore()
    machine.hello(make_held_attempt(task, "publishing", stage=1))
    machine.report_on(task, frames.BranchRefused(1, task.branch_name, "beef", "f" * 40))
    assert state(task) == QUEUED


def test_that_a_machine_lost_meanwhile_what_it_had_does_not_count(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine, limit=1)
    restore()
    machine.hello()
    assert state(task) == QUEUED


def test_no_attempt_has_a_number_that_was_given_before(
    admin: Developer, machine: FakeMachine
) -> None:
    task = a_task(admin)
    restore()
    machine.hello()
    dispatcher.assign_queued()
    number = make_live(task).number
    assert number > 1000
    machine.hello()  # it never came to it
    assert number == make_live(task).number


def test_what_is_of_before_waits_until_each_machine_is_heard_of(
    admin: Developer, machine: FakeMachine
) -> None:
    task, other = a_task(admin), make_driven()
    restore()
    machine.hello()
    assert dispatcher.assign_queued() == 0
    [wait] = wait_reasons.find_waits([task], {}).values()
    assert (wait.reason, wait.next_action) == (WaitReason.PREDECESSOR, NextAction.DISPATCH)
    assert wait.at is not None
    later = a_task(admin)
    later.created_at = now() + timedelta(seconds=2)
    db.session.commit()
    assert dispatcher.assign_queued() == 1
    assert (state(task), status(later)) == (QUEUED, TaskStatus.ASSIGNED)
    other.hello()
    assert dispatcher.assign_queued() == 1


def test_it_waits_no_longer_than_a_lease_from_the_first_sign_of_a_server(
    app: Flask, admin: Developer, machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_task(admin)
    make_driven()
    monkeypatch.setitem(app.config, "LEASE_SECONDS", 0.0)
    restore()
    machine.hello()
    assert dispatcher.assign_queued() == 1


def test_a_machine_has_its_time_from_that_sign_on(admin: Developer, machine: FakeMachine) -> None:
    task = assigned(admin, machine)
    heartbeat = db.session.get_one(MachineHeartbeat, machine.machine_id)
    heartbeat.received_at = heartbeat.lease_until = now() - timedelta(days=1)
    restore()
    liveness.expire_leases(now())
    assert liveness.detect_silent(now()) == 0
    liveness.detect_silent(now() + timedelta(seconds=60))
    assert status(task) is TaskStatus.ASSIGNED
    machine.hello(make_held_attempt(task))
    assert status(task) is TaskStatus.ASSIGNED
