"""Orders, reports and logs over a real control channel, and a machine's own status."""

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db, redis
from app.models import Attempt, MachineHeartbeat
from app.services.clock import now
from app.services.machines import liveness
from app.services.tasks import gates, suspensions, tasks
from muster.protocol import frames
from muster.protocol.frames import CloseCode
from tests.app.control_channel.conftest import MakeMachine
from tests.app.control_channel.connection_world import RowOf, assign, status, wait_for
from tests.factories import make_developer, make_server_process
from tests.gunicorns import Gunicorn


def test_an_order_arrives_by_itself_when_the_task_is_assigned(new_machine: MakeMachine) -> None:
    """This machine sends no heartbeat whose answer could bring it."""
    machine = new_machine()
    machine.connect()
    task = assign(machine)
    order = machine.wait_for(frames.RunStage)
    assert (order.task_id, order.attempt, order.stage_index) == (task.id, 1, 0)


def test_an_order_whose_wake_up_was_lost_comes_with_the_next_heartbeats_answer(
    new_machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.wakeups.wake_machines", lambda machine_ids: None)
    machine = new_machine()
    machine.connect()
    # An answer comes after the orders: from now on nothing but a heartbeat has them looked at.
    number = machine.beat()
    machine.wait_for(frames.HeartbeatAck, lambda ack: ack.number == number)
    task = assign(machine)
    machine.beat()
    assert machine.wait_for(frames.RunStage).task_id == task.id


def test_what_was_missed_while_nobody_listened_is_made_up_for_without_a_heartbeat(
    new_machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.wakeups.wake_machines", lambda machine_ids: None)
    machine = new_machine()
    machine.connect()
    number = machine.beat()
    machine.wait_for(frames.HeartbeatAck, lambda ack: ack.number == number)
    task = assign(machine)
    assert redis.client.client_kill_filter(_type="pubsub")
    assert machine.wait_for(frames.RunStage).task_id == task.id


def test_a_task_lives_its_life_over_the_channel(
    new_machine: MakeMachine, row_of: RowOf, rows: Flask
) -> None:
    machine = new_machine()
    machine.connect()
    task = assign(machine)
    first = machine.wait_for(frames.RunStage)
    machine.report(first, frames.Accepted(), frames.StageStarted(stage_index=0))
    end = machine.write(first, b"one\n" * 50_000)
    machine.report(first, frames.StageFinished(stage_index=0, log_end=end, how="exit"))
    second = machine.wait_for(frames.RunStage)
    assert second.stage_index == 1
    machine.wait_until_acked()
    machine.report(second, frames.StageStarted(1), frames.StageFinished(1, end, "exit"))
    machine.publish(second, frames.DiffStat(files_changed=1))
    machine.wait_until_acked()
    assert status(task) is TaskStatus.COMPLETED
    assert db.session.get_one(Attempt, (task.id, 1)).log_bytes == end == 200_000
    assert row_of(machine).slots_used == 0


def test_the_answer_to_an_agents_question_comes_over_the_channel(new_machine: MakeMachine) -> None:
    machine = new_machine()
    machine.connect()
    task = assign(machine)
    order = machine.wait_for(frames.RunStage)
    machine.report(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    machine.report(order, frames.QuestionOpened(0, 1, "Which?", ["red", "blue"]))
    machine.wait_until_acked()
    assert status(task) is TaskStatus.SUSPENDED
    machine.connect(frames.TrackedAttempt(task.id, 1, 0, "working", 0))
    gates.confirm_stage(make_developer(role=SystemRole.ADMIN), task.id, 0, "blue")
    assert machine.wait_for(frames.Answer) == frames.Answer(task.id, 1, 1, choice="blue")
    assert status(task) is TaskStatus.RUNNING


def test_a_later_run_of_a_stage_is_ordered(new_machine: MakeMachine) -> None:
    machine = new_machine()
    machine.connect()
    task = assign(machine)
    order = machine.wait_for(frames.RunStage)
    assert (order.run, order.on_limit) == (0, "suspend")
    machine.report(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    machine.report(order, frames.Suspended(0, 0, "quota", "spent"))
    machine.wait_until_acked()
    assert status(task) is TaskStatus.SUSPENDED
    machine.connect(frames.TrackedAttempt(task.id, 1, 0, "waiting", 0))
    suspensions.resume_due(now() + timedelta(hours=1))
    assert machine.wait_for(frames.RunStage).run == 1
    assert status(task) is TaskStatus.ASSIGNED


def test_a_hole_in_the_log_is_answered(new_machine: MakeMachine) -> None:
    machine = new_machine()
    machine.connect()
    assign(machine)
    order = machine.wait_for(frames.RunStage)
    machine.write(order, b"0123")
    machine.wait_until_stored(order, 4)
    machine.write(order, b"89", offset=8)
    assert machine.wait_for(frames.LogGap).offset == 4
    machine.write(order, b"456789", offset=4)
    machine.wait_until_stored(order, 10)


def test_a_cancelled_task_is_stopped_at_once(new_machine: MakeMachine, row_of: RowOf) -> None:
    machine = new_machine()
    machine.connect()
    task = assign(machine)
    order = machine.wait_for(frames.RunStage)
    tasks.cancel(make_developer(role=SystemRole.ADMIN), task.id)
    stop = machine.wait_for(frames.Stop)
    assert stop.reason == "cancelled"
    machine.report(order, frames.Accepted())
    machine.wait_for(frames.Stale)
    machine.report(order, frames.Stopped())
    machine.wait_until_acked()
    assert row_of(machine).slots_used == 0


def test_a_machine_that_connects_again_goes_on_where_it_was(new_machine: MakeMachine) -> None:
    machine = new_machine()
    machine.connect()
    assign(machine)
    order = machine.wait_for(frames.RunStage)
    machine.report(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    machine.write(order, b"half a li")
    machine.wait_until_acked()
    machine.wait_until_stored(order, 9)
    machine.disconnect()
    held = frames.TrackedAttempt(
        task_id=order.task_id, attempt=1, stage_index=0, state="working", log_offset=9
    )
    welcome = machine.connect(held)
    assert welcome.acked_seq == 2
    assert [log.offset for log in welcome.logs] == [9]
    assert machine.receives_nothing(frames.RunStage, 0.5)
    machine.write(order, b"ne\n", offset=9)
    machine.wait_until_stored(order, 12)


def test_an_order_that_was_not_accepted_comes_again_with_the_next_connection(
    new_machine: MakeMachine,
) -> None:
    machine = new_machine()
    machine.connect()
    assign(machine)
    order = machine.wait_for(frames.RunStage)
    machine.disconnect()
    machine.connect()
    assert machine.wait_for(frames.RunStage) == order


def test_an_order_that_cannot_be_made_fails_its_task_and_holds_up_no_other(
    new_machine: MakeMachine,
) -> None:
    """A secret under a key that is gone: nobody can carry that task out."""
    machine = new_machine()
    machine.connect()
    broken = assign(machine, secrets={"TOKEN": "not a Fernet token"})
    sound = assign(machine)
    assert machine.wait_for(frames.RunStage).task_id == sound.id
    wait_for(lambda: status(broken) is TaskStatus.FAILED)


def test_a_draining_machine_is_told_so(new_machine: MakeMachine, row_of: RowOf) -> None:
    machine = new_machine()
    machine.connect()
    row = row_of(machine)
    row.status, row.orders_version = MachineStatus.DRAINING, row.orders_version + 1
    db.session.commit()
    machine.beat()  # a wake-up was lost: the heartbeat's answer finds out
    machine.wait_for(frames.Drain)
    machine.seq += 1
    machine.send(frames.Report(seq=machine.seq, task_id=0, attempt=0, body=frames.Drained()))
    machine.wait_until_acked()
    assert row_of(machine).status is MachineStatus.DRAINED


def test_a_decommissioned_machine_is_told_so(new_machine: MakeMachine, row_of: RowOf) -> None:
    machine = new_machine()
    machine.connect()
    row = row_of(machine)
    row.status, row.orders_version = MachineStatus.DECOMMISSIONED, row.orders_version + 1
    db.session.commit()
    machine.beat()
    assert machine.close_code() == CloseCode.DECOMMISSIONED


def test_one_that_was_away_meanwhile_is_told_when_it_comes_back(
    new_machine: MakeMachine, row_of: RowOf
) -> None:
    machine = new_machine()
    machine.connect()
    machine.disconnect()
    row = row_of(machine)
    row.status, row.jwt_version = MachineStatus.DECOMMISSIONED, row.jwt_version + 1
    db.session.commit()
    machine.dial()
    machine.send(machine.hello())
    assert machine.close_code() == CloseCode.DECOMMISSIONED
    wait_for(lambda: not row_of(machine).connected)  # the first connection's end takes its time


def test_a_machine_that_hangs_up_is_not_connected(new_machine: MakeMachine, row_of: RowOf) -> None:
    machine = new_machine()
    machine.connect()
    machine.disconnect()
    wait_for(lambda: not row_of(machine).connected)


def test_nothing_but_wake_ups_goes_through_without_errors(server: Gunicorn) -> None:
    """Whatever the tests above did, no thread of the server has died of it."""
    assert "Traceback" not in server.log, server.log


def test_a_machine_hears_what_has_ended_before_its_lease_is_prolonged(
    new_machine: MakeMachine,
) -> None:
    machine = new_machine()
    machine.connect()
    task = assign(machine)
    order = machine.wait_for(frames.RunStage)
    machine.report(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    machine.wait_until_acked()
    db.session.execute(
        sa.update(MachineHeartbeat)
        .where(MachineHeartbeat.machine_id == uuid.UUID(machine.machine_id))
        .values(received_at=now() - timedelta(hours=1), lease_until=now() - timedelta(seconds=1))
    )
    make_server_process()  # it could have been heard
    liveness.expire_leases(now())  # wakes the dispatcher, but no machine
    assert status(task) is TaskStatus.QUEUED
    beat = machine.beat()
    machine.wait_for(frames.HeartbeatAck, lambda ack: ack.number == beat)
    assert frames.Stop in {type(frame) for frame in machine.inbox}
