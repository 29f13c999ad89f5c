"""A machine that lies, in the test's own process, and what is to be seen of it."""

import json
from typing import Any

import sqlalchemy as sa

from app.control_channel.connection import decode_message
from app.domain.fleet_counters import FleetCounter
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import AuditEntry, LogChunk, Task
from app.services.clock import now
from app.services.counters import fleet
from app.services.dispatch import dispatcher
from app.services.machines import reports
from app.services.machines.append_reports import BatchOutcome
from app.services.tasks import tasks
from muster.protocol import codec, frames
from tests.app.services.fake_machine import FakeMachine
from tests.app.services.machines.conftest import STAGES
from tests.factories import make_developer, make_project

MIB = 1 << 20


class MisbehavingMachine(FakeMachine):
    """Its frames go through the codec, as JSON that it has written itself."""

    def report_raw(self, *bodies: dict[str, Any], task: Task, attempt: int = 1) -> BatchOutcome:
        messages = []
        for body in bodies:
            self.seq += 1
            about = {"seq": self.seq, "taskId": task.id, "attempt": attempt}
            messages.append(decode_message(json.dumps({"type": "report", **about, "body": body})))
        return reports.apply_batch(self.machine_id, self.generation, messages, [], now())

    def flood_log(self, task: Task, size: int, offset: int = 0) -> int:
        """Send so many bytes of log, in batches as they are read; how far the server says it is."""
        end = offset
        while end < size:
            batch = []
            for _ in range(min(64, -(-(size - end) // codec.MAX_DATA_BYTES))):
                data = b"x" * min(codec.MAX_DATA_BYTES, size - end)
                batch.append(frames.Log(task.id, 1, 0, end, 0, data))
                end += len(data)
            outcome = self.apply([], batch)
            assert outcome.logs[task.id, 1] == end, "else it would send that again for ever"
        return end


def make_running_task(machine: FakeMachine) -> Task:
    admin = make_developer(role=SystemRole.ADMIN)
    project = make_project(pipeline=STAGES)
    made = tasks.create(
        admin, project_key=project.key, description="x", machine_id=machine.machine_id
    )
    dispatcher.assign_queued()
    machine.report_started(made)
    return made


def audited_misbehavior() -> list[dict[str, Any]]:
    """What the audit log tells of machines that misbehave."""
    query = sa.select(AuditEntry).where(AuditEntry.action == "machine.misbehaved")
    return [entry.changes["after"] for entry in db.session.scalars(query.order_by(AuditEntry.id))]


def refused() -> dict[str, int]:
    counts = fleet.read_counters()[FleetCounter.REPORTS_REFUSED]
    return {why: count.times for why, count in counts.items()}


def stored_log_bytes(task: Task) -> int:
    """The bytes of log that are stored."""
    query = sa.select(sa.func.sum(sa.func.length(LogChunk.data)))
    return db.session.scalar(query.where(LogChunk.task_id == task.id)) or 0
