"""The reasons why a task waits: the rule that keeps each machine from taking it, or an event, and
until when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import and_, func, or_, select

from app.domain import scheduling
from app.domain.attempt import AttemptPhase
from app.domain.pipeline import GateKind
from app.domain.quota import QuotaWaits
from app.domain.scheduling import Candidate, Reason, Request
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Attempt, Gate, MachineHeartbeat, ServerIdentity, Task
from app.services import settings
from app.services.clock import now as clock_now
from app.services.dispatch import candidates, restored_machines
from app.services.ops import readiness


class WaitReason(StrEnum):
    """What a task waits for, if not for a machine to take it."""

    GATE = "gate"  # a person's answer
    SLOT = "slot"  # a slot on the machine that holds its workspace
    PREDECESSOR = "predecessor"  # an earlier attempt may still be running
    MACHINE = "machine"  # its machine has not been heard of
    QUOTA = "quota"  # its agent's account may not be used for a while
    DISPATCHER = "dispatcher"  # nobody hands tasks out


class NextAction(StrEnum):
    """What the server does with a waiting task by itself."""

    DISPATCH = "dispatch"
    FAIL = "fail"
    REQUEUE = "requeue"
    RESUME = "resume"  # it goes on; an agent that asked is told that nobody has answered


@dataclass(frozen=True)
class Wait:
    """Why a task waits. `at` is when `next_action` happens by itself; None where that is open."""

    reason: WaitReason
    next_action: NextAction | None
    at: datetime | None


def queue_info(task: Task) -> dict[str, Any] | None:
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
    avoids = QuotaWaits.from_json(task.quota).avoided_machines(now)
    request = candidates.request_from_task(task, avoids)
    reasons = [
        {
            "machine_id": machine.id,
            "reason": reason,
            "detail": _machine_reason(machine, request, reason),
        }
        for machine in candidates.list_candidates(task.requested_machine_id)
        if (reason := scheduling.block_reason(request, machine, now, limit)) is not None
    ]
    return {"position": (db.session.scalar(before) or 0) + 1, "blocked_by": reasons}


def _machine_reason(machine: Candidate, request: Request, reason: Reason) -> str | None:
    """What the machine says of it itself."""
    agent = machine.agents.get(request.agent_type)
    return agent.reason if agent and reason is Reason.CAPABILITY_DEGRADED else None


def find_wait(task: Task) -> Wait | None:
    """What a task waits for apart from a machine: a person, a slot, a time. Returns None where it
    waits for nothing of the kind.
    """
    return find_waits([task], open_gates([task])).get(task.id)


def open_gates(tasks: Sequence[Task]) -> dict[int, Gate]:
    """The gates that wait for an answer, by their tasks: one at most of each."""
    rounds = {task.id: task.round for task in tasks if task.status in _ASKING_STATUSES}
    if not rounds:
        return {}
    query = select(Gate).where(Gate.task_id.in_(rounds), Gate.answered_at.is_(None))
    return {
        gate.task_id: gate
        for gate in db.session.scalars(query)
        if gate.round == rounds[gate.task_id]
    }


def find_waits(tasks: Sequence[Task], gates: Mapping[int, Gate]) -> dict[int, Wait]:
    """Likewise of many tasks, with their open gates, by as many queries. Their machines are
    loaded.
    """
    facts = _facts(tasks, gates)
    return {task.id: wait for task in tasks if (wait := _wait(task, facts))}


_ASSIGNED_STATUSES = (TaskStatus.ASSIGNED, TaskStatus.RUNNING)
_ASKING_STATUSES = (TaskStatus.QUEUED, TaskStatus.SUSPENDED)
_LIVE_STATUSES = (*_ASKING_STATUSES, *_ASSIGNED_STATUSES)


@dataclass(frozen=True)
class _Facts:
    """What is known of tasks, by their ids: open gates, until when a machine may be running an
    attempt of it, and which have no slot where they are to go on.
    """

    gates: Mapping[int, Gate]
    leases: Mapping[int, datetime]
    without_slot: frozenset[int]
    now: datetime

    @cached_property
    def is_dispatching(self) -> bool:
        return readiness.is_dispatching()


def _facts(tasks: Sequence[Task], gates: Mapping[int, Gate]) -> _Facts:
    held = [task.id for task in tasks if task.status in _LIVE_STATUSES]
    under_way = [task.id for task in tasks if task.status in _ASSIGNED_STATUSES]
    return _Facts(gates, _leases(held), _without_slot(under_way), clock_now())


def _wait(task: Task, facts: _Facts) -> Wait | None:
    match task.status:
        case TaskStatus.QUEUED:
            wait = _wait_for_person(task, facts) or _wait_for_predecessor(task, facts)
            return wait or _wait_for_quota(task, facts) or _wait_for_dispatcher(facts)
        case TaskStatus.SUSPENDED if task.suspend_reason is SuspendReason.MACHINE_LOST:
            return Wait(WaitReason.MACHINE, NextAction.REQUEUE, facts.leases.get(task.id))
        case TaskStatus.SUSPENDED:
            return _wait_for_person(task, facts) or _wait_for_quota(task, facts)
        case TaskStatus.ASSIGNED | TaskStatus.RUNNING:
            return _wait_for_slot(task, facts) or _wait_for_machine(task, facts)
    return None


def _wait_for_person(task: Task, facts: _Facts) -> Wait | None:
    gate = facts.gates.get(task.id)
    if gate is None:
        return None
    if gate.expires_at is None:
        return Wait(WaitReason.GATE, None, None)
    following = NextAction.RESUME if gate.kind is GateKind.QUESTION else NextAction.FAIL
    return Wait(WaitReason.GATE, following, gate.expires_at)


def _wait_for_quota(task: Task, facts: _Facts) -> Wait | None:
    """The task waits for a time, in the middle of a stage; in the queue its attempt is gone. What
    is past has not been looked at yet, or waits for a tunnel to be closed.
    """
    is_queued = task.status is TaskStatus.QUEUED
    if task.resume_at is None or (is_queued and task.resume_at <= facts.now):
        return None
    following = NextAction.DISPATCH if is_queued else NextAction.RESUME
    return Wait(WaitReason.QUOTA, following, task.resume_at)


def _wait_for_predecessor(task: Task, facts: _Facts) -> Wait | None:
    """The task waits until an earlier attempt of it cannot be running any more: rule 2 of the
    machine protocol. That is sooner when the machine confirms its end.
    """
    end = facts.leases.get(task.id)
    if end is None or end <= facts.now:
        return None
    return Wait(WaitReason.PREDECESSOR, NextAction.DISPATCH, end)


def _wait_for_dispatcher(facts: _Facts) -> Wait | None:
    """No dispatcher shows signs of life. The task goes on by itself when Celery or Redis is back,
    which is for an operator to bring.
    """
    if facts.is_dispatching:
        return None
    return Wait(WaitReason.DISPATCHER, NextAction.DISPATCH, None)


def _wait_for_slot(task: Task, facts: _Facts) -> Wait | None:
    if task.id not in facts.without_slot:
        return None
    return Wait(WaitReason.SLOT, NextAction.DISPATCH, None)


def _wait_for_machine(task: Task, facts: _Facts) -> Wait | None:
    """The task's machine is not connected. After a gate nothing else shows that."""
    if task.machine_id is None or task.machine is None or task.machine.connected:
        return None
    return Wait(WaitReason.MACHINE, NextAction.REQUEUE, facts.leases.get(task.id))


def _leases(task_ids: Sequence[int]) -> dict[int, datetime]:
    """The moments from which no machine can be running an attempt of the tasks, of those of which
    an attempt holds a slot, or may be known to another server (`awaited`).
    """
    if not task_ids:
        return {}
    query = (
        select(Attempt.task_id, func.max(MachineHeartbeat.lease_until).label("until"))
        .join(MachineHeartbeat, MachineHeartbeat.machine_id == Attempt.machine_id)
        .where(Attempt.task_id.in_(task_ids), Attempt.has_slot)
        .group_by(Attempt.task_id)
    )
    until = select(ServerIdentity.machines_expected_until).scalar_subquery()
    held = select(Task.id, until).where(
        Task.id.in_(task_ids),
        Task.status == TaskStatus.QUEUED,
        restored_machines.is_possibly_running(clock_now()),
    )
    found = db.session.execute(query.union_all(held))
    return {row.task_id: row.until for row in found if row.until is not None}


def _without_slot(task_ids: Sequence[int]) -> frozenset[int]:
    """Those whose latest attempt is to go on, and has no slot."""
    if not task_ids:
        return frozenset()
    query = (
        select(Task.id)
        .join(Attempt, and_(Attempt.task_id == Task.id, Attempt.number == Task.attempt))
        .where(Task.id.in_(task_ids), ~Attempt.has_slot, Attempt.phase == AttemptPhase.RUN)
    )
    return frozenset(db.session.scalars(query))
