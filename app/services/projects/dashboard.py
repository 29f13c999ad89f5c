"""What is going on, over the projects that one may see. No question costs more with more tasks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, func, select, true

from app.domain.machine import IN_DRAIN, MachineStatus
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Machine, Project, Task
from app.services.counts import counters
from app.services.projects import projects


@dataclass(frozen=True)
class Stats:
    """`tasks` has every status; `ended_today` is of this UTC day. `oldest_seconds` is how long the
    task that was queued first has been in the queue; None where none is."""

    tasks: Mapping[TaskStatus, int]
    ended_today: Mapping[TaskStatus, int]
    machines: Mapping[MachineStatus, int]
    slots_total: int
    slots_used: int
    oldest_seconds: int | None

    @property
    def in_drain(self) -> int:
        return sum(self.machines[status] for status in IN_DRAIN)

    @property
    def machines_total(self) -> int:
        return sum(self.machines.values())


def stats(actor: Developer, now: datetime) -> Stats:
    """The numbers of this moment. Machines are those that are not decommissioned."""
    visible = projects.visible_ids(actor)
    fleet = _fleet()
    since = _oldest_in_queue(visible)
    return Stats(
        tasks=counters.by_status(visible),
        ended_today=counters.ends_of(now.astimezone(UTC).date(), visible),
        machines={status: fleet.get(status, (0, 0, 0))[0] for status in MachineStatus},
        slots_total=sum(total for _, total, _ in fleet.values()),
        slots_used=sum(used for _, _, used in fleet.values()),
        oldest_seconds=None if since is None else max(0, int((now - since).total_seconds())),
    )


def _fleet() -> dict[MachineStatus, tuple[int, int, int]]:
    """Status → machines, their slots, and those in use."""
    sums = func.sum(Machine.slots_total), func.sum(Machine.slots_used)
    query = (
        select(Machine.status, func.count(), *sums)
        .where(Machine.status != MachineStatus.DECOMMISSIONED)
        .group_by(Machine.status)
    )
    rows = db.session.execute(query)
    return {status: (number, total, used) for status, number, total, used in rows}


def _oldest_in_queue(visible: Select[int]) -> datetime | None:
    """Asked project by project: each has its own in order, and what one may not see is not read."""
    first = (
        select(Task.queued_at)
        .where(Task.project_id == Project.id, Task.status == TaskStatus.QUEUED)
        .order_by(Task.queued_at)
        .limit(1)
        .lateral()
    )
    query = visible.join(first, true()).with_only_columns(func.min(first.c.queued_at))
    since: datetime | None = db.session.scalar(query)
    return since
