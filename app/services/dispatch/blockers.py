"""The rule that keeps each machine from a task, with its numbers."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import aliased

from app.domain import scheduling
from app.domain.blocker import Blocker, BlockerFacts, describe_blocker
from app.domain.quota import QuotaWaits
from app.domain.scheduling import Candidate, Reason
from app.extensions import db
from app.models import MachineMinute, Task
from app.services import settings
from app.services.clock import now as clock_now
from app.services.dispatch import candidates, wait_reasons
from app.services.dispatch.wait_reasons import Wait, WaitReason

MAX_DATED_MACHINES = 50
"""Maximum overloaded machines whose samples are read: each may have a day's worth."""


@dataclass(frozen=True)
class Relocation:
    """Where a task can continue whose machine doesn't respond: when it leaves that machine (None:
    unknown), how many others could take it now, and what blocks the rest.
    """

    at: datetime | None
    machine_count: int
    blocked_by: Sequence[Blocker]


def queue_info(task: Task) -> dict[str, Any] | None:
    """Return a queued task's position in the queue, and the blockers of the machines that can't
    take it.

    Returns None for a task that isn't queued.
    """
    position = wait_reasons.queue_position(task)
    if position is None:
        return None
    blocked, _ = _divide_machines(task)
    return {"position": position, "blocked_by": blocked}


def find_relocation(task: Task, wait: Wait | None) -> Relocation | None:
    """Return where a task can continue that waits for its silent machine; None for others."""
    if wait is None or wait.reason is not WaitReason.MACHINE:
        return None
    blocked, free_count = _divide_machines(task, besides=task.machine_id)
    return Relocation(wait.at, free_count, blocked)


def _divide_machines(task: Task, besides: uuid.UUID | None = None) -> tuple[list[Blocker], int]:
    """Return the blockers of the machines that can't take the task, and the number of those that
    can.
    """
    now, limit = clock_now(), settings.value("maxLoadPercent")
    quota = QuotaWaits.from_json(task.quota)
    request = candidates.request_from_task(task, quota.avoided_machines(now))
    found: list[tuple[Candidate, Row[Any], Reason]] = []
    free_count = 0
    for row in candidates.list_rows(task.requested_machine_id):
        machine = candidates.from_row(row)
        if machine.id == str(besides):
            continue
        if reason := scheduling.block_reason(request, machine, now, limit):
            found.append((machine, row, reason))
        else:
            free_count += 1
    overloaded = [row for _, row, reason in found if reason is Reason.OVERLOADED]
    since = _overloaded_since(overloaded, limit)
    blocked = [
        describe_blocker(request, machine, reason, _facts(row, since, quota), limit)
        for machine, row, reason in found
    ]
    return blocked, free_count


def _facts(row: Row[Any], since: Mapping[str, datetime], quota: QuotaWaits) -> BlockerFacts:
    until = quota.avoided.get(row.id)
    return BlockerFacts(
        row.name,
        row.last_seen_at,
        row.drain_started_at,
        since.get(row.id),
        datetime.fromisoformat(until) if until else None,
    )


def _overloaded_since(rows: Iterable[Row[Any]], limit: float) -> dict[str, datetime]:
    """Return since when machines have been above the load limit: the first sample after the last
    one below it, or their heartbeat, if no sample shows it yet.
    """
    since = {row.id: row.last_seen_at for row in rows}
    ids = [uuid.UUID(id_) for id_ in list(since)[:MAX_DATED_MACHINES]]
    if not ids:
        return since
    earlier = aliased(MachineMinute)
    last_below = (
        select(func.max(earlier.at))
        .where(
            earlier.machine_id == MachineMinute.machine_id,
            or_(earlier.cpu_percent <= limit, earlier.cpu_percent.is_(None)),
        )
        .scalar_subquery()
    )
    query = (
        select(MachineMinute.machine_id, func.min(MachineMinute.at).label("at"))
        .where(
            MachineMinute.machine_id.in_(ids),
            or_(last_below.is_(None), MachineMinute.at > last_below),
        )
        .group_by(MachineMinute.machine_id)
    )
    return since | {str(row.machine_id): row.at for row in db.session.execute(query)}
