"""The dashboard's numbers, over the projects that a developer can see, at a constant cost."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, exists, func, select, true

from app.domain.machine import IN_DRAIN, MachineStatus
from app.domain.shown_state import ShownState, count_live_states
from app.domain.task import TaskStatus
from app.domain.usage import Figures
from app.extensions import db
from app.models import Developer, Gate, Machine, Project, Task
from app.services.counters import task_counts, usage
from app.services.projects import projects


@dataclass(frozen=True)
class Stats:
    """The dashboard's numbers.

    `tasks` has every status, `task_states` the live ones by what people see; `ended_today` is for
    this UTC day. `oldest_seconds` is the wait of the oldest queued task that asks no one; None if
    there is none. Usage is for this UTC day, and for its month.
    """

    tasks: Mapping[TaskStatus, int]
    task_states: Mapping[ShownState, int]
    ended_today: Mapping[TaskStatus, int]
    machines: Mapping[MachineStatus, int]
    slots_total: int
    slots_used: int
    oldest_seconds: int | None
    usage_today: Figures
    usage_of_month: Figures

    @property
    def in_drain(self) -> int:
        return sum(self.machines[status] for status in IN_DRAIN)

    @property
    def machines_total(self) -> int:
        return sum(self.machines.values())


def stats(actor: Developer, now: datetime) -> Stats:
    """Return the current numbers, without decommissioned machines."""
    visible = projects.visible_ids(actor)
    fleet, today = _machine_counts(), now.astimezone(UTC).date()
    since = _oldest_in_queue(visible)
    used_today, used_in_month = usage.usage_on_and_since(visible, today, today.replace(day=1))
    tasks = task_counts.counts_by_status(visible)
    asking = sum(map(Counter, task_counts.asking_by_project(visible).values()), Counter())
    return Stats(
        tasks=tasks,
        task_states=count_live_states(tasks, asking),
        ended_today=task_counts.ends_on(today, visible),
        machines={status: fleet.get(status, (0, 0, 0))[0] for status in MachineStatus},
        slots_total=sum(total for _, total, _ in fleet.values()),
        slots_used=sum(used for _, _, used in fleet.values()),
        oldest_seconds=None if since is None else max(0, int((now - since).total_seconds())),
        usage_today=used_today,
        usage_of_month=used_in_month,
    )


def _machine_counts() -> dict[MachineStatus, tuple[int, int, int]]:
    """Return, by status, the number of machines, of their slots, and of their used slots."""
    sums = func.sum(Machine.slots_total), func.sum(Machine.slots_used)
    query = (
        select(Machine.status, func.count(), *sums)
        .where(Machine.status != MachineStatus.DECOMMISSIONED)
        .group_by(Machine.status)
    )
    rows = db.session.execute(query)
    return {status: (number, total, used) for status, number, total, used in rows}


def _oldest_in_queue(visible: Select[int]) -> datetime | None:
    """Return when the oldest queued task without an open question was queued.

    It's looked up per project: an index has each project's tasks in order, and other projects
    aren't read.
    """
    is_asking = exists().where(
        Gate.task_id == Task.id, Gate.round == Task.round, Gate.answered_at.is_(None)
    )
    first = (
        select(Task.queued_at)
        .where(Task.project_id == Project.id, Task.status == TaskStatus.QUEUED, ~is_asking)
        .order_by(Task.queued_at)
        .limit(1)
        .lateral()
    )
    query = visible.join(first, true()).with_only_columns(func.min(first.c.queued_at))
    since: datetime | None = db.session.scalar(query)
    return since
