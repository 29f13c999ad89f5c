"""Whom wake-ups reach."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
from flask import Flask

from app import wakeups
from app.control_channel.connection import Connection
from app.control_channel.connections import ConnectionRegistry
from app.embedded.processes import wait_until
from app.extensions import db, redis
from tests.factories import make_machine


class FakeConnection:
    """As much of a connection as a switchboard sees."""

    def __init__(self, machine_id: Any, generation: int) -> None:
        self.machine_id, self.generation, self.woken = machine_id, generation, 0
        self.ends_listening = False

    def wake(self) -> None:
        self.woken += 1
        if self.ends_listening:
            raise Enough


class Enough(BaseException):
    """Ends a thread that survives all errors."""


def test_a_new_connection_wakes_the_ones_before_it_and_not_itself(app: Flask) -> None:
    machine, board = make_machine(), ConnectionRegistry(app)
    board.start = lambda: None  # type: ignore[method-assign]
    here = FakeConnection(machine.id, 5)
    with redis.client.pubsub(ignore_subscribe_messages=True) as ear:
        ear.subscribe(wakeups.REPLACED_CHANNEL, wakeups.MACHINES_CHANNEL)
        ear.get_message(timeout=5)
        ear.get_message(timeout=5)
        with board.register(cast(Connection, here)):
            for generation, woken in ((4, 0), (5, 0), (6, 1)):
                wakeups.publish_replaced(machine.id, generation)
                db.session.commit()
                board.handle_message(ear.get_message(timeout=5))
                assert here.woken == woken
            wakeups.wake_machines([machine.id])
            db.session.commit()
            board.handle_message(ear.get_message(timeout=5))
            assert here.woken == 2


@pytest.mark.parametrize("name", ["MACHINES_CHANNEL", "REPLACED_CHANNEL"])
def test_a_message_that_nobody_understands_costs_no_wake_up_after_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for channel in ("MACHINES_CHANNEL", "REPLACED_CHANNEL"):  # no other server is to hear it
        monkeypatch.setattr(wakeups, channel, f"{getattr(wakeups, channel)}:test")
    machine, board = make_machine(), ConnectionRegistry(app)
    board.start = lambda: None  # type: ignore[method-assign]
    here = FakeConnection(machine.id, 1)
    with board.register(cast(Connection, here)), listening(board, here):
        assert wait_until(lambda: here.woken == 1, 5)  # it has begun to listen
        redis.client.publish(getattr(wakeups, name), "no machine's id")
        assert wait_until(lambda: here.woken == 2, 5)  # what came meanwhile may have been missed
        wakeups.wake_machines([machine.id])
        db.session.commit()
        assert wait_until(lambda: here.woken == 3, 5)


@contextlib.contextmanager
def listening(board: ConnectionRegistry, here: FakeConnection) -> Iterator[None]:
    """The switchboard's thread that hears wake-ups, until the block ends."""

    def listen() -> None:
        with contextlib.suppress(Enough):
            board._listen()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield
    finally:
        here.ends_listening = True
        wakeups.wake_machines([here.machine_id])
        db.session.commit()
        thread.join(5)
        assert not thread.is_alive()
