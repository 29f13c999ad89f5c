"""Messages of people to a task's agent: sending, listing, and withdrawing them."""

from collections.abc import Callable

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app.domain.errors import NotFound
from app.domain.roles import Permission
from app.domain.task_message import (
    MessageSent,
    MessageState,
    MessageTiming,
    RecipientState,
    TooLate,
)
from app.extensions import db
from app.models import Developer, TaskMessage
from app.services import audit, locks, rights
from app.services.locks import LockedTask
from app.services.tasks import attempts, follow_ups, message_queue, message_recipients, queries

PERMISSIONS = {
    MessageTiming.NEXT: Permission.FOLLOW_UP,
    MessageTiming.NOW: Permission.CONTROL_TERMINAL,  # it stops what the agent does
}


def create(
    actor: Developer,
    task_id: int,
    *,
    text: str,
    when: MessageTiming = MessageTiming.NEXT,
    if_too_late: TooLate = TooLate.RETURN,
    remember: Callable[[TaskMessage], None] | None = None,
) -> TaskMessage:
    """Send a message to the task's agent: the working one, or that of the round's next agent
    stage. Returns it. Commits.

    `remember` is called with it just before the commit; if that raises, there is none. Raises
    NotFound, Forbidden, TaskEnded, NoMessages, TooManyMessages; NoCheckpoint, TunnelOpen and
    TooManyFollowUps for one that becomes a follow-up.
    """
    seen = queries.get(actor, task_id)
    rights.require(PERMISSIONS[when], actor, seen.project, creator_id=seen.created_by)
    locked = locks.lock_loaded_task(seen)
    found = message_recipients.find_recipients(locked)
    message_recipients.require_recipient(found)
    message_queue.require_space(locked.task)
    made = message_queue.add(
        locked.task, actor, text, locked.now, timing=when, if_too_late=if_too_late
    )
    if found.state is RecipientState.OPEN:
        message_queue.bind(made, locked.attempt, in_prompt=False)
        attempts.bump_orders_version(locked.machine)
    message_queue.record(locked.task, made, locked.now, by=actor.id)
    if found.state is RecipientState.NONE:
        _end_too_late(actor, locked, made)
    about = {"number": made.number, "when": when}
    audit.record("task.message_sent", "task", task_id, actor=actor, after=about)
    locked.wake_machine()
    if remember:
        remember(made)
    db.session.commit()
    return get(actor, task_id, made.id)


def _end_too_late(actor: Developer, locked: LockedTask, made: TaskMessage) -> None:
    """Do what the author chose. A follow-up starts now if the task is idle."""
    is_active = locked.task.project.archived_at is None
    if made.if_too_late is TooLate.RETURN or not is_active:
        message_queue.end_too_late(locked.task, made, locked.now, actor.id)
        return
    following = follow_ups.add(locked, actor, made.text, 0, None)
    message_queue.follow_up(locked.task, made, following.id, locked.now)


def require_right(actor: Developer, task_id: int, when: MessageTiming) -> None:
    """Require that the developer can send such a message. Raises NotFound, Forbidden."""
    task = queries.get(actor, task_id)
    rights.require(PERMISSIONS[when], actor, task.project, creator_id=task.created_by)


def withdraw(actor: Developer, task_id: int, message_id: int) -> None:
    """Withdraw a waiting message, anyone's: members can act for each other. Commits.

    Raises NotFound, Forbidden, MessageSent.
    """
    seen = queries.get(actor, task_id)
    rights.require(Permission.FOLLOW_UP, actor, seen.project)
    locked = locks.lock_loaded_task(seen)
    row = get(actor, task_id, message_id)
    if row.state is not MessageState.WITHDRAWN:
        if row.state is not MessageState.WAITING or row.attempt is not None:
            raise MessageSent
        message_queue.withdraw(locked.task, row, actor, locked.now)
        about = {"number": row.number}
        audit.record("task.message_withdrawn", "task", task_id, actor=actor, after=about)
    db.session.commit()


def listing(actor: Developer, task_id: int) -> Select[TaskMessage]:
    """Return the task's messages, in any order. Raises NotFound."""
    return _query(queries.get(actor, task_id).id)


def get(actor: Developer, task_id: int, message_id: int) -> TaskMessage:
    """Return one message. Raises NotFound."""
    query = _query(queries.get(actor, task_id).id).where(TaskMessage.id == message_id)
    row = db.session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound(f"Task {task_id} has no message {message_id}.")
    return row


def _query(task_id: int) -> Select[TaskMessage]:
    query = select(TaskMessage).where(TaskMessage.task_id == task_id)
    return query.options(joinedload(TaskMessage.creator, innerjoin=True))
