"""What a task waits for, other than a machine that can take it: an event, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import aliased

from app.domain.attempt import AttemptOutcome, AttemptPhase
from app.domain.pipeline import AGENT_GATES
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Attempt, Gate, MachineHeartbeat, Project, ServerIdentity, Task
from app.services.clock import now as clock_now
from app.services.dispatch import restored_machines
from app.services.ops import readiness


class WaitReason(StrEnum):
    """What a task waits for, other than a machine to take it."""

    GATE = "gate"  # a person's answer
    SLOT = "slot"  # a slot on the machine with its workspace
    PREDECESSOR = "predecessor"  # an earlier attempt may still be running
    MACHINE = "machine"  # its machine isn't responding
    QUOTA = "quota"  # its agent's account is out of quota
    DISPATCHER = "dispatcher"  # the scheduler is down
    TERMINAL = "terminal"  # someone in its terminal, where its agent asks something


class NextAction(StrEnum):
    """What the server will do with a waiting task by itself."""

    DISPATCH = "dispatch"
    FAIL = "fail"
    REQUEUE = "requeue"
    RESUME = "resume"  # it continues; an agent that asked gets no answer


@dataclass(frozen=True)
class Wait:
    """Why a task waits. `at` is when `next_action` happens by itself; None if unknown."""

    reason: WaitReason
    next_action: NextAction | None
    at: datetime | None


def queue_position(task: Task) -> int | None:
    """Return a queued task's position in the queue, from 1; None if it isn't queued."""
    if task.status is not TaskStatus.QUEUED:
        return None
    before = select(func.count()).where(
        Task.status == TaskStatus.QUEUED,
        or_(
            Task.priority > task.priority,
            and_(Task.priority == task.priority, Task.id < task.id),
        ),
    )
    return (db.session.scalar(before) or 0) + 1


def find_wait(task: Task) -> Wait | None:
    """Return what a task waits for other than a machine: a person, a slot, a time. None if there
    is nothing.
    """
    return find_waits([task], open_gates([task])).get(task.id)


def open_gates(tasks: Sequence[Task]) -> dict[int, Gate]:
    """Return the open gates, by task: at most one each."""
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
    """Return the waits of many tasks, with their open gates, with the same number of queries.
    Their machines must be loaded.
    """
    facts = _facts(tasks, gates)
    return {task.id: wait for task in tasks if (wait := _wait(task, facts))}


_ASSIGNED_STATUSES = (TaskStatus.ASSIGNED, TaskStatus.RUNNING)
_ASKING_STATUSES = (TaskStatus.QUEUED, TaskStatus.SUSPENDED)
_LIVE_STATUSES = (*_ASKING_STATUSES, *_ASSIGNED_STATUSES)


@dataclass(frozen=True)
class _Facts:
    """Facts about tasks, by ID: open gates, until when a machine may run an attempt of them, and
    which have no slot to resume in or wait in their terminals. `last_tries`: those that fail if
    their attempt is lost.
    """

    gates: Mapping[int, Gate]
    leases: Mapping[int, datetime]
    last_tries: frozenset[int]
    without_slot: frozenset[int]
    in_terminal: frozenset[int]
    now: datetime

    @cached_property
    def is_dispatching(self) -> bool:
        return readiness.is_dispatching()


def _facts(tasks: Sequence[Task], gates: Mapping[int, Gate]) -> _Facts:
    held = [task.id for task in tasks if task.status in _LIVE_STATUSES]
    under_way = [task.id for task in tasks if task.status in _ASSIGNED_STATUSES]
    leases, last_tries = _leases(held)
    return _Facts(gates, leases, last_tries, *_stopped(under_way), clock_now())


def _wait(task: Task, facts: _Facts) -> Wait | None:
    match task.status:
        case TaskStatus.QUEUED:
            wait = _wait_for_person(task, facts) or _wait_for_predecessor(task, facts)
            return wait or _wait_for_quota(task, facts) or _wait_for_dispatcher(facts)
        case TaskStatus.SUSPENDED if task.suspend_reason is SuspendReason.MACHINE_LOST:
            return _wait_for_contact(task, facts)
        case TaskStatus.SUSPENDED:
            return _wait_for_person(task, facts) or _wait_for_quota(task, facts)
        case TaskStatus.ASSIGNED | TaskStatus.RUNNING:
            wait = _wait_for_slot(task, facts) or _wait_for_machine(task, facts)
            return wait or _wait_in_terminal(task, facts)
    return None


def _wait_for_person(task: Task, facts: _Facts) -> Wait | None:
    gate = facts.gates.get(task.id)
    if gate is None:
        return None
    if gate.expires_at is None:
        return Wait(WaitReason.GATE, None, None)
    following = NextAction.RESUME if gate.kind in AGENT_GATES else NextAction.FAIL
    return Wait(WaitReason.GATE, following, gate.expires_at)


def _wait_for_quota(task: Task, facts: _Facts) -> Wait | None:
    """Return the wait for a time, in the middle of a stage; in the queue its attempt is gone.

    A time in the past hasn't been processed yet, or waits for a tunnel to close.
    """
    is_queued = task.status is TaskStatus.QUEUED
    if task.resume_at is None or (is_queued and task.resume_at <= facts.now):
        return None
    following = NextAction.DISPATCH if is_queued else NextAction.RESUME
    return Wait(WaitReason.QUOTA, following, task.resume_at)


def _wait_for_predecessor(task: Task, facts: _Facts) -> Wait | None:
    """Return the wait until an earlier attempt can no longer be running: rule 2 of the machine
    protocol.

    It ends sooner if the machine confirms its end.
    """
    end = facts.leases.get(task.id)
    if end is None or end <= facts.now:
        return None
    return Wait(WaitReason.PREDECESSOR, NextAction.DISPATCH, end)


def _wait_for_dispatcher(facts: _Facts) -> Wait | None:
    """Return the wait for the dispatcher, which has no heartbeat.

    The task continues by itself once an operator has restored Celery or Redis.
    """
    if facts.is_dispatching:
        return None
    return Wait(WaitReason.DISPATCHER, NextAction.DISPATCH, None)


def _wait_for_slot(task: Task, facts: _Facts) -> Wait | None:
    if task.id not in facts.without_slot:
        return None
    return Wait(WaitReason.SLOT, NextAction.DISPATCH, None)


def _wait_for_machine(task: Task, facts: _Facts) -> Wait | None:
    """Return the wait for the task's disconnected machine. After a gate, nothing else shows
    that.
    """
    if task.machine_id is None or task.machine is None or task.machine.connected:
        return None
    return _wait_for_contact(task, facts)


def _wait_for_contact(task: Task, facts: _Facts) -> Wait:
    """Return the wait until the machine responds, or its lease ends and the attempt is lost."""
    following = NextAction.FAIL if task.id in facts.last_tries else NextAction.REQUEUE
    return Wait(WaitReason.MACHINE, following, facts.leases.get(task.id))


_earlier = aliased(Attempt)
_lost_count = (
    select(func.count())
    .where(
        _earlier.task_id == Task.id,
        _earlier.round == Task.round,
        _earlier.outcome == AttemptOutcome.LOST,
        ~_earlier.uncounted,
    )
    .scalar_subquery()
)
# Like `attempts.mark_lost`: whether losing the task's attempt makes it fail.
_is_last_try = and_(
    Attempt.number == Task.attempt,
    ~Attempt.uncounted,
    Attempt.phase != AttemptPhase.GATE,
    _lost_count + 1 >= Project.max_attempts,
)


def _wait_in_terminal(task: Task, facts: _Facts) -> Wait | None:
    if task.status is not TaskStatus.RUNNING or task.id not in facts.in_terminal:
        return None
    return Wait(WaitReason.TERMINAL, None, None)


def _leases(task_ids: Sequence[int]) -> tuple[dict[int, datetime], frozenset[int]]:
    """Return when no machine can still run an attempt of the tasks whose attempt holds a slot,
    or may be known to another server (`restored_machines`); and those that then fail.
    """
    if not task_ids:
        return {}, frozenset()
    query = (
        select(
            Attempt.task_id,
            func.max(MachineHeartbeat.lease_until).label("until"),
            func.bool_or(_is_last_try).label("is_last_try"),
        )
        .join(MachineHeartbeat, MachineHeartbeat.machine_id == Attempt.machine_id)
        .join(Task, Task.id == Attempt.task_id)
        .join(Project, Project.id == Task.project_id)
        .where(Attempt.task_id.in_(task_ids), Attempt.has_slot)
        .group_by(Attempt.task_id)
    )
    until = select(ServerIdentity.machines_expected_until).scalar_subquery()
    held = select(Task.id, until, false()).where(
        Task.id.in_(task_ids),
        Task.status == TaskStatus.QUEUED,
        restored_machines.is_possibly_running(clock_now()),
    )
    found = db.session.execute(query.union_all(held)).all()
    leases = {row.task_id: row.until for row in found if row.until is not None}
    return leases, frozenset(row.task_id for row in found if row.is_last_try)


def _stopped(task_ids: Sequence[int]) -> tuple[frozenset[int], frozenset[int]]:
    """Return those whose latest attempt should resume, and has no slot; and those whose agent
    waits in its terminal.
    """
    if not task_ids:
        return frozenset(), frozenset()
    in_terminal = Attempt.is_at_terminal()
    query = (
        select(Task.id, Attempt.has_slot)
        .join(Attempt, and_(Attempt.task_id == Task.id, Attempt.number == Task.attempt))
        .where(
            Task.id.in_(task_ids),
            Attempt.phase == AttemptPhase.RUN,
            or_(~Attempt.has_slot, in_terminal),
        )
    )
    rows = db.session.execute(query).all()
    without_slot = frozenset(row.id for row in rows if not row.has_slot)
    return without_slot, frozenset(row.id for row in rows if row.has_slot)
