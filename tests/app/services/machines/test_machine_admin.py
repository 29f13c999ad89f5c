"""A machine is taken away for good, and each of its tasks has its fate in the same transaction."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask

from app.domain.errors import InvalidToken, MachineDecommissioned, NotFound
from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.domain.tokens import TokenKind, digest
from app.extensions import db
from app.models import Developer, MachineHeartbeat
from app.services.accounts import tokens
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import enrollment, heartbeats, liveness, machine_admin
from app.services.machines.heartbeats import ReceivedHeartbeat
from app.services.machines.orders import DesiredAction
from app.services.tasks import gates
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_driven, make_live
from tests.factories import make_attempt, make_developer, make_gate, make_project
from tests.factories import make_task as a_task

STAGE = {"name": "develop", "command": "x", "kind": "agent", "timeout": 60}
PIPELINE = [STAGE, {**STAGE, "name": "check", "confirm": True}]
CHECKPOINT = {"0": {"ref": "refs/muster/1/1/0", "commit": "c0ffee"}}


@pytest.fixture
def machine(app: Flask) -> FakeMachine:
    return make_driven(slots=4)


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


def test_what_runs_fails_and_what_waits_is_queued(machine: FakeMachine, admin: Developer) -> None:
    project = make_project(pipeline=PIPELINE)
    runs = a_task(project=project, status=TaskStatus.RUNNING)
    due = a_task(project=project, status=TaskStatus.ASSIGNED)
    unseen = a_task(
        project=project, status=TaskStatus.SUSPENDED, suspend_reason=SuspendReason.MACHINE_LOST
    )
    asks = a_task(
        project=project,
        status=TaskStatus.SUSPENDED,
        suspend_reason=SuspendReason.GATE,
        stage_index=1,
        checkpoints=CHECKPOINT,
    )
    for task in (runs, due, unseen):
        make_attempt(task, machine.row)
    make_attempt(asks, machine.row, phase="gate", has_slot=False)
    make_gate(asks)

    machine_admin.decommission(admin, machine.machine_id)
    assert [task.status for task in (runs, due, unseen, asks)] == ["failed", *["queued"] * 3]
    assert runs.failure and runs.failure["code"] == "machine_decommissioned"  # noqa: PT018
    assert machine.row.status is MachineStatus.DECOMMISSIONED
    assert all(make_live(task).ended_at for task in (runs, due, unseen, asks))

    elsewhere = make_driven(slots=4)
    assert dispatcher.assign_queued() == 0, "what ran there may still run, and the gate is open"
    gates.confirm_stage(admin, asks.id, 1, "confirm")
    assert dispatcher.assign_queued() == 1
    assert elsewhere.orders() == [(DesiredAction.RUN, asks.id, 1)]


def test_nobody_waits_for_a_machine_that_an_admin_knows_to_be_dead(
    machine: FakeMachine, admin: Developer
) -> None:
    task = a_task(status=TaskStatus.ASSIGNED)
    make_attempt(task, machine.row)
    machine_admin.decommission(admin, machine.machine_id)
    make_driven()
    assert dispatcher.assign_queued() == 0
    machine_admin.decommission(admin, machine.machine_id, dead=True)  # what was not known at first
    assert dispatcher.assign_queued() == 1


def test_its_credentials_die_with_it(machine: FakeMachine, admin: Developer) -> None:
    secret = tokens.generate(TokenKind.RECOVERY)
    row = machine.row
    row.recovery_digest = digest(secret)
    db.session.commit()
    jwt = tokens.worker_jwt(row)[0]
    machine_admin.decommission(admin, machine.machine_id)
    with pytest.raises(InvalidToken):
        tokens.machine_of(jwt)
    with pytest.raises(MachineDecommissioned):
        machine.hello()
    with pytest.raises(InvalidToken):
        enrollment.recover(machine.machine_id, secret)
    assert (machine.row.recovery_digest, machine.row.next_recovery_digest) == ("", None)


def test_a_late_heartbeat_and_the_sweep_of_silence_leave_it_alone(
    machine: FakeMachine, admin: Developer
) -> None:
    machine_admin.decommission(admin, machine.machine_id, dead=True)
    until = db.session.get_one(MachineHeartbeat, machine.machine_id).lease_until
    moment = now() + timedelta(seconds=1)
    heartbeats.write_heartbeats(
        [ReceivedHeartbeat(machine.machine_id, machine.generation, 1, moment, None)]
    )
    sign = db.session.get_one(MachineHeartbeat, machine.machine_id, populate_existing=True)
    assert sign.lease_until == until
    assert liveness.detect_silent(now() + timedelta(hours=1)) == 0


def test_its_last_words_change_nothing(machine: FakeMachine, admin: Developer) -> None:
    task = a_task(status=TaskStatus.RUNNING)
    make_attempt(task, machine.row)
    machine_admin.decommission(admin, machine.machine_id)
    machine.report_on(task, frames.Stopped())
    machine.apply([machine.report(0, 0, frames.Drained())])
    assert machine.row.status is MachineStatus.DECOMMISSIONED
    assert task.status is TaskStatus.FAILED


def test_what_is_not_there_cannot_be_taken_away(admin: Developer) -> None:
    with pytest.raises(NotFound):
        machine_admin.decommission(admin, uuid.uuid4())


def test_the_number_of_slots_that_an_admin_gave_outlives_a_reconnect(
    machine: FakeMachine, admin: Developer
) -> None:
    machine_admin.update_machine(admin, machine.machine_id, slots=7)
    machine.hello()
    assert machine.row.slots_total == 7
