"""Questions that an agent asks in the middle of its stage. Its process and its slot stay.

In all functions the caller holds the locks of the machine and the task, and commits.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from app.domain import notification_rules
from app.domain.pipeline import GateKind
from app.domain.storage_limits import MAX_QUESTIONS, LimitExceeded
from app.domain.task import EventType, SuspendReason, TaskEvent
from app.extensions import db
from app.models import Attempt, Gate, Task
from app.services.tasks import history, transitions
from muster.protocol import frames

_MAX_TEXT, _MAX_CHOICES, _MAX_CHOICE = 10_000, 20, 200  # of a machine's text


def open_question(
    task: Task, attempt: Attempt, asked: frames.QuestionOpened, now: datetime
) -> None:
    """Open the question that the machine reports, replacing an open one. Raises
    IllegalTransition, and LimitExceeded for too many of them.
    """
    number = next_number(task, attempt.stage_index)
    if number > MAX_QUESTIONS:
        raise LimitExceeded(f"it has asked {MAX_QUESTIONS} questions in this stage")
    withdraw(task, attempt, "the agent asks another", now)
    transitions.apply_event(task, TaskEvent.OPEN_QUESTION, now)
    gate = Gate(
        task_id=task.id,
        round=task.round,
        stage_index=attempt.stage_index,
        number=number,
        kind=GateKind.QUESTION,
        prompt=_truncate(asked.question, _MAX_TEXT),
        choices=[_truncate(choice, _MAX_CHOICE) for choice in asked.choices[:_MAX_CHOICES]],
        requested_at=now,
        expires_at=None if asked.timeout is None else now + timedelta(seconds=asked.timeout),
    )
    db.session.add(gate)
    attempt.question = {"number": asked.number, "gate": gate.number}
    about = {"kind": gate.kind, "choices": gate.choices, "number": gate.number}
    _record(task, attempt, EventType.SUSPENDED, gate.prompt, now, reason="question", **about)


def answer_question(task: Task, attempt: Attempt, variables: dict[str, str], now: datetime) -> None:
    """Continue the agent with the answer: `choice` or `input`, or no one's if both are missing.
    The caller changes the machine's orders.
    """
    attempt.question = {**(attempt.question or {}), "answer": variables}
    if _continue_task(task, now):
        name = task.pipeline[attempt.stage_index]["name"]
        _record(task, attempt, EventType.RESUMED, f"continues with “{name}”", now)


def build_order(task_id: int, attempt: int, question: dict[str, Any]) -> frames.Answer:
    """Return the order to pass the answer on to the agent; `question` is the attempt's, and
    answered.
    """
    return frames.Answer(task_id, attempt, question["number"], **question["answer"])


def withdraw(task: Task, attempt: Attempt, why: str, now: datetime) -> None:
    """Delete the agent's question, and close it if it's open: nothing waits for the answer any
    more.
    """
    question, attempt.question = attempt.question, None
    if question is None or "answer" in question:
        return
    close(_gate(task, attempt, question["gate"]), why, task, now)
    _continue_task(task, now)


def close(gate: Gate, why: str, task: Task, now: datetime) -> None:
    """Close an open question without an answer."""
    gate.answered_at = now
    about = {notification_rules.WITHDRAWN: True, "number": gate.number}
    text = f"question withdrawn: {why}"
    history.record_event(
        task, EventType.WARNING, text, now, stage_index=gate.stage_index, data=about
    )


def resuspend(task: Task, attempt: Attempt, now: datetime) -> None:
    """Suspend the task, whose machine is back, if its agent still waits for an answer."""
    if attempt.question is not None and "answer" not in attempt.question:
        transitions.apply_event(task, TaskEvent.OPEN_QUESTION, now)
        about: dict[str, Any] = {"reason": "question", "number": attempt.question["gate"]}
        text, index = "its agent still waits for an answer", attempt.stage_index
        history.record_event(
            task, EventType.SUSPENDED, text, now, stage_index=index, data=about, is_news=False
        )


def _continue_task(task: Task, now: datetime) -> bool:
    """Resume the task if it waits for the answer; return whether it did."""
    # Or its machine isn't responding: then the task waits for that.
    is_waiting = task.suspend_reason is SuspendReason.QUESTION
    if is_waiting:
        transitions.apply_event(task, TaskEvent.CONTINUE, now)
    return is_waiting


def _gate(task: Task, attempt: Attempt, number: int) -> Gate:
    db.session.flush()  # it may be as new as this batch of reports
    return db.session.get_one(Gate, (task.id, task.round, attempt.stage_index, number))


def next_number(task: Task, stage_index: int) -> int:
    """Return the number of the next question in the middle of that stage."""
    db.session.flush()
    query = select(func.max(Gate.number)).where(
        Gate.task_id == task.id, Gate.round == task.round, Gate.stage_index == stage_index
    )
    return (db.session.scalar(query) or 0) + 1


def _truncate(text: str, most: int) -> str:
    return text.replace("\0", "�")[:most]


def _record(
    task: Task, attempt: Attempt, type_: EventType, message: str, now: datetime, **about: object
) -> None:
    history.record_event(task, type_, message, now, stage_index=attempt.stage_index, data=about)
