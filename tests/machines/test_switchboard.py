"""Whom wake-ups reach."""

from typing import Any, cast

from flask import Flask

from app import bus
from app.extensions import redis
from app.machines.connection import Connection
from app.machines.switchboard import Switchboard
from tests.factories import make_machine


class Heard:
    """As much of a connection as a switchboard sees."""

    def __init__(self, machine_id: Any, generation: int) -> None:
        self.machine_id, self.generation, self.woken = machine_id, generation, 0

    def wake(self) -> None:
        self.woken += 1


def test_a_new_connection_wakes_the_ones_before_it_and_not_itself(app: Flask) -> None:
    machine, board = make_machine(), Switchboard(app)
    board.start = lambda: None  # type: ignore[method-assign]
    here = Heard(machine.id, 5)
    with redis.client.pubsub(ignore_subscribe_messages=True) as ear:
        ear.subscribe(bus.REPLACED_CHANNEL, bus.MACHINES_CHANNEL)
        ear.get_message(timeout=5)
        ear.get_message(timeout=5)
        with board.joined(cast(Connection, here)):
            for told, woken in ((4, 0), (5, 0), (6, 1)):
                bus.tell_replaced(machine.id, told)
                board.hear(ear.get_message(timeout=5))
                assert here.woken == woken
            bus.wake_machines([machine.id])
            board.hear(ear.get_message(timeout=5))
            assert here.woken == 2
