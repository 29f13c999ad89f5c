"""Samples of machines' load, taken from their last heartbeats.

One statement per minute covers all machines, and one per hour. `ops.retention` deletes samples
older than `domain.samples` allows.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from app.domain import samples as rules
from app.domain.samples import SampleStep
from app.extensions import db
from app.models import MachineHour, MachineMinute
from app.services.machines import queries


@dataclass(frozen=True)
class Samples:
    """A machine's load over time, in parallel columns, in percent.

    None if the machine didn't report it. Times without heartbeats are missing.
    """

    step: SampleStep
    at: list[datetime] = field(default_factory=list)
    cpu_percent: list[float | None] = field(default_factory=list)
    cpu_highest: list[float | None] = field(default_factory=list)
    memory_percent: list[float | None] = field(default_factory=list)
    disk_percent: list[float | None] = field(default_factory=list)
    slots_used: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class DailyLoad:
    """A machine's CPU load in the last day, by half hours, in columns like `Samples`."""

    machine_id: uuid.UUID
    at: list[datetime] = field(default_factory=list)
    cpu_percent: list[float | None] = field(default_factory=list)


# Sampled in the minute of its heartbeat, at the first pass. Passes are more frequent than minutes,
# so a late one leaves no gap. A machine doesn't send zeros; a malicious one may send a number that
# is too small for the column, which is an error.
_RECORD = text("""
    INSERT INTO machine_minutes
        (machine_id, at, cpu_percent, memory_percent, disk_percent, slots_used)
    SELECT m.id, heard.minute,
        CASE WHEN h.metrics IS NOT NULL
            THEN coalesce(round((h.metrics ->> 'cpuPercent')::numeric, 3), 0)::real END,
        CASE WHEN h.metrics IS NOT NULL
            THEN coalesce(round((h.metrics ->> 'memoryPercent')::numeric, 3), 0)::real END,
        CASE WHEN h.metrics IS NOT NULL
            THEN coalesce(round((h.metrics ->> 'diskPercent')::numeric, 3), 0)::real END,
        m.slots_used
    FROM machine_heartbeats AS h
    JOIN machines AS m ON m.id = h.machine_id
    CROSS JOIN LATERAL (SELECT date_trunc('minute', h.received_at, 'UTC') AS minute) AS heard
    WHERE h.received_at >= :lately AND m.status <> 'decommissioned'
        AND NOT EXISTS (
            SELECT FROM machine_minutes AS s WHERE s.machine_id = m.id AND s.at = heard.minute
        )
    ORDER BY m.id
    ON CONFLICT DO NOTHING
""")

_AGGREGATE = text("""
    INSERT INTO machine_hours
        (machine_id, at, cpu_percent, cpu_highest, memory_percent, disk_percent, slots_used)
    SELECT machine_id, date_trunc('hour', at, 'UTC') AS hour,
        avg(cpu_percent), max(cpu_percent), avg(memory_percent), avg(disk_percent), avg(slots_used)
    FROM machine_minutes WHERE at >= :since AND at < :until
    GROUP BY machine_id, hour ORDER BY machine_id, hour
    ON CONFLICT DO NOTHING
""")


def record_samples(now: datetime) -> int:
    """Sample each machine with a recent heartbeat that has no sample in this minute, and sum up
    finished hours.

    Returns the number of samples. Commits.
    """
    lately = now - 2 * rules.WIDTH[SampleStep.MINUTE]
    taken: Any = db.session.execute(_RECORD, {"lately": lately})
    db.session.commit()
    # A minute's sample may still be taken a little later.
    until = rules.bucket_start(SampleStep.HOUR, lately)
    summed = db.session.scalar(select(func.max(MachineHour.at)))
    since = (
        summed + rules.WIDTH[SampleStep.HOUR]
        if summed
        else rules.retention_start(SampleStep.MINUTE, now)
    )
    if since < until:
        db.session.execute(_AGGREGATE, {"since": since, "until": until})
    db.session.commit()
    return int(taken.rowcount)


def samples_of_machine(machine_id: uuid.UUID, step: SampleStep, now: datetime) -> Samples:
    """Return a machine's stored samples, in order. Raises NotFound."""
    queries.get(machine_id)
    kind = MachineMinute if step is SampleStep.MINUTE else MachineHour
    highest = MachineMinute.cpu_percent if step is SampleStep.MINUTE else MachineHour.cpu_highest
    query = (
        select(
            kind.at,
            kind.cpu_percent,
            highest.label("cpu_highest"),
            kind.memory_percent,
            kind.disk_percent,
            kind.slots_used,
        )
        .where(kind.machine_id == machine_id, kind.at >= rules.retention_start(step, now))
        .order_by(kind.at)
    )
    columns = [list(column) for column in zip(*db.session.execute(query), strict=True)]
    return Samples(step, *columns)


def daily_loads(machine_ids: Sequence[uuid.UUID], now: datetime) -> list[DailyLoad]:
    """Return the last day of each of the machines, in that order. One query."""
    half_hour = func.date_bin(rules.HALF_HOUR, MachineMinute.at, rules.EPOCH).label("half_hour")
    query = (
        select(MachineMinute.machine_id, half_hour, func.avg(MachineMinute.cpu_percent))
        .where(
            MachineMinute.machine_id.in_(machine_ids),
            MachineMinute.at >= rules.retention_start(SampleStep.MINUTE, now),
        )
        .group_by(MachineMinute.machine_id, half_hour)
        .order_by(half_hour)
    )
    return _group_by_machine(machine_ids, db.session.execute(query).all())


def _group_by_machine(machine_ids: Sequence[uuid.UUID], rows: Iterable[Any]) -> list[DailyLoad]:
    found = {machine_id: DailyLoad(machine_id) for machine_id in machine_ids}
    for machine_id, half_hour, cpu_percent in rows:
        found[machine_id].at.append(half_hour)
        found[machine_id].cpu_percent.append(cpu_percent)
    return list(found.values())
