"""Assigning queued tasks to machines: one pass at a time, many tasks per pass."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg2.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from app import wakeups
from app.domain import sandbox, scheduling
from app.domain import task as rules
from app.domain.quota import QuotaWaits
from app.domain.scheduling import Candidate, Request, SlotPlan
from app.domain.task import TaskEvent, TaskStatus
from app.extensions import db
from app.services import locks, settings
from app.services.clock import now as clock_now
from app.services.counters import budgets
from app.services.dispatch import candidates, statements
from app.services.dispatch.candidates import LabelRequirements
from app.services.tasks import resumption, suspensions


def assign_queued() -> int:
    """Assign all queued tasks that a machine can take now. Returns their number. Commits after each
    pass.

    One dispatcher works at a time. A second one waits for the first and then makes its own pass:
    the first may have read the queue before the second was woken.
    """
    assigned = 0
    while True:
        batch = _run_pass()
        assigned += batch.assigned
        # A full batch that left tasks over is followed by another: it may have filled the only
        # machines for its tasks, but not for the tasks after them.
        if not (batch.is_full and batch.assigned + batch.requested):
            return assigned


class _PassResult(NamedTuple):
    """The result of a pass: the number of assigned tasks, whether the batch was full, so that
    more may be waiting, and how many now wait for a person because a budget is used up.
    """

    assigned: int = 0
    is_full: bool = False
    requested: int = 0


def _run_pass() -> _PassResult:
    """Assign one batch of tasks, in one transaction. Returns the batch's result."""
    machines, wishes = _acquire_lock()
    if any(machine.has_answered for machine in machines):
        _resume_answered(clock_now())
        # Machines are locked before tasks, so the rest is a separate transaction.
        machines, wishes = _acquire_lock()
    batch = _assign_batch(machines, wishes, clock_now())  # waiting for a lock may have taken time
    db.session.commit()
    return batch


def _acquire_lock() -> tuple[list[Candidate], LabelRequirements]:
    """Become the dispatcher until the end of the transaction. Returns all machines, and all label
    requirements.

    Returns none if no task waits, and if another dispatcher doesn't finish: beat wakes the next
    one.
    """
    connection = db.session.connection()  # nothing of it enters the session
    rows = connection.execute(statements.ACQUIRE_LOCK).all()
    if not all(row.has_lock for row in rows):
        if not _wait_for_lock():
            return [], LabelRequirements()
        rows = db.session.connection().execute(statements.ACQUIRE_LOCK).all()  # its current state
    wishes = LabelRequirements.from_json(rows[0].wishes) if rows else LabelRequirements()
    return [candidates.from_row(row) for row in rows], wishes


def _wait_for_lock() -> bool:
    """Wait for the other dispatcher's transaction to end. Returns whether it did in time; if
    not, rolls back.
    """
    connection = db.session.connection()
    try:
        connection.execute(statements.SET_SHORT_LOCK_TIMEOUT)
        connection.execute(statements.WAIT_FOR_LOCK)
        connection.execute(statements.RESET_LOCK_TIMEOUT)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        db.session.rollback()
        return False
    return True


def _resume_answered(now: datetime) -> None:
    """Resume tasks whose gate was answered: they have priority for their machine's next free slot.

    The machines are woken. Commits.
    """
    waiting = db.session.execute(statements.WAITING).all()
    for locked in locks.lock_waiting_tasks([(row[0], row[1]) for row in waiting], now):
        if locked.has_live_attempt and not locked.attempt.has_slot:
            resumption.resume_answered(locked)
        locked.wake_machine()
    db.session.commit()


# ---- the queue ---------------------------------------------------------------------------------


def _available_agents(
    machines: Sequence[Candidate], wishes: LabelRequirements, now: datetime, limit: float
) -> list[dict[str, Any]]:
    """Return pairs of a machine and an agent type whose tasks it can take now, the rank of the
    machine's sandbox level, and the requirements that it meets, for `statements.QUEUE`.

    Tasks that no machine can take aren't even read: they would delay all later ones.
    """
    return [
        {
            "machine": machine.id,
            "agent": agent,
            "sandbox_rank": sandbox.rank(machine.sandbox_level),
            "meets": meets,
        }
        for machine in machines
        for meets in [wishes.met_by(machine)]
        for agent in machine.agents
        if scheduling.block_reason(Request(agent, "", machine.id), machine, now, limit) is None
    ]


def _assign_batch(
    machines: Sequence[Candidate], wishes: LabelRequirements, now: datetime
) -> _PassResult:
    limit = settings.value("maxLoadPercent")
    able = _available_agents(machines, wishes, now, limit)
    if not able:
        return _PassResult()
    asked = {"able": json.dumps(able), "now": now}
    queued = db.session.connection().execute(statements.QUEUE, asked).all()
    plan = SlotPlan(machines, now, limit)
    choices: dict[int, str] = {}
    spent = _over_budget([row.id for row in queued if row.is_bounded], now)
    for row in queued:
        if row.id in spent:
            continue
        request = candidates.request_from_row(
            row, QuotaWaits.from_json(row.quota).avoided_machines(now)
        )
        if chosen := plan.assign(request):
            choices[row.id] = chosen.id
    assigned = _assign(choices, now) if choices else 0
    if spent:
        db.session.commit()  # machines are locked before tasks
    waiting = suspensions.ask_for_queued(spent, now) if spent else 0
    return _PassResult(assigned, is_full=len(queued) == statements.BATCH, requested=waiting)


def _over_budget(bounded: Sequence[int], now: datetime) -> set[int]:
    """Return which of these tasks can't start because one of their budgets is used up."""
    found = budgets.statuses_of_tasks(bounded, now) if bounded else {}
    return {task_id for task_id, each in found.items() if any(one.exceeded_figures for one in each)}


def _assign(choices: Mapping[int, str], now: datetime) -> int:
    """Assign tasks to the chosen machines. Returns their number.

    The statement commits. The session's commit wakes the machines, and updates the tasks' viewers.
    """
    assert rules.next_status(TaskStatus.QUEUED, TaskEvent.ASSIGN) is TaskStatus.ASSIGNED
    places = [{"id": task_id, "machine": machine} for task_id, machine in choices.items()]
    about = {"places": json.dumps(places), "now": now}
    result = db.session.connection().execute(statements.ASSIGN, about).scalar_one()
    db.session.expire_all()  # the session's knowledge of them is outdated
    assigned = json.loads(result)
    wakeups.wake_machines(uuid.UUID(machine) for machine, _ in assigned)
    wakeups.publish_task_changes(task_id for _, task_id in assigned)
    return len(assigned)
