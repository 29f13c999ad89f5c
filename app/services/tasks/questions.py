"""Questions to people other than those before a stage: an agent's own, in the middle of its stage,
whose process and slot stay; and those about budgets, branches and checkpoints.

In all functions the caller holds the locks of the machine and the task, and commits.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from app.domain import interrupt, notification_rules, permission_requests
from app.domain.interrupt import InterruptState
from app.domain.pipeline import GateKind
from app.domain.storage_limits import MAX_QUESTIONS, LimitExceeded
from app.domain.task import EventType, SuspendReason, TaskEvent
from app.extensions import db
from app.models import Gate, Task
from app.services.locks import LockedTask
from app.services.tasks import history, transitions
from muster.protocol import frames

_MAX_TEXT, _MAX_CHOICES, _MAX_CHOICE = 10_000, 20, 200  # of a machine's text


def open_question(
    locked: LockedTask,
    asked: frames.QuestionOpened,
    permission: permission_requests.Request | None = None,
) -> None:
    """Open the question that the machine reports, replacing an open one; `permission` is the
    request that it is, if it's one. Raises IllegalTransition, and LimitExceeded for too many.
    """
    task, attempt, now = locked.task, locked.attempt, locked.now
    number = next_number(task, attempt.stage_index)
    if number > MAX_QUESTIONS:
        raise LimitExceeded(f"it has asked {MAX_QUESTIONS} questions in this stage")
    withdraw(locked, "the agent asks another")
    transitions.apply_event(task, TaskEvent.OPEN_QUESTION, now)
    prompt, choices = asked.question, asked.choices[:_MAX_CHOICES]
    if permission is not None:
        prompt = permission_requests.prompt_text(permission)
        choices = list(permission_requests.PermissionResult)
    gate = Gate(
        task_id=task.id,
        round=task.round,
        stage_index=attempt.stage_index,
        number=number,
        kind=GateKind.QUESTION if permission is None else GateKind.PERMISSION,
        prompt=_truncate(prompt, _MAX_TEXT),
        choices=[_truncate(choice, _MAX_CHOICE) for choice in choices],
        permission=permission,
        requested_at=now,
        expires_at=None if asked.timeout is None else now + timedelta(seconds=asked.timeout),
    )
    db.session.add(gate)
    attempt.question = {"number": asked.number, "gate": gate.number}
    about = {"kind": gate.kind, "choices": gate.choices, "number": gate.number}
    history.record_attempt_event(
        locked, EventType.SUSPENDED, gate.prompt, reason="question", **about
    )


def answer_question(locked: LockedTask, variables: dict[str, Any]) -> None:
    """Continue the agent with the answer, which has the fields of `frames.Answer`; no one's if
    it's empty. The caller changes the machine's orders.
    """
    attempt = locked.attempt
    attempt.question = {**(attempt.question or {}), "answer": variables}
    attempt.interrupt = interrupt.end(attempt.interrupt, InterruptState.ASKING)
    if continue_task(locked):
        name = locked.task.pipeline[attempt.stage_index]["name"]
        history.record_attempt_event(locked, EventType.RESUMED, f"continues with “{name}”")


def build_order(task_id: int, attempt: int, question: dict[str, Any]) -> frames.Answer:
    """Return the order to pass the answer on to the agent; `question` is the attempt's, and
    answered.
    """
    return frames.Answer(task_id, attempt, question["number"], **question["answer"])


def withdraw(locked: LockedTask, why: str) -> None:
    """Delete the agent's question, and close it if it's open: nothing waits for the answer any
    more.
    """
    task, attempt = locked.task, locked.attempt
    question, attempt.question = attempt.question, None
    attempt.interrupt = interrupt.end(attempt.interrupt, InterruptState.ASKING)
    if question is None or "answer" in question:
        return
    db.session.flush()  # the gate may be as new as this batch of reports
    key = task.id, task.round, attempt.stage_index, question["gate"]
    close(locked, db.session.get_one(Gate, key), why)
    continue_task(locked)


def close(locked: LockedTask, gate: Gate, why: str) -> None:
    """Close an open question without an answer."""
    gate.answered_at = locked.now
    about = {notification_rules.WITHDRAWN: True, "number": gate.number}
    text = f"question withdrawn: {why}"
    index = gate.stage_index
    history.record_event(
        locked.task, EventType.WARNING, text, locked.now, stage_index=index, data=about
    )


def resuspend(locked: LockedTask) -> None:
    """Suspend the task, whose machine is back, if its agent still waits for an answer."""
    task, attempt, now = locked.task, locked.attempt, locked.now
    if attempt.question is not None and "answer" not in attempt.question:
        transitions.apply_event(task, TaskEvent.OPEN_QUESTION, now)
        about: dict[str, Any] = {"reason": "question", "number": attempt.question["gate"]}
        text, index = "its agent still waits for an answer", attempt.stage_index
        history.record_event(
            task, EventType.SUSPENDED, text, now, stage_index=index, data=about, is_news=False
        )


def continue_task(locked: LockedTask) -> bool:
    """Resume the task if it waits for the answer; return whether it did."""
    # Or its machine isn't responding: then the task waits for that.
    is_waiting = locked.task.suspend_reason is SuspendReason.QUESTION
    if is_waiting:
        transitions.apply_event(locked.task, TaskEvent.CONTINUE, locked.now)
    return is_waiting


def ask_people(
    task: Task,
    event: TaskEvent,
    now: datetime,
    *,
    stage_index: int,
    kind: GateKind,
    prompt: str,
    choices: Sequence[str],
    **columns: Any,
) -> None:
    """Suspend the task, with an event that does, until people answer this question. `columns`:
    further ones of the gate, which its event shows, too.
    """
    number = next_number(task, stage_index)
    about: dict[str, Any] = {"kind": kind, "choices": list(choices), "number": number, **columns}
    db.session.add(
        Gate(
            task_id=task.id,
            round=task.round,
            stage_index=stage_index,
            prompt=prompt,
            requested_at=now,
            **about,
        )
    )
    transitions.apply_event(task, event, now)
    about["reason"] = task.suspend_reason
    history.record_event(
        task, EventType.SUSPENDED, prompt, now, stage_index=stage_index, data=about
    )


def next_number(task: Task, stage_index: int) -> int:
    """Return the number of the next question in the middle of that stage."""
    db.session.flush()
    query = select(func.max(Gate.number)).where(
        Gate.task_id == task.id, Gate.round == task.round, Gate.stage_index == stage_index
    )
    return (db.session.scalar(query) or 0) + 1


def _truncate(text: str, most: int) -> str:
    return text.replace("\0", "�")[:most]
