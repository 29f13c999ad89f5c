"""An honest machine, which a liar shall not disturb."""

from typing import Any

import sqlalchemy as sa

from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Event, LogChunk, Task
from muster.protocol import frames
from tests.app.control_channel.connection_world import assign, status, wait_for
from tests.app.control_channel.simulated_machine import SimulatedMachine

TIMEOUT_SECONDS = (
    20.0  # seconds for an honest heartbeat, beside tests that keep the processors busy
)


class Witness:
    """It runs a task's first stage, and has printed something."""

    def __init__(self, machine: SimulatedMachine) -> None:
        self.machine = machine
        machine.connect()
        self.task = assign(machine)
        self._order = machine.wait_for(frames.RunStage)
        machine.report(self._order, frames.Accepted(), frames.StageStarted(0))
        self._end = machine.write(self._order, b"honest\n")
        machine.wait_until_stored(self._order, self._end)
        machine.wait_until_acked()
        self._seen = self._rows()

    def has_heartbeat(self) -> None:
        """Whatever others do."""
        number = self.machine.beat()
        self.machine.wait_for(
            frames.HeartbeatAck, lambda ack: ack.number == number, TIMEOUT_SECONDS
        )

    def sees_its_task_through(self) -> None:
        self.has_heartbeat()
        assert self._rows() == self._seen, "somebody else has written about it"
        machine, end = self.machine, self._end
        machine.report(self._order, frames.StageFinished(0, end, "exit"))
        order = machine.wait_for(frames.RunStage)
        machine.report(order, frames.StageStarted(1), frames.StageFinished(1, end, "exit"))
        machine.publish(order, frames.DiffStat(1))
        wait_for(lambda: status(self.task) is TaskStatus.COMPLETED)

    def _rows(self) -> tuple[Any, ...]:
        db.session.rollback()
        db.session.expire_all()
        found = (
            db.session.get_one(Task, self.task.id),
            db.session.get_one(Attempt, (self.task.id, 1)),
        )
        columns = [
            {c.key: getattr(row, c.key) for c in sa.inspect(type(row)).columns} for row in found
        ]
        events = sa.select(Event.number, Event.message).where(Event.task_id == self.task.id)
        log = sa.select(LogChunk.data).where(LogChunk.task_id == self.task.id)
        return (
            *columns,
            [tuple(row) for row in db.session.execute(events.order_by(Event.number))],
            list(db.session.scalars(log.order_by(LogChunk.byte_offset))),
        )
