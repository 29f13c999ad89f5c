"""Valkey hangs, so that whoever asks it waits in vain: no machine is kept by that."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import config
from app.extensions import REDIS_TIMEOUT_SECONDS, db
from app.factory import create_app
from app.models import Machine
from app.services.accounts import tokens
from muster.protocol import frames
from muster.protocol.frames import CloseCode
from tests.app.control_channel.simulated_machine import SimulatedMachine
from tests.factories import make_machine
from tests.gunicorns import Gunicorn, gunicorn
from tests.outages.conftest import Server

Eventually = Callable[[Callable[[], bool]], None]
NewMachine = Callable[[Gunicorn], SimulatedMachine]

# Nobody has waited for Valkey, not even once.
AT_ONCE = REDIS_TIMEOUT_SECONDS - 1


@pytest.fixture(scope="module")
def alone(running_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gunicorn]:
    """A second server beside it, of one process."""
    home: Path = tmp_path_factory.mktemp("alone")
    env = {**running_server.env, "MUSTER_HOME": str(home), "MUSTER_WEB_WORKERS": "1"}
    with gunicorn(home, env) as running:
        yield running


@pytest.fixture
def new_machine(server: Server) -> Iterator[NewMachine]:
    """Makes machines that may connect, and hang up when the test ends."""
    made: list[SimulatedMachine] = []
    app = create_app(config.load(server.env))

    def make(where: Gunicorn) -> SimulatedMachine:
        row = make_machine(connected=False, status="offline")
        made.append(SimulatedMachine(where.url, str(row.id), tokens.worker_jwt(row)[0]))
        return made[-1]

    with app.app_context():
        yield make
        db.session.remove()
        db.engine.dispose()
    for machine in made:
        machine.disconnect()


def test_a_machine_is_let_in_and_heard(
    server: Server, alone: Gunicorn, new_machine: NewMachine
) -> None:
    machine = new_machine(alone)
    with server.frozen("valkey"):
        send_hello(machine)
        check_heartbeat(machine)


def test_an_older_connection_ends_with_its_next_word(
    server: Server, alone: Gunicorn, new_machine: NewMachine
) -> None:
    older = new_machine(server.gunicorn)
    older.connect()
    newer = SimulatedMachine(alone.url, older.machine_id, older.worker_jwt)
    with newer, server.frozen("valkey"):
        send_hello(newer)
        older.beat()
        assert older.close_code(AT_ONCE) == CloseCode.REPLACED


def test_an_older_connection_to_the_same_process_ends_at_once(
    server: Server, alone: Gunicorn, new_machine: NewMachine
) -> None:
    older = new_machine(alone)
    older.connect()
    newer = SimulatedMachine(alone.url, older.machine_id, older.worker_jwt)
    with newer, server.frozen("valkey"):
        send_hello(newer)
        assert older.close_code(AT_ONCE) == CloseCode.REPLACED


@pytest.mark.parametrize("how", ["thought silent", "its disk is full"])
def test_a_machine_whose_heartbeat_is_news_keeps_no_other_from_being_answered(
    alone: Gunicorn, server: Server, new_machine: NewMachine, eventually: Eventually, how: str
) -> None:
    is_silent = how == "thought silent"
    machine, other = new_machine(alone), new_machine(alone)
    for each in (machine, other):
        each.connect()
        check_heartbeat(each)
    if is_silent:
        its = sa.update(Machine).where(Machine.id == uuid.UUID(machine.machine_id))
        db.session.execute(its.values(connected=False))
        db.session.commit()
    news = (True, "online") if is_silent else (True, "draining")
    with server.frozen("valkey"):
        beat = machine.beat(metrics=None if is_silent else frames.Metrics(disk_percent=99.0))
        eventually(lambda: connection_status(machine) == news)  # and others are being woken for it
        check_heartbeat(other)
        machine.wait_for(frames.HeartbeatAck, lambda ack: ack.number == beat, limit=30)


def connection_status(machine: SimulatedMachine) -> tuple[bool, str]:
    db.session.rollback()
    row = db.session.get_one(Machine, machine.machine_id, populate_existing=True)
    return row.connected, row.status


def send_hello(machine: SimulatedMachine) -> None:
    machine.dial()
    machine.send(machine.hello())
    machine.wait_for(frames.Welcome, limit=AT_ONCE)


def check_heartbeat(machine: SimulatedMachine) -> None:
    beat = machine.beat()
    machine.wait_for(frames.HeartbeatAck, lambda ack: ack.number == beat, limit=AT_ONCE)
