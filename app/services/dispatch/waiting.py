"""The reasons why a task waits: the rule that keeps each machine from taking it, or an event, and
until when.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, func, or_, select

from app.domain import scheduling
from app.domain.attempt import AttemptPhase
from app.domain.pipeline import GateKind
from app.domain.quota import QuotaWaits
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Attempt, MachineHeartbeat, Task
from app.services import settings
from app.services.clock import now as clock_now
from app.services.dispatch import candidates
from app.services.ops import readiness
from app.services.tasks import gates


class WaitReason(StrEnum):
    """What a task waits for, if not for a machine to take it."""

    GATE = "gate"  # a person's answer
    SLOT = "slot"  # a slot on the machine that holds its workspace
    PREDECESSOR = "predecessor"  # an earlier attempt may still be running
    MACHINE = "machine"  # its machine has not been heard of
    QUOTA = "quota"  # its agent's account may not be used for a while
    DISPATCHER = "dispatcher"  # nobody hands tasks out


class NextAct(StrEnum):
    """What the server does with a waiting task by itself."""

    DISPATCH = "dispatch"
    FAIL = "fail"
    REQUEUE = "requeue"
    RESUME = "resume"  # it goes on; an agent that asked is told that nobody has answered


@dataclass(frozen=True)
class Wait:
    """Why a task waits. `at` is when `next_act` happens by itself; None where that is open."""

    reason: WaitReason
    next_act: NextAct | None
    at: datetime | None


def queue_of(task: Task) -> dict[str, Any] | None:
    """A queued task's position in the queue, and for each machine that cannot take it the rule that
    forbids it. Returns None for a task that is not queued.
    """
    if task.status is not TaskStatus.QUEUED:
        return None
    before = select(func.count()).where(
        Task.status == TaskStatus.QUEUED,
        or_(
            Task.priority > task.priority,
            and_(Task.priority == task.priority, Task.id < task.id),
        ),
    )
    now, limit = clock_now(), settings.value("maxLoadPercent")
    avoids = QuotaWaits.of(task.quota).avoids(now)
    request = candidates.request_of_task(task, avoids)
    reasons = [
        {"machine_id": machine.id, "reason": reason}
        for machine in candidates.all_of_them(task.requested_machine_id)
        if (reason := scheduling.blocked_by(request, machine, now, limit)) is not None
    ]
    return {"position": (db.session.scalar(before) or 0) + 1, "blocked_by": reasons}


def wait_of(task: Task) -> Wait | None:
    """What a task waits for apart from a machine: a person, a slot, a time. Returns None where it
    waits for nothing of the kind.
    """
    match task.status:
        case TaskStatus.QUEUED:
            wait = _wait_for_person(task) or _wait_for_predecessor(task)
            return wait or _wait_for_quota(task) or _wait_for_dispatcher()
        case TaskStatus.SUSPENDED if task.suspend_reason is SuspendReason.MACHINE_LOST:
            return Wait(WaitReason.MACHINE, NextAct.REQUEUE, _lease_end(task))
        case TaskStatus.SUSPENDED:
            return _wait_for_person(task) or _wait_for_quota(task)
        case TaskStatus.ASSIGNED | TaskStatus.RUNNING:
            return _wait_for_slot(task) or _wait_for_machine(task)
    return None


def _wait_for_person(task: Task) -> Wait | None:
    gate = gates.open_gate(task)
    if gate is None:
        return None
    if gate.expires_at is None:
        return Wait(WaitReason.GATE, None, None)
    following = NextAct.RESUME if gate.kind is GateKind.QUESTION else NextAct.FAIL
    return Wait(WaitReason.GATE, following, gate.expires_at)


def _wait_for_quota(task: Task) -> Wait | None:
    """The task waits for a time, in the middle of a stage; in the queue its attempt is gone. What
    is past has not been looked at yet, or waits for a tunnel to be closed.
    """
    is_queued = task.status is TaskStatus.QUEUED
    if task.resume_at is None or (is_queued and task.resume_at <= clock_now()):
        return None
    following = NextAct.DISPATCH if is_queued else NextAct.RESUME
    return Wait(WaitReason.QUOTA, following, task.resume_at)


def _wait_for_predecessor(task: Task) -> Wait | None:
    """The task waits until an earlier attempt of it cannot be running any more: rule 2 of the
    machine protocol. That is sooner when the machine confirms its end.
    """
    end = _lease_end(task)
    if end is None or end <= clock_now():
        return None
    return Wait(WaitReason.PREDECESSOR, NextAct.DISPATCH, end)


def _wait_for_dispatcher() -> Wait | None:
    """No dispatcher shows signs of life. The task goes on by itself when Celery or Redis is back,
    which is for an operator to bring.
    """
    if readiness.is_dispatching():
        return None
    return Wait(WaitReason.DISPATCHER, NextAct.DISPATCH, None)


def _wait_for_slot(task: Task) -> Wait | None:
    attempt = db.session.get(Attempt, (task.id, task.attempt))
    if attempt is None or attempt.holds_slot or attempt.phase is not AttemptPhase.RUN:
        return None
    return Wait(WaitReason.SLOT, NextAct.DISPATCH, None)


def _wait_for_machine(task: Task) -> Wait | None:
    """The task's machine is not connected. After a gate nothing else shows that."""
    if task.machine_id is None or task.machine is None or task.machine.connected:
        return None
    return Wait(WaitReason.MACHINE, NextAct.REQUEUE, _lease_end(task))


def _lease_end(task: Task) -> datetime | None:
    """The moment from which no machine can be running an attempt of the task; None where no attempt
    holds a slot.
    """
    query = (
        select(func.max(MachineHeartbeat.lease_until))
        .join(Attempt, Attempt.machine_id == MachineHeartbeat.machine_id)
        .where(Attempt.task_id == task.id, Attempt.holds_slot)
    )
    return db.session.scalar(query)
