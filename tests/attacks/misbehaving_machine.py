"""A machine that lies, in the test's own process, and what is to be seen of it."""

import json
from typing import Any

import sqlalchemy as sa

from app.control_channel.connection import understood
from app.domain.fleet_counters import FleetCounter
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import AuditEntry, LogChunk, Task
from app.services.clock import now
from app.services.counters import fleet
from app.services.dispatch import dispatcher
from app.services.machines import reports
from app.services.machines.append_reports import Outcome
from app.services.tasks import tasks
from muster.protocol import codec, frames
from tests.app.services.fake_machine import Driven
from tests.app.services.machines.conftest import STAGES
from tests.factories import make_developer, make_project

MIB = 1 << 20


class Liar(Driven):
    """Its frames go through the codec, as JSON that it has written itself."""

    def lies(self, *said: dict[str, Any], task: Task, attempt: int = 1) -> Outcome:
        heard = []
        for body in said:
            self.seq += 1
            about = {"seq": self.seq, "taskId": task.id, "attempt": attempt}
            heard.append(understood(json.dumps({"type": "report", **about, "body": body})))
        return reports.apply(self.machine_id, self.generation, heard, [], now())

    def floods(self, task: Task, size: int, offset: int = 0) -> int:
        """Send so many bytes of log, in batches as they are read; how far the server says it is."""
        end = offset
        while end < size:
            batch = []
            for _ in range(min(64, -(-(size - end) // codec.MAX_DATA))):
                data = b"x" * min(codec.MAX_DATA, size - end)
                batch.append(frames.Log(task.id, 1, 0, end, 0, data))
                end += len(data)
            outcome = self.apply([], batch)
            assert outcome.logs[task.id, 1] == end, "else it would send that again for ever"
        return end


def running_on(machine: Driven) -> Task:
    admin = make_developer(role=SystemRole.ADMIN)
    project = make_project(pipeline=STAGES)
    made = tasks.create(
        admin, project_key=project.key, description="x", machine_id=machine.machine_id
    )
    dispatcher.assign_queued()
    machine.begins(made)
    return made


def told() -> list[dict[str, Any]]:
    """What the audit log tells of machines that misbehave."""
    query = sa.select(AuditEntry).where(AuditEntry.action == "machine.misbehaved")
    return [entry.changes["after"] for entry in db.session.scalars(query.order_by(AuditEntry.id))]


def refused() -> dict[str, int]:
    counts = fleet.read()[FleetCounter.REPORTS_REFUSED]
    return {why: count.times for why, count in counts.items()}


def kept(task: Task) -> int:
    """The bytes of log that are stored."""
    query = sa.select(sa.func.sum(sa.func.length(LogChunk.data)))
    return db.session.scalar(query.where(LogChunk.task_id == task.id)) or 0
