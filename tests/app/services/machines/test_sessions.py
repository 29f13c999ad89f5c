"""A machine that comes back: what its hello names, and what it does not."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask

from app.domain.attempt import AttemptOutcome
from app.domain.errors import InvalidToken, MachineDecommissioned
from app.domain.machine import MachineStatus
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Developer, Machine, MachineHeartbeat
from app.services.accounts import tokens
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import orders, sessions
from app.services.machines.orders import DesiredAction
from app.services.tasks import tasks, workspace_cleanup
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_held_attempt, make_live, state
from tests.app.services.machines.machines_world import (
    FAILED,
    LEASE,
    QUEUED,
    RUNNING,
    assigned,
    running,
    served,
)
from tests.app.services.statements import counted
from tests.factories import make_attempt, make_machine, make_task

__all__ = ["served"]  # a fixture


# ---- what a hello does not name ------------------------------------------------------------------


def test_what_a_replaced_connection_says_has_changed_is_not_stored(machine: FakeMachine) -> None:
    former = machine.generation
    machine.hello()
    sessions.store_facts(machine.machine_id, former, repositories=["https://git.example.org/x.git"])
    assert machine.row.repositories == []
    sessions.store_facts(machine.machine_id, machine.generation, repositories=["x"])
    assert machine.row.repositories == ["x"]


def test_labels_are_what_the_last_hello_says_and_admins_stay(machine: FakeMachine) -> None:
    machine.row.admin_labels = {"zone": "eu"}
    machine.labels = {"gpu": "true", "zone": "us"}
    machine.hello()
    assert machine.row.all_labels == {"gpu": "true", "zone": "eu"}
    machine.labels = {}
    machine.hello()
    assert machine.row.all_labels == {"zone": "eu"}


def test_what_a_machine_says_is_kept_without_control_characters() -> None:
    [row] = sessions.capability_rows([frames.Capability("claude", reason="no\x1b[2J\u202eway")])
    assert row["reason"] == "no⟨U+001B⟩[2J⟨U+202E⟩way"
    assert sessions.sandbox_row(frames.SandboxFacts("none", ["\n"])) == {
        "level": "none",
        "missing": ["�"],
    }


def test_the_sandbox_is_what_the_last_hello_or_heartbeat_reports(machine: FakeMachine) -> None:
    assert machine.row.sandbox is None
    machine.sandbox = frames.SandboxFacts("full")
    machine.hello()
    assert machine.row.sandbox == {"level": "full", "missing": []}
    lower = sessions.sandbox_row(frames.SandboxFacts("none", ["x" * 600] * 30))
    sessions.store_facts(machine.machine_id, machine.generation, sandbox=lower)
    assert machine.row.sandbox == {"level": "none", "missing": ["x" * 500] * 20}


def test_a_running_task_that_the_machine_knows_nothing_of_is_queued_at_once(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    machine.hello()
    assert state(task) == QUEUED
    assert (make_live(task).outcome, machine.row.slots_used) == (AttemptOutcome.LOST, 0)
    assert dispatcher.assign_queued() == 1
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]


def test_a_lost_task_goes_on_from_its_last_checkpoint(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    machine.report_checkpoint(task)
    machine.report_finished(task)
    machine.report_started(task, 1)
    machine.hello()
    dispatcher.assign_queued()
    assert machine.orders() == [(DesiredAction.RUN, task.id, 1)]
    assert make_live(task).resume_from == f"refs/muster/{task.id}/1/0"


def test_a_task_that_is_lost_too_often_fails(admin: Developer, machine: FakeMachine) -> None:
    task = running(admin, machine)
    machine.hello()
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.hello()
    assert state(task) == FAILED
    assert task.failure is not None
    assert task.failure["code"] == "machine_lost"
    tasks.retry(admin, task.id)
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.hello()
    assert state(task) == QUEUED, "a retry resets the count"


def test_an_attempt_that_was_not_accepted_is_ordered_again(
    admin: Developer, machine: FakeMachine
) -> None:
    task = assigned(admin, machine)
    machine.hello()
    assert machine.orders() == [(DesiredAction.RUN, task.id, 0)]


def test_the_slot_of_what_has_ended_and_is_gone_is_free(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    tasks.cancel(admin, task.id)
    assert machine.row.slots_used == 1
    machine.hello()
    assert machine.row.slots_used == 0
    assert state(task) == (TaskStatus.CANCELLED, None)


def test_what_has_ended_and_still_runs_is_stopped(admin: Developer, machine: FakeMachine) -> None:
    task = running(admin, machine)
    tasks.cancel(admin, task.id)
    machine.hello(make_held_attempt(task))
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]


def test_what_has_ended_and_given_up_its_slot_but_still_runs_is_stopped(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    tasks.cancel(admin, task.id)
    named = make_held_attempt(task)
    machine.hello()
    machine.hello(named)
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]


def test_an_older_attempt_that_still_runs_is_stopped_and_the_newer_one_goes_on(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    older = make_held_attempt(task)
    machine.hello()  # it reports nothing, so the task continues in a second attempt
    dispatcher.assign_queued()
    machine.report_started(task)
    machine.hello(older, make_held_attempt(task))
    assert machine.orders() == [(DesiredAction.STOP, task.id, 0)]
    assert (state(task), machine.row.slots_used) == (RUNNING, 2)
    machine.report_on(task, frames.Stopped(), attempt=1)
    assert (state(task), machine.row.slots_used) == (RUNNING, 1)


def test_an_attempt_of_which_no_row_speaks_is_forgotten(machine: FakeMachine) -> None:
    stranger = frames.TrackedAttempt(
        task_id=4711, attempt=1, stage_index=0, state="working", log_offset=0
    )
    machine.hello(stranger)
    assert machine.orders() == [(DesiredAction.FORGET, 4711, 0)]


def test_a_host_that_was_enrolled_anew_keeps_the_checkpoints_of_its_former_life(
    machine: FakeMachine,
) -> None:
    """Its tasks may go on from them on other machines."""
    task = make_task(status=TaskStatus.QUEUED)
    make_attempt(task, make_machine(), ended_at=now(), outcome=AttemptOutcome.LOST)
    wanted = orders.orders_of_machine(machine.machine_id, now(), [(task.id, 1)]).attempts
    assert [(w.action, w.keep_checkpoints) for w in wanted] == [(DesiredAction.FORGET, True)]


# ---- who may say hello ---------------------------------------------------------------------------


def refused(machine: Machine, jwt: str, machine_id: uuid.UUID | None = None) -> bool:
    frame = frames.Hello(
        protocol=1, worker_jwt=jwt, machine_id=str(machine_id or machine.id), journal_id="j"
    )
    before = machine.generation
    try:
        sessions.handle_hello(frame, now())
    except InvalidToken:
        db.session.refresh(machine)
        return machine.generation == before
    return False


def test_only_the_machine_itself_gets_in(app: Flask) -> None:
    machine, other = make_machine(), make_machine()
    jwt = tokens.worker_jwt(machine)[0]
    assert refused(machine, "nonsense")
    assert refused(machine, tokens.worker_jwt(other)[0])
    assert refused(machine, jwt, other.id)
    machine.jwt_version += 1
    db.session.commit()
    assert refused(machine, jwt)
    gone = make_machine(status=MachineStatus.DECOMMISSIONED)
    with pytest.raises(MachineDecommissioned):  # so that it ends what it may still be running
        refused(gone, tokens.worker_jwt(gone)[0])


def test_each_hello_raises_the_generation(machine: FakeMachine) -> None:
    first = machine.generation
    machine.hello()
    assert machine.generation == first + 1


# ---- workspaces ----------------------------------------------------------------------------------


def test_a_workspace_is_forgotten_when_its_time_is_over(
    admin: Developer, machine: FakeMachine
) -> None:
    task = running(admin, machine)
    machine.report_on(task, frames.Failed("unknown", "no"))
    assert machine.orders() == []
    attempt = db.session.get_one(Attempt, (task.id, 1))
    attempt.forget_at = now() - timedelta(seconds=1)
    version = machine.row.orders_version
    db.session.commit()
    assert workspace_cleanup.sweep(now()) == 1
    assert machine.row.orders_version > version
    assert machine.orders() == [(DesiredAction.FORGET, task.id, 0)]
    machine.report_on(task, frames.WorkspaceFacts(state="removed"))
    assert orders.orders_of_machine(machine.machine_id, now()).attempts == []
    assert workspace_cleanup.sweep(now()) == 0


def test_a_hello_is_a_sign_of_life(machine: FakeMachine) -> None:
    moment = now() + timedelta(hours=1)
    machine.hello(at=moment)
    sign = db.session.get_one(MachineHeartbeat, machine.machine_id, populate_existing=True)
    assert (sign.received_at, sign.lease_until) == (moment, moment + LEASE - timedelta(seconds=1))


def test_a_hello_takes_back_nothing_of_a_lease_that_was_longer(
    app: Flask, machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = db.session.get_one(MachineHeartbeat, machine.machine_id).lease_until
    monkeypatch.setitem(app.config, "LEASE_SECONDS", 60)  # by a restart, of which no shim hears
    machine.hello()
    sign = db.session.get_one(MachineHeartbeat, machine.machine_id, populate_existing=True)
    assert sign.lease_until == before
    machine.hello(at=before)
    db.session.refresh(sign)
    assert sign.lease_until == before + timedelta(seconds=60)


def test_a_hello_costs_four_statements(admin: Developer, machine: FakeMachine) -> None:
    machine.hello()
    with counted() as statements:
        machine.hello()
    _, *own = [s for s in statements if "SAVEPOINT" not in s]  # the first is the driver's
    assert len(own) == 4, statements
