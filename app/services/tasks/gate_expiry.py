"""Questions that nobody has answered in time."""

from datetime import datetime

from sqlalchemy import select

from app.domain import task as rules
from app.domain.attempt import AttemptOutcome
from app.domain.pipeline import AGENT_GATES
from app.domain.task import FailureCode
from app.extensions import db
from app.models import Gate, Task
from app.services import locks
from app.services.tasks import attempts, gates, questions, transitions


def expire(now: datetime) -> int:
    """Fail the tasks whose gate wasn't answered in time; an agent that asked continues without an
    answer.

    Returns the number of found gates. Commits for each task.
    """
    query = (
        select(Gate.task_id)
        .join(Task, (Task.id == Gate.task_id) & (Task.round == Gate.round))
        .where(Gate.answered_at.is_(None), Gate.expires_at < now, Task.status.in_(rules.LIVE))
        .order_by(Gate.expires_at)
        .limit(100)
    )
    expired = list(db.session.scalars(query))
    db.session.rollback()
    for task_id in expired:
        _expire(task_id, now)
    return len(expired)


def _expire(task_id: int, now: datetime) -> None:
    locked = locks.lock_task(task_id, now)
    task, is_live = locked.task, locked.has_live_attempt
    gate = gates.find_open_gate(task) if task.status in rules.LIVE else None
    if gate is None or gate.expires_at is None or gate.expires_at >= now:
        db.session.rollback()
        return
    message = "nobody answered the question in time"
    if gate.kind in AGENT_GATES and is_live:
        questions.close(locked, gate, message)
        questions.answer_question(locked, {})
        attempts.bump_orders_version(locked.machine)
        locked.wake_machine()
    else:
        if is_live:
            attempts.finish(locked, AttemptOutcome.FAILED, gone=True)
        index = gate.stage_index
        transitions.fail(task, FailureCode.GATE_EXPIRED, message, now, stage_index=index)
    db.session.commit()
