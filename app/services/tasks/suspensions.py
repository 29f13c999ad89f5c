"""Stages that are stopped in their middle, because of their agent's quota or their task's budget.

The attempt waits as at a gate; a task without one waits by itself.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.domain.attempt import AttemptPhase
from app.domain.budget import CHOICES, BudgetStatus, question_text
from app.domain.errors import TunnelOpen
from app.domain.pipeline import GateKind
from app.domain.quota import QuotaWaits
from app.domain.task import EventType, FailureCode, SuspendReason, TaskEvent, TaskStatus
from app.extensions import db
from app.models import Task
from app.services import locks
from app.services.counters import budgets
from app.services.locks import LockedTask
from app.services.tasks import attempts, gates, history, questions, resumption, transitions

_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def suspend(locked: LockedTask, why: Mapping[str, Any]) -> None:
    """Make the attempt wait in the middle of its stage, without a slot.

    `why` has the format in `Attempt.pending_exit`. The caller commits.
    """
    attempt = locked.attempt
    attempt.mid_stage = True
    if SuspendReason(why["reason"]) is SuspendReason.BUDGET:
        ask_for_budget(locked)
        return
    attempt.phase = AttemptPhase.GATE
    attempts.free_slot(locked.machine, attempt)
    attempts.bump_orders_version(locked.machine)
    _wait_for_quota(locked, why)


def _wait_for_quota(locked: LockedTask, why: Mapping[str, Any]) -> None:
    task, now = locked.task, locked.now
    waits, resets_at = QuotaWaits.from_json(task.quota), _to_timestamp(why["resetsAtMs"])
    until = waits.next_wait_end(resets_at, now)
    message = why["message"] or f"{task.agent_type} is out of quota"
    waits = waits.with_wait(until, resets_at, now)
    if waits.seconds > task.project.quota_minutes * 60:
        text = f"{message}; its tasks wait for at most {task.project.quota_minutes} min"
        attempts.fail(locked, FailureCode.QUOTA_EXHAUSTED, text, gone=True)
        return
    task.quota = waits.to_json()
    transitions.apply_event(task, TaskEvent.LIMIT, now)
    task.resume_at = until
    about = {"reason": SuspendReason.QUOTA, "until": until.isoformat()}
    history.record_event(
        task,
        EventType.SUSPENDED,
        message,
        now,
        stage_index=locked.attempt.stage_index,
        data=about,
        is_news=False,  # no one needs to act
    )


def _to_timestamp(milliseconds: int | None) -> datetime | None:
    """Return the timestamp, limited to valid ones."""
    if milliseconds is None:
        return None
    latest = int(_LATEST.timestamp() * 1000)
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=min(milliseconds, latest))


def ask_for_budget(locked: LockedTask) -> None:
    """Ask whether to raise the budgets; until then the attempt waits without a slot, in the middle
    of its stage or before it.

    If none is used up any more, because one was raised or a month has started, it resumes at once.
    The caller commits.
    """
    attempt = locked.attempt
    attempt.suspends = False
    spent = _exceeded_budgets(locked.task, locked.now)
    if spent:
        attempt.phase = AttemptPhase.GATE
        attempts.free_slot(locked.machine, attempt)
        _open_gate(locked.task, attempt.stage_index, spent, locked.now)
    elif attempt.mid_stage:
        attempt.mid_stage, attempt.run = False, attempt.run + 1
    attempts.bump_orders_version(locked.machine)


def ask_for_queued(task_ids: Collection[int], now: datetime) -> int:
    """Make those queued tasks wait for a person's answer whose budgets are used up, instead of
    starting an attempt. Returns their number. Commits.
    """
    asked = 0
    for task in locks.lock_tasks(task_ids).values():
        is_free = task.status is TaskStatus.QUEUED and gates.find_open_gate(task) is None
        if is_free and (spent := _exceeded_budgets(task, now)):
            _open_gate(task, task.current_stage_index, spent, now)
            asked += 1
    db.session.commit()
    return asked


def _exceeded_budgets(task: Task, now: datetime) -> list[BudgetStatus]:
    return [
        standing for standing in budgets.statuses_of_task(task.id, now) if standing.exceeded_figures
    ]


def _open_gate(task: Task, stage_index: int, spent: list[BudgetStatus], now: datetime) -> None:
    questions.ask_people(
        task,
        TaskEvent.SPEND,
        now,
        stage_index=stage_index,
        kind=GateKind.BUDGET,
        prompt=question_text(spent),
        choices=CHOICES,
        budgets=[standing.to_json() for standing in spent],
    )


def clear_partial(task: Task) -> None:
    """Delete the middle of a stage that has ended, and the count of waits without a known end."""
    transitions.set_partial(task, None)
    if task.quota:
        task.quota = {**task.quota, "guesses": 0}


def resume_due(now: datetime) -> int:
    """Resume tasks whose wait is over, unless someone is changing their work. Returns the number
    found. Commits for each task.
    """
    query = (
        select(Task.id)
        .where(Task.resume_at <= now, Task.status == TaskStatus.SUSPENDED)
        .order_by(Task.resume_at)
        .limit(100)
    )
    due = list(db.session.scalars(query))
    db.session.rollback()
    for task_id in due:
        _resume(task_id, now)
    return len(due)


def is_waiting_for_quota(task: Task) -> bool:
    return task.suspend_reason is SuspendReason.QUOTA and task.resume_at is not None


def has_open_tunnel(locked: LockedTask) -> bool:
    """Whether someone may be changing the workspace through a tunnel: a starting stage reverts
    what is in no checkpoint.
    """
    try:
        gates.require_no_tunnel(locked)
    except TunnelOpen:
        return True
    return False


def _resume(task_id: int, now: datetime) -> None:
    locked = locks.lock_task(task_id, now)
    is_waiting = is_waiting_for_quota(locked.task) and (locked.task.resume_at or now) <= now
    if not is_waiting or has_open_tunnel(locked):
        db.session.rollback()
        return
    resumption.resume(locked)
    locked.wake_machine()
    db.session.commit()
