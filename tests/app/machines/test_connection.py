"""The control channel as machines see it: a real gunicorn, real sockets, every frame checked."""

import contextlib
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from websockets.exceptions import ConnectionClosed

from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db, redis
from app.models import Attempt, Machine, MachineHeartbeat, Task
from app.services.clock import now
from app.services.dispatch import dispatch
from app.services.machines import liveness
from app.services.tasks import tasks
from muster.protocol import codec, frames
from muster.protocol.frames import CloseCode
from tests.app.machines.simulated import SimulatedMachine
from tests.factories import make_developer, make_project, make_server_process
from tests.gunicorns import Gunicorn

MakeMachine = Callable[..., SimulatedMachine]
RowOf = Callable[[SimulatedMachine], Machine]
STAGES = [
    {"name": name, "command": "true", "kind": "shell", "timeout": 60} for name in ("one", "two")
]


def assign(machine: SimulatedMachine, **given: Any) -> Task:
    """A task of two stages, assigned to that machine by a dispatcher in another process."""
    admin = make_developer(role=SystemRole.ADMIN)
    project = make_project(**({"pipeline": STAGES} | given))
    task = tasks.create(
        admin,
        project_key=project.key,
        description="Do it.",
        machine_id=uuid.UUID(machine.machine_id),
    )
    assert dispatch.assign_queued() == 1
    return task


def until(condition: Callable[[], Any], limit: float = 10.0) -> Any:
    """Wait for rows to say so."""
    deadline = time.monotonic() + limit
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        db.session.rollback()
        time.sleep(0.02)
    return found


def status(task: Task) -> TaskStatus:
    db.session.rollback()
    return db.session.get_one(Task, task.id, populate_existing=True).status


# ---- getting in ----------------------------------------------------------------------------------


def test_a_hello_is_welcomed(new_machine: MakeMachine, row_of: RowOf) -> None:
    machine = new_machine()
    welcome = machine.connect()
    assert (welcome.acked_seq, welcome.heartbeat_seconds, welcome.window) == (0, 1.0, 1 << 20)
    assert welcome.lease_seconds == 598, "two less than the rows say, to end what hangs"
    row = row_of(machine)
    assert (row.status, row.connected, row.generation) == (MachineStatus.ONLINE, True, 1)


def test_a_wrong_jwt_is_refused(new_machine: MakeMachine, row_of: RowOf) -> None:
    machine = new_machine()
    machine.worker_jwt = "wrong"
    machine.dial()
    machine.send(machine.hello())
    assert machine.close_code() == CloseCode.UNAUTHENTICATED
    assert row_of(machine).generation == 0


def test_who_says_nothing_for_five_seconds_is_hung_up_on(new_machine: MakeMachine) -> None:
    machine = new_machine()
    machine.dial()
    begun = time.monotonic()
    assert machine.close_code() == CloseCode.NO_HELLO
    assert time.monotonic() - begun > 4.9


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("{", id="no JSON"),
        pytest.param('{"type":"greetings"}', id="an unknown frame"),
        pytest.param('{"type":"heartbeat","number":1}', id="a frame before hello"),
        pytest.param(b"\x00\x01", id="bytes that are no log"),
        pytest.param(json.dumps({"type": "hello", "protocol": "ü" * 500}), id="wrong types"),
    ],
)
def test_whatever_is_no_hello_is_malformed(new_machine: MakeMachine, message: str | bytes) -> None:
    machine = new_machine()
    machine.dial()
    machine.socket.send(message)
    assert machine.close_code() == CloseCode.MALFORMED


def test_nonsense_after_the_welcome_ends_the_connection(new_machine: MakeMachine) -> None:
    machine = new_machine()
    machine.connect()
    machine.socket.send("nonsense")
    assert machine.close_code() == CloseCode.MALFORMED


def test_a_frame_that_is_too_long_ends_the_connection(new_machine: MakeMachine) -> None:
    machine = new_machine()
    machine.connect()
    machine.socket.send("x" * (codec.MAX_TEXT + 1))
    assert machine.close_code() in (CloseCode.MALFORMED, 1009)


def test_a_second_connection_replaces_the_first(new_machine: MakeMachine, row_of: RowOf) -> None:
    older = new_machine()
    newer = SimulatedMachine(older.url, older.machine_id, older.worker_jwt)
    older.connect()
    with newer:
        newer.connect()
        assert older.close_code(2) == CloseCode.REPLACED
        number = newer.beat()
        newer.until(frames.HeartbeatAck, lambda ack: ack.number == number)
        assert row_of(newer).connected is True


def test_a_replaced_connection_that_still_talks_changes_nothing(
    new_machine: MakeMachine, row_of: RowOf
) -> None:
    older = new_machine()
    older.connect()
    task = assign(older)
    order = older.until(frames.RunStage)
    newer = SimulatedMachine(older.url, older.machine_id, older.worker_jwt)
    with newer:
        newer.connect()
        with contextlib.suppress(ConnectionClosed):
            older.say(order, frames.Accepted(), frames.Failed("unknown", "no"))
        assert older.close_code() == CloseCode.REPLACED
        assert status(task) is TaskStatus.ASSIGNED


# ---- life signs ----------------------------------------------------------------------------------


def test_heartbeats_are_answered_by_their_number_after_they_were_stored(
    new_machine: MakeMachine, rows: Flask
) -> None:
    machine = new_machine()
    machine.connect()
    before = db.session.get_one(MachineHeartbeat, machine.machine_id).received_at
    number = machine.beat(metrics=frames.Metrics(cpu_percent=12.5))
    machine.until(frames.HeartbeatAck, lambda ack: ack.number == number, 3)
    db.session.rollback()
    sign = db.session.get_one(MachineHeartbeat, machine.machine_id, populate_existing=True)
    assert sign.received_at > before
    assert sign.metrics == {"cpuPercent": 12.5}


def test_a_machine_whose_disk_has_filled_is_drained(
    new_machine: MakeMachine, row_of: RowOf
) -> None:
    machine = new_machine()
    machine.connect()
    machine.beat(metrics=frames.Metrics(disk_percent=96.0))
    machine.until(frames.Drain)
    assert row_of(machine).drain_note == "its disk is 96 % full"


def test_what_a_heartbeat_says_has_changed_is_stored(
    new_machine: MakeMachine, row_of: RowOf
) -> None:
    machine = new_machine()
    machine.connect()
    machine.beat(repositories=["https://git.example.org/x.git"])
    until(lambda: row_of(machine).repositories == ["https://git.example.org/x.git"])


def small_socket(machine: SimulatedMachine) -> socket.socket:
    """A connection to the machine's server that holds little of what was not read."""
    host, port = machine.url.removeprefix("http://").split(":")
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    found.connect((host, int(port)))
    return found


def test_a_machine_that_reads_nothing_keeps_no_other_from_being_heard(
    new_machine: MakeMachine, row_of: RowOf
) -> None:
    """It says much, hears nothing of the answers, and its socket is full both ways. Heartbeats of
    others go through the same process, and are answered while it talks and when it is stuck."""
    stuck = new_machine()
    stuck.dial(max_queue=1, sock=small_socket(stuck))
    stuck.send(stuck.hello())
    others = [new_machine() for _ in range(4)]  # some of them are on the same process
    for other in others:
        other.connect()
    until(lambda: row_of(stuck).connected)
    said = [0]

    def talk() -> None:
        # Each about an attempt that there is not, and each answered.
        flood = [codec.encode_log(frames.Log(4711, n, 0, 0, 0, b"x")) for n in range(100)]
        with contextlib.suppress(ConnectionClosed, OSError):
            while True:
                for message in flood:
                    stuck.socket.send(message)
                stuck.beat()
                said[0] += 1

    talker = threading.Thread(target=talk, daemon=True)
    talker.start()
    try:
        for _ in range(20):
            before = said[0]
            for other in others:
                number = other.beat()
                other.until(frames.HeartbeatAck, lambda ack, n=number: ack.number == n, 4)
            if said[0] == before > 0:
                return
        raise AssertionError("it never got stuck")
    finally:
        stuck.socket.socket.shutdown(socket.SHUT_RDWR)
        talker.join(10)


# ---- orders and reports --------------------------------------------------------------------------


def test_an_order_arrives_by_itself_when_the_task_is_assigned(new_machine: MakeMachine) -> None:
    """This machine sends no heartbeat whose answer could bring it."""
    machine = new_machine()
    machine.connect()
    task = assign(machine)
    order = machine.until(frames.RunStage)
    assert (order.task_id, order.attempt, order.stage_index) == (task.id, 1, 0)


def test_an_order_whose_wake_up_was_lost_comes_with_the_next_heartbeats_answer(
    new_machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.bus.wake_machines", lambda machine_ids: None)
    machine = new_machine()
    machine.connect()
    # An answer comes after the orders: from now on nothing but a heartbeat has them looked at.
    number = machine.beat()
    machine.until(frames.HeartbeatAck, lambda ack: ack.number == number)
    task = assign(machine)
    machine.beat()
    assert machine.until(frames.RunStage).task_id == task.id


def test_what_was_missed_while_nobody_listened_is_made_up_for_without_a_heartbeat(
    new_machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.bus.wake_machines", lambda machine_ids: None)
    machine = new_machine()
    machine.connect()
    number = machine.beat()
    machine.until(frames.HeartbeatAck, lambda ack: ack.number == number)
    task = assign(machine)
    assert redis.client.client_kill_filter(_type="pubsub")
    assert machine.until(frames.RunStage).task_id == task.id


def test_a_task_lives_its_life_over_the_channel(
    new_machine: MakeMachine, row_of: RowOf, rows: Flask
) -> None:
    machine = new_machine()
    machine.connect()
    task = assign(machine)
    first = machine.until(frames.RunStage)
    machine.say(first, frames.Accepted(), frames.StageStarted(stage_index=0))
    end = machine.write(first, b"one\n" * 50_000)
    machine.say(first, frames.StageFinished(stage_index=0, log_end=end, how="exit"))
    second = machine.until(frames.RunStage)
    assert second.stage_index == 1
    machine.until_acked()
    machine.say(second, frames.StageStarted(1), frames.StageFinished(1, end, "exit"))
    machine.until(frames.Publish)
    diff = frames.DiffStat(files_changed=1)
    machine.say(second, frames.Published(second.repo.branch, "c0ffee", diff))
    machine.until_acked()
    assert status(task) is TaskStatus.COMPLETED
    assert db.session.get_one(Attempt, (task.id, 1)).log_bytes == end == 200_000
    assert row_of(machine).slots_used == 0


def test_a_hole_in_the_log_is_answered(new_machine: MakeMachine) -> None:
    machine = new_machine()
    machine.connect()
    assign(machine)
    order = machine.until(frames.RunStage)
    machine.write(order, b"0123")
    machine.until_stored(order, 4)
    machine.write(order, b"89", offset=8)
    assert machine.until(frames.LogGap).offset == 4
    machine.write(order, b"456789", offset=4)
    machine.until_stored(order, 10)


def test_a_cancelled_task_is_stopped_at_once(new_machine: MakeMachine, row_of: RowOf) -> None:
    machine = new_machine()
    machine.connect()
    task = assign(machine)
    order = machine.until(frames.RunStage)
    tasks.cancel(make_developer(role=SystemRole.ADMIN), task.id)
    stop = machine.until(frames.Stop)
    assert stop.reason == "cancelled"
    machine.say(order, frames.Accepted())
    machine.until(frames.Stale)
    machine.say(order, frames.Stopped())
    machine.until_acked()
    assert row_of(machine).slots_used == 0


def test_a_machine_that_connects_again_goes_on_where_it_was(new_machine: MakeMachine) -> None:
    machine = new_machine()
    machine.connect()
    assign(machine)
    order = machine.until(frames.RunStage)
    machine.say(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    machine.write(order, b"half a li")
    machine.until_acked()
    machine.until_stored(order, 9)
    machine.disconnect()
    held = frames.HeldAttempt(
        task_id=order.task_id, attempt=1, stage_index=0, state="working", log_offset=9
    )
    welcome = machine.connect(held)
    assert welcome.acked_seq == 2
    assert [log.offset for log in welcome.logs] == [9]
    assert machine.hears_nothing(frames.RunStage, 0.5)
    machine.write(order, b"ne\n", offset=9)
    machine.until_stored(order, 12)


def test_an_order_that_was_not_accepted_comes_again_with_the_next_connection(
    new_machine: MakeMachine,
) -> None:
    machine = new_machine()
    machine.connect()
    assign(machine)
    order = machine.until(frames.RunStage)
    machine.disconnect()
    machine.connect()
    assert machine.until(frames.RunStage) == order


def test_an_order_that_cannot_be_made_fails_its_task_and_holds_up_no_other(
    new_machine: MakeMachine,
) -> None:
    """A secret under a key that is gone: nobody can carry that task out."""
    machine = new_machine()
    machine.connect()
    broken = assign(machine, secrets={"TOKEN": "not a Fernet token"})
    sound = assign(machine)
    assert machine.until(frames.RunStage).task_id == sound.id
    until(lambda: status(broken) is TaskStatus.FAILED)


def test_a_draining_machine_is_told_so(new_machine: MakeMachine, row_of: RowOf) -> None:
    machine = new_machine()
    machine.connect()
    row = row_of(machine)
    row.status, row.orders_version = MachineStatus.DRAINING, row.orders_version + 1
    db.session.commit()
    machine.beat()  # a wake-up was lost: the heartbeat's answer finds out
    machine.until(frames.Drain)
    machine.seq += 1
    machine.send(frames.Report(seq=machine.seq, task_id=0, attempt=0, body=frames.Drained()))
    machine.until_acked()
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
    until(lambda: not row_of(machine).connected)  # the first connection's end takes its time


def test_a_machine_that_hangs_up_is_not_connected(new_machine: MakeMachine, row_of: RowOf) -> None:
    machine = new_machine()
    machine.connect()
    machine.disconnect()
    until(lambda: not row_of(machine).connected)


def test_nothing_but_wake_ups_goes_through_without_errors(server: Gunicorn) -> None:
    """Whatever the tests above did, no thread of the server has died of it."""
    assert "Traceback" not in server.log, server.log


def test_a_machine_hears_what_has_ended_before_its_lease_is_prolonged(
    new_machine: MakeMachine,
) -> None:
    machine = new_machine()
    machine.connect()
    task = assign(machine)
    order = machine.until(frames.RunStage)
    machine.say(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    machine.until_acked()
    db.session.execute(
        sa.update(MachineHeartbeat)
        .where(MachineHeartbeat.machine_id == uuid.UUID(machine.machine_id))
        .values(received_at=now() - timedelta(hours=1), lease_until=now() - timedelta(seconds=1))
    )
    make_server_process()  # it could have been heard
    liveness.give_up(now())  # wakes the dispatcher, but no machine
    assert status(task) is TaskStatus.QUEUED
    beat = machine.beat()
    machine.until(frames.HeartbeatAck, lambda ack: ack.number == beat)
    assert frames.Stop in {type(frame) for frame in machine.inbox}
