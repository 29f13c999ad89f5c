"""A task's messages to its agent: to which agent each goes, and what becomes of it.

Each is bound to one run of one stage at a time: by its author, while that agent works; or by the
stage's order, with whose prompt it goes. What that run didn't get goes with a later prompt of the
round. In all functions the caller holds the task's lock, and commits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.domain import task as task_rules
from app.domain import task_message as rules
from app.domain.follow_up import TooManyFollowUps
from app.domain.task import EventType, TaskEvent
from app.domain.task_message import MessageState, MessageTiming, TooLate, TooManyMessages
from app.extensions import db
from app.models import Attempt, Developer, Task, TaskMessage
from app.services.locks import LockedTask
from app.services.tasks import follow_up_queue, history
from muster.protocol import frames
from muster.protocol.attempt_key import AttemptKey

_MAX_PROMPT_CHARS = 200_000  # of the messages in one prompt, as JSON: orders have a limit

# Those that an agent may have read: their texts are in the task's history.
_READ = (MessageState.DELIVERED, MessageState.UNCONFIRMED)


def add(
    task: Task,
    actor: Developer,
    text: str,
    now: datetime,
    *,
    timing: MessageTiming = MessageTiming.NEXT,
    if_too_late: TooLate = TooLate.RETURN,
) -> TaskMessage:
    """Add a message that waits for the round's next agent stage."""
    last = db.session.scalar(
        select(func.max(TaskMessage.number)).where(TaskMessage.task_id == task.id)
    )
    made = TaskMessage(
        task_id=task.id,
        number=(last or 0) + 1,
        text=text,
        timing=timing,
        if_too_late=if_too_late,
        state=MessageState.WAITING,
        round=task.round,
        created_by=actor.id,
        creator=actor,
        created_at=now,
    )
    db.session.add(made)
    task.messages_waiting += 1
    db.session.flush()
    return made


def require_space(task: Task) -> None:
    """Raise TooManyMessages if no further message can wait."""
    if task.messages_waiting >= rules.MAX_WAITING:
        raise TooManyMessages


def list_waiting(task: Task) -> Sequence[TaskMessage]:
    """Return the waiting ones, in order. Costs nothing if there are none."""
    if not task.messages_waiting:
        return []
    db.session.flush()
    query = select(TaskMessage).where(
        TaskMessage.task_id == task.id, TaskMessage.state == MessageState.WAITING
    )
    with_names = query.options(joinedload(TaskMessage.creator, innerjoin=True))
    return db.session.scalars(with_names.order_by(TaskMessage.number)).all()


def bind(row: TaskMessage, attempt: Attempt, *, in_prompt: bool) -> None:
    """Bind a message to the run of the stage that the attempt is at."""
    row.attempt, row.stage_index, row.run = attempt.number, attempt.stage_index, attempt.run
    row.in_prompt = in_prompt


def bind_to_prompt(locked: LockedTask) -> list[TaskMessage]:
    """Return the messages that go with the order for the attempt's stage, and bind those that
    wait for it. Repeated orders name the same ones.
    """
    attempt, length = locked.attempt, 0
    found: list[TaskMessage] = []
    for row in list_waiting(locked.task):
        length += len(msgspec.json.encode(row.text))
        if row.attempt is None and (not found or length <= _MAX_PROMPT_CHARS):
            bind(row, attempt, in_prompt=True)
        if row.in_prompt and _is_bound(row, attempt):
            found.append(row)
    return found


def build_order(row: Any, number: int) -> frames.AgentMessage:
    """Return the order to pass that message on to the working agent, from a `row` of `orders`."""
    [found] = [each for each in row.messages if each["number"] == number]
    return frames.AgentMessage(*AttemptKey.from_object(row), **found)


def confirm_prompt(locked: LockedTask) -> None:
    """Record that the attempt's stage has started, and with it the messages in its prompt."""
    for row in list_waiting(locked.task):
        if row.in_prompt and _is_bound(row, locked.attempt):
            _finish(locked.task, row, MessageState.DELIVERED, locked.now)


def release(task: Task, attempt: Attempt, *, prompts_only: bool = False) -> None:
    """Let those messages of the attempt that no agent has got wait for the next prompt: its run
    is over, or the attempt. `prompts_only`: except those that were sent to its working agent.
    """
    for row in list_waiting(task):
        if row.attempt == attempt.number and (row.in_prompt or not prompts_only):
            _release(row)


def settle(task: Task, first: int, now: datetime) -> None:
    """Return messages, or make them follow-ups, if none of the round's stages from `first` on has
    an agent.
    """
    if task.messages_waiting and not rules.has_agent_stage(task.pipeline, first):
        for row in list_waiting(task):
            end_too_late(task, row, now)


def settle_round(task: Task, event: TaskEvent, now: datetime, by: int | None) -> None:
    """End all waiting ones: with this event, caused by that developer, their round is over.

    Those that were sent to an agent, whose machine can no longer report about it, may have been
    read.
    """
    for row in list_waiting(task):
        if row.attempt is not None and not row.in_prompt:
            _finish(task, row, MessageState.UNCONFIRMED, now, by=by)
        elif event is TaskEvent.CANCEL:
            _finish(task, row, MessageState.RETURNED, now, by=by)
        else:
            end_too_late(task, row, now)


def end_too_late(task: Task, row: TaskMessage, now: datetime, by: int | None = None) -> None:
    """Do what its author chose: no agent of its round is left to read it. `by` has sent it just
    now.
    """
    if row.if_too_late is TooLate.RETURN or task.project.archived_at is not None:
        _finish(task, row, MessageState.RETURNED, now, by=by)
        return
    try:
        made = follow_up_queue.add(task, row.creator, row.text, 0, None, now)
    except TooManyFollowUps:
        _finish(task, row, MessageState.RETURNED, now)
        return
    follow_up(task, row, made.id, now)


def follow_up(task: Task, row: TaskMessage, follow_up_id: int, now: datetime) -> None:
    """Record that the message became that follow-up."""
    row.follow_up_id = follow_up_id
    _finish(task, row, MessageState.FOLLOWED_UP, now)


def withdraw(task: Task, row: TaskMessage, actor: Developer, now: datetime) -> None:
    """Withdraw a waiting one that isn't bound."""
    _finish(task, row, MessageState.WITHDRAWN, now, by=actor.id)


def handle_outcome(locked: LockedTask, report: frames.MessageOutcome) -> None:
    """Record what a machine reports of a message that was sent to its agent.

    It's a fact about the past, and may come after the attempt's end. An outcome of a message that
    waits elsewhere by now has no effect.
    """
    task = locked.task
    row = db.session.scalar(
        select(TaskMessage)
        .where(TaskMessage.task_id == task.id, TaskMessage.number == report.number)
        .options(joinedload(TaskMessage.creator, innerjoin=True))
    )
    is_open = row is not None and row.state in (MessageState.WAITING, MessageState.UNCONFIRMED)
    if row is None or not is_open or row.in_prompt or row.attempt != locked.attempt.number:
        return
    state = MessageState(report.state)
    if state is row.state:
        return
    if state is MessageState.RETURNED and task.status in task_rules.LIVE:
        if row.state is MessageState.WAITING:
            _release(row)  # until its stage ends: then it's known whether an agent is left
        return
    _finish(task, row, state, locked.now)


def _release(row: TaskMessage) -> None:
    row.attempt = row.stage_index = row.run = None
    row.in_prompt = False


def _is_bound(row: TaskMessage, attempt: Attempt) -> bool:
    bound = (row.attempt, row.stage_index, row.run)
    return bound == (attempt.number, attempt.stage_index, attempt.run)


def _finish(
    task: Task,
    row: TaskMessage,
    state: MessageState,
    now: datetime,
    by: int | None = None,
) -> None:
    if row.state is MessageState.WAITING:
        task.messages_waiting -= 1
    row.state = state
    if state is MessageState.DELIVERED:
        row.delivered_at = now
    if state not in _READ:
        _release(row)
    record(task, row, now, by=by)


_TEXTS = {
    MessageState.WAITING: "message {number} by {author}",
    MessageState.DELIVERED: "the agent has read message {number} by {author}",
    MessageState.UNCONFIRMED: "the agent has perhaps not read message {number} by {author}",
    MessageState.WITHDRAWN: "message {number} by {author} withdrawn",
    MessageState.RETURNED: "message {number} by {author} returned: no agent was left to read it",
    MessageState.FOLLOWED_UP: "message {number} by {author} became a follow-up",
}


def record(task: Task, row: TaskMessage, now: datetime, *, by: int | None = None) -> None:
    """Record the message's state in the task's history. Its author is notified if it may be
    unread, unless they are `by`.
    """
    author = row.creator.name
    about: dict[str, Any] = {
        "number": row.number,
        "state": row.state,
        "when": row.timing,
        "createdBy": {"id": row.created_by, "name": author},
        "run": row.run,
    }
    if row.state in _READ:
        about["text"] = row.text
    if by is not None:
        about["by"] = by
    text = _TEXTS[row.state].format(number=row.number, author=author)
    history.record_event(
        task,
        EventType.MESSAGE,
        text,
        now,
        attempt=row.attempt,
        stage_index=row.stage_index,
        data=about,
        by=by,
    )
