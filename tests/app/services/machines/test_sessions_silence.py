"""A silent machine, and its tasks after its next heartbeat."""

import pytest

from app.domain.machine import MachineStatus
from app.domain.task import EventType as E
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import liveness, sessions
from app.services.machines.orders import DesiredAction
from app.services.tasks import tasks
from muster.protocol import frames
from tests.app.services.fake_machine import (
    FakeMachine,
    events_of,
    make_driven,
    make_held_attempt,
    make_live,
    state,
)
from tests.app.services.machines.machines_world import (
    FAILED,
    LOST,
    QUEUED,
    RUNNING,
    SILENCE,
    assigned,
    running,
    served,
)
from tests.factories import make_server_process

__all__ = ["served"]  # a fixture


def test_a_silent_machine_is_offline_and_its_running_task_waits(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    assert liveness.detect_silent(now()) == 0
    assert liveness.detect_silent(now() + SILENCE) == 1
    assert (machine.row.status, machine.row.connected) == (MachineStatus.OFFLINE, False)
    assert state(task) == LOST
    assert machine.row.slots_used == 1
    assert liveness.detect_silent(now() + SILENCE) == 0


def test_a_machine_that_comes_back_with_its_task_runs_on(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    liveness.detect_silent(now() + SILENCE)
    machine.hello(make_held_attempt(task))
    assert state(task) == RUNNING
    assert machine.row.status is MachineStatus.ONLINE
    assert machine.orders() == []
    assert events_of(task)[-2:] == [E.MACHINE_LOST, E.MACHINE_BACK]


@pytest.mark.parametrize("noticed", [True, False], ids=["lost from sight", "unnoticed"])
def test_the_result_of_a_machine_that_finished_meanwhile_is_accepted(
    admin: Developer, machine: FakeMachine, noticed: bool
) -> None:
    task = running(admin, machine)
    if noticed:
        liveness.detect_silent(now() + SILENCE)
    machine.hello(make_held_attempt(task, "waiting"))
    machine.report_finished(task)
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
    assert state(task) == RUNNING


def test_a_silence_that_ends_on_the_same_connection_leaves_no_trace_but_events(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    liveness.detect_silent(now() + SILENCE)
    liveness.recover_machine(machine.machine_id, machine.generation, now())
    assert state(task) == RUNNING
    assert (machine.row.status, machine.row.connected) == (MachineStatus.ONLINE, True)


def test_a_slot_is_not_freed_by_being_heard_again(admin: Developer, machine: FakeMachine) -> None:
    """Rule 2: the machine has not said that what was cancelled meanwhile is gone."""
    task = running(admin, machine)
    liveness.detect_silent(now() + SILENCE)
    tasks.cancel(admin, task.id)
    tasks.retry(admin, task.id)
    liveness.recover_machine(machine.machine_id, machine.generation, now())
    assert (machine.row.slots_used, make_live(task).has_slot) == (1, True)
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]
    assert dispatcher.assign_queued() == 0


def test_a_replaced_connection_is_not_heard_again(admin: Developer, machine: FakeMachine) -> None:
    liveness.detect_silent(now() + SILENCE)
    liveness.recover_machine(machine.machine_id, machine.generation - 1, now())
    assert machine.row.connected is False


def test_a_decommissioned_machine_is_not_heard_again(machine: FakeMachine) -> None:
    machine.row.status, machine.row.connected = MachineStatus.DECOMMISSIONED, False
    db.session.commit()
    liveness.recover_machine(machine.machine_id, machine.generation, now())
    assert machine.row.status is MachineStatus.DECOMMISSIONED


def test_an_order_that_was_never_accepted_goes_back_to_the_queue_and_waits_for_its_machine(
    admin: Developer, machine: FakeMachine
) -> None:
    task = assigned(admin, machine)
    liveness.detect_silent(now() + SILENCE)
    assert state(task) == QUEUED
    make_driven()
    assert dispatcher.assign_queued() == 0, "the machine may have the order all the same"
    machine.hello()
    assert machine.row.slots_used == 0
    assert dispatcher.assign_queued() == 1
    assert make_live(task).number == 2


def test_a_task_that_was_accepted_but_never_started_does_not_wait_for_the_lease_to_be_over(
    admin: Developer, machine: FakeMachine
) -> None:
    task = assigned(admin, machine)
    machine.report_on(task, frames.Accepted())
    liveness.detect_silent(now() + SILENCE)
    assert state(task) == QUEUED
    make_driven()
    assert dispatcher.assign_queued() == 0, "it may have begun all the same"
    machine.hello(make_held_attempt(task, "stopped"))
    assert dispatcher.assign_queued() == 1


def test_what_takes_its_machine_down_before_it_starts_is_not_tried_for_ever(
    admin: Developer, machine: FakeMachine
) -> None:
    task = assigned(admin, machine, limit=2)
    for lost in (1, 2):
        machine.report_on(task, frames.Accepted())
        liveness.detect_silent(now() + SILENCE)
        assert state(task) == (QUEUED if lost == 1 else FAILED)
        machine.hello()
        dispatcher.assign_queued()
        machine.orders()


def test_what_was_assigned_in_an_outage_of_ours_waits_for_its_machine_to_come_back(
    admin: Developer, machine: FakeMachine
) -> None:
    task = assigned(admin, machine)
    db.session.execute(db.text("DELETE FROM server_processes"))
    make_server_process(started_at=now() + SILENCE)
    liveness.detect_silent(now() + SILENCE)
    assert state(task) == (TaskStatus.ASSIGNED, None)
    machine.hello(make_held_attempt(task))
    assert make_live(task).ended_at is None


def test_an_order_that_was_accepted_unheard_is_stopped_before_its_successor_starts(
    admin: Developer, machine: FakeMachine
) -> None:
    task = assigned(admin, machine)
    liveness.detect_silent(now() + SILENCE)
    machine.hello(make_held_attempt(task))
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]
    assert dispatcher.assign_queued() == 0
    machine.report_on(task, frames.Stopped())
    assert dispatcher.assign_queued() == 1


def test_a_draining_machine_stays_draining_in_silence_and_its_task_waits(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    machine.row.status = MachineStatus.DRAINING
    db.session.commit()
    sessions.end_session(machine.machine_id, machine.generation)
    liveness.detect_silent(now() + SILENCE)
    assert machine.row.status is MachineStatus.DRAINING
    assert state(task) == LOST
    machine.hello(make_held_attempt(task))
    assert (machine.row.status, state(task)) == (MachineStatus.DRAINING, RUNNING)


def test_a_connection_that_ends_is_no_silence_yet(admin: Developer, machine: FakeMachine) -> None:
    task = running(admin, machine)
    sessions.end_session(machine.machine_id, machine.generation)
    liveness.detect_silent(now())
    assert (state(task), machine.row.status) == (RUNNING, MachineStatus.ONLINE)
    assert machine.row.connected is False


def test_the_end_of_a_replaced_connection_changes_nothing(machine: FakeMachine) -> None:
    sessions.end_session(machine.machine_id, machine.generation - 1)
    assert machine.row.connected is True
