"""The single writer of a task's status, round, current stage, and checkpoint in the middle of that.

The caller holds the task's lock. One exception for many tasks: `dispatch.statements.ASSIGN` moves
them from queued to assigned, with their slots, attempts and events, in one round trip.
"""

from datetime import datetime
from typing import Any

from app import wakeups
from app.domain import send_back
from app.domain import task as rules
from app.domain.task import EventType, SuspendReason, TaskEvent, TaskStatus
from app.extensions import db
from app.models import RunInterval, Task
from app.services.tasks import history, message_queue

_SUSPENSIONS = {
    TaskEvent.ASK: SuspendReason.GATE,
    TaskEvent.OPEN_QUESTION: SuspendReason.QUESTION,
    TaskEvent.LIMIT: SuspendReason.QUOTA,
    TaskEvent.SPEND: SuspendReason.BUDGET,
    TaskEvent.LOSE: SuspendReason.MACHINE_LOST,
}


def apply_event(
    task: Task,
    event: TaskEvent,
    now: datetime,
    *,
    stage_index: int | None = None,
    by: int | None = None,
) -> None:
    """Apply a state-machine event to the task, at that stage (None: the current one); a queued task
    wakes the dispatcher. `by` is the developer who caused it, if their messages may end with it.

    Raises IllegalTransition. Doesn't commit.
    """
    status = rules.next_status(task.status, event)
    if status in rules.ENDED or event is TaskEvent.FOLLOW_UP:
        message_queue.settle_round(
            task, event, now, by
        )  # it reads rows, so the task's must be valid
    task.status = status
    if stage_index is not None:
        enter_stage(task, stage_index)
    _update_run_time(task, now)
    task.suspend_reason = _SUSPENSIONS.get(event)
    task.updated_at = now
    if event is not TaskEvent.REQUEUE:  # which doesn't change the time that it waits for
        task.resume_at = None
    if task.status is TaskStatus.QUEUED:
        task.queued_at = now
        wakeups.wake_dispatch()
    task.dismissed_at = None  # its next end isn't dismissed
    match task.status:
        case TaskStatus.ASSIGNED if event is TaskEvent.ASSIGN:
            task.assigned_at = now
        case TaskStatus.RUNNING if event is TaskEvent.RESTORE:
            task.finished_at = task.failure = None
        case TaskStatus.RUNNING if task.started_at is None:
            task.started_at = now
        case TaskStatus.QUEUED if event in (TaskEvent.RETRY, TaskEvent.FOLLOW_UP):
            task.started_at = task.finished_at = task.result = task.failure = task.quota = None
            task.round += 1
            task.partial, task.turns = None, []
        case status if status in rules.ENDED:
            task.finished_at = now
            task.partial = None  # a retry restarts its stage
            task.checkpoints = send_back.restore_checkpoint(task.turns, task.checkpoints)


def enter_stage(task: Task, stage_index: int) -> None:
    """Make it the current stage. A checkpoint in the middle of another one is dropped."""
    task.stage_index = stage_index
    if task.partial and task.partial["stageIndex"] != stage_index:
        task.partial = None


def set_partial(task: Task, partial: dict[str, Any] | None) -> None:
    """Store the latest checkpoint in the middle of the current stage; None: it has none."""
    task.partial = partial


def _update_run_time(task: Task, now: datetime) -> None:
    """Record the task's run time."""
    if task.status is TaskStatus.RUNNING:
        task.running_since = task.running_since or now
    elif (since := task.running_since) is not None:
        task.running_since = None
        whose = {"project_id": task.project_id, "developer_id": task.created_by}
        db.session.add(
            RunInterval(task_id=task.id, **whose, started_at=since, ended_at=max(since, now))
        )


def fail(
    task: Task, code: str, message: str, now: datetime, *, stage_index: int | None = None
) -> None:
    """Fail the task, with the reason for people. Raises IllegalTransition. Doesn't commit."""
    apply_event(task, TaskEvent.FAIL, now)
    task.failure = {"code": code, "message": message, "stageIndex": stage_index}
    history.record_event(
        task, EventType.FAILED, message, now, stage_index=stage_index, data={"code": code}
    )
