"""A preview of a drain, without draining."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain import drain as rules
from app.domain import machine as machine_rules
from app.domain.attempt import AttemptPhase
from app.domain.drain import AttemptOnMachine, DrainAction
from app.domain.machine import MachineEvent
from app.domain.roles import Permission
from app.models import Attempt, Developer, Machine, Task
from app.services import locks, rights
from app.services.machines import queries
from app.services.machines.queries import MachineView
from app.services.tasks import attempts
from app.services.tasks import queries as task_reads


@dataclass(frozen=True)
class PlannedTask:
    """What a drain does with a task at once, and at its deadline if it's still there (None: no
    deadline).

    `has_checkpoint`: all work of its earlier stages is pushed.
    """

    task: Task
    action: DrainAction
    at_deadline: DrainAction | None
    has_checkpoint: bool


@dataclass(frozen=True)
class DrainPreview(MachineView):
    """A machine's current state, and what a drain would do."""

    plan: Sequence[PlannedTask] = ()


def preview_drain(
    actor: Developer,
    machine_id: uuid.UUID,
    now: datetime,
    *,
    deadline_seconds: int | None = None,
    **_: object,
) -> DrainPreview:
    """Return what `drains.drain` would do with the tasks on the machine that the actor can see.

    It changes and locks nothing: the result may be outdated by the time of the drain. Raises
    Forbidden, NotFound, MachineDecommissioned.
    """
    rights.require_role(Permission.DRAIN_MACHINE, actor)
    view = queries.get(machine_id)
    machine = view.machine
    machine_rules.next_status(machine.status, MachineEvent.DRAIN, machine.connected)
    live = locks.live_attempts_on(machine_id)
    seen = task_reads.list_by_ids(actor, [each.task_id for each in live], task_reads.FOR_PLANS)
    tasks = {task.id: task for task in seen}
    shown = [to_drain_attempt(tasks[each.task_id], each) for each in live if each.task_id in tasks]
    deadline = _deadline(machine, now, deadline_seconds)
    at_once = rules.plan_drain(shown, deadline is not None and deadline <= now)
    later = rules.plan_drain(shown, past_deadline=True)
    plan = [
        PlannedTask(
            task=tasks[each.id],
            action=at_once[each.id],
            at_deadline=None if deadline is None else later[each.id],
            has_checkpoint=each.has_checkpoint,
        )
        for each in shown
    ]
    return DrainPreview(view.machine, view.heartbeat, view.drained_by, plan)


def to_drain_attempt(task: Task, attempt: Attempt) -> AttemptOnMachine:
    """Return a live attempt as the drain's rules need it."""
    return AttemptOnMachine(
        id=attempt.task_id,
        at_gate=attempt.phase is AttemptPhase.GATE,
        has_checkpoint=attempts.is_pushed(task, attempt),
    )


def _deadline(machine: Machine, now: datetime, seconds: int | None) -> datetime | None:
    """Return the resulting deadline: without a new one, the current one stays."""
    return machine.drain_deadline if seconds is None else now + timedelta(seconds=seconds)
