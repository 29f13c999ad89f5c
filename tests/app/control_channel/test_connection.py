"""The control channel as machines see it: a real gunicorn, real sockets, every frame checked."""

import contextlib
import json
import socket
import threading
import time

import pytest
from flask import Flask
from websockets.exceptions import ConnectionClosed

from app.domain.machine import MachineStatus
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import MachineHeartbeat
from muster.protocol import codec, frames
from muster.protocol.frames import CloseCode
from tests.app.control_channel.conftest import MakeMachine
from tests.app.control_channel.connection_world import RowOf, assign, status, wait_for
from tests.app.control_channel.simulated_machine import SimulatedMachine

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
    machine.socket.send("x" * (codec.MAX_TEXT_CHARS + 1))
    assert machine.close_code() in (CloseCode.MALFORMED, 1009)


def test_a_second_connection_replaces_the_first(new_machine: MakeMachine, row_of: RowOf) -> None:
    older = new_machine()
    newer = SimulatedMachine(older.url, older.machine_id, older.worker_jwt)
    older.connect()
    with newer:
        newer.connect()
        assert older.close_code(2) == CloseCode.REPLACED
        number = newer.beat()
        newer.wait_for(frames.HeartbeatAck, lambda ack: ack.number == number)
        assert row_of(newer).connected is True


def test_a_replaced_connection_that_still_talks_changes_nothing(
    new_machine: MakeMachine, row_of: RowOf
) -> None:
    older = new_machine()
    older.connect()
    task = assign(older)
    order = older.wait_for(frames.RunStage)
    newer = SimulatedMachine(older.url, older.machine_id, older.worker_jwt)
    with newer:
        newer.connect()
        with contextlib.suppress(ConnectionClosed):
            older.report(order, frames.Accepted(), frames.Failed("unknown", "no"))
        # 1006: the report met a closed socket, and the reset discarded the code unread.
        assert older.close_code() in (CloseCode.REPLACED, 1006)
        assert status(task) is TaskStatus.ASSIGNED


# ---- life signs ----------------------------------------------------------------------------------


def test_heartbeats_are_answered_by_their_number_after_they_were_stored(
    new_machine: MakeMachine, rows: Flask
) -> None:
    machine = new_machine()
    machine.connect()
    before = db.session.get_one(MachineHeartbeat, machine.machine_id).received_at
    number = machine.beat(metrics=frames.Metrics(cpu_percent=12.5))
    machine.wait_for(frames.HeartbeatAck, lambda ack: ack.number == number, 3)
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
    machine.wait_for(frames.Drain)
    assert row_of(machine).drain_note == "its disk is 96 % full"


def test_what_a_heartbeat_says_has_changed_is_stored(
    new_machine: MakeMachine, row_of: RowOf
) -> None:
    machine = new_machine()
    machine.connect()
    machine.beat(repositories=["https://git.example.org/x.git"])
    wait_for(lambda: row_of(machine).repositories == ["https://git.example.org/x.git"])
    assert row_of(machine).sandbox is None
    machine.beat(sandbox=frames.SandboxFacts("processes", ["no bubblewrap"]))
    wait_for(
        lambda: row_of(machine).sandbox == {"level": "processes", "missing": ["no bubblewrap"]}
    )


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
    wait_for(lambda: row_of(stuck).connected)
    rounds = [0]

    def talk() -> None:
        # Each about an attempt that there is not, and each answered.
        flood = [codec.encode_log(frames.Log(4711, n, 0, 0, 0, b"x")) for n in range(100)]
        with contextlib.suppress(ConnectionClosed, OSError):
            while True:
                for message in flood:
                    stuck.socket.send(message)
                stuck.beat()
                rounds[0] += 1

    talker = threading.Thread(target=talk, daemon=True)
    talker.start()
    try:
        for _ in range(20):
            before = rounds[0]
            for other in others:
                number = other.beat()
                other.wait_for(frames.HeartbeatAck, lambda ack, n=number: ack.number == n, 4)
            if rounds[0] == before > 0:
                return
        raise AssertionError("it never got stuck")
    finally:
        stuck.socket.socket.shutdown(socket.SHUT_RDWR)
        talker.join(10)
