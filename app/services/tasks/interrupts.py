"""Interrupts: someone stops a working agent, which then waits for what to do instead.

Its question stays open. If nobody answers it for `interruptSeconds`, or if the agent ignores the
interrupt and someone stops the stage, the attempt waits as at a gate: the answer then goes to the
next run of the stage as a message.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from app.domain import interrupt, task_message
from app.domain.attempt import AttemptPhase
from app.domain.interrupt import Interrupt, InterruptState
from app.domain.pipeline import GateKind
from app.domain.roles import Permission
from app.domain.task import EventType, SuspendReason, TaskEvent, TaskStatus
from app.domain.task_message import NotWorking
from app.extensions import db
from app.models import Attempt, Developer, Gate, Task
from app.services import audit, locks, rights, settings
from app.services.locks import LockedTask
from app.services.tasks import (
    attempts,
    history,
    message_queue,
    message_recipients,
    queries,
    questions,
    resumption,
    transitions,
)
from muster.protocol import frames
from muster.protocol.attempt_key import AttemptKey

_UNKNOWN = "someone"  # after a restored backup


def request(actor: Developer, task_id: int, *, stop_stage: bool = False) -> Task:
    """Stop the agent's running step; with `stop_stage`, its process. It then waits for what to do
    instead. Returns the task. Commits. Repeating it while it's under way has no effect.

    Raises NotFound, Forbidden, TaskEnded, NoMessages, NotWorking.
    """
    seen = queries.get(actor, task_id)
    creator = seen.created_by
    rights.require(Permission.CONTROL_TERMINAL, actor, seen.project, creator_id=creator)
    locked = locks.lock_loaded_task(seen)
    found = message_recipients.find_recipients(locked)
    message_recipients.require_recipient(found)
    before = current(locked.attempt) if locked.has_live_attempt else None
    if stop_stage and before is not None and before.state in interrupt.STOPS_STAGE:
        db.session.rollback()
        return queries.get(actor, task_id)
    if not interrupt.can_interrupt(locked.task.status, found, before):
        raise NotWorking
    if stop_stage or before is None or interrupt.can_repeat(before, locked.now):
        _start(actor, locked, before if stop_stage else None, stop_stage=stop_stage)
    db.session.commit()
    return locked.task


def _start(
    actor: Developer, locked: LockedTask, before: Interrupt | None, *, stop_stage: bool
) -> None:
    attempt, now = locked.attempt, locked.now
    last = (attempt.interrupt or {}).get("number", 0)
    made = before or Interrupt(
        number=last + 1,
        stage_index=attempt.stage_index,
        run=attempt.run,
        author=actor.name,
        author_id=actor.id,
        since=now,
    )
    if stop_stage:
        made = made.enter(InterruptState.STOPPING, now)
    attempt.interrupt = made.to_json()
    attempts.bump_orders_version(locked.machine)
    what = "stops the stage" if stop_stage else "interrupted the agent"
    _record(locked, made, f"{actor.name} {what}", by=actor)
    about = {"number": made.number, "stopStage": stop_stage}
    audit.record("task.interrupted", "task", locked.task.id, actor=actor, after=about)
    locked.wake_machine()


def current(attempt: Attempt) -> Interrupt | None:
    """Return the interrupt under way at the attempt's run of its stage."""
    return interrupt.find_interrupt(attempt.interrupt, attempt.stage_index, attempt.run)


def build_order(row: Any) -> frames.Interrupt:
    """Return the order to stop the agent's step, from a `row` of `orders`."""
    found = Interrupt.from_json(row.interrupt)
    return frames.Interrupt(*AttemptKey.from_object(row), found.number, found.author)


def stays_open(attempt: Attempt) -> bool:
    """Whether people decide what happens once the stage has been stopped: because of an
    interrupt or, while its agent waited after one, a budget.
    """
    found = current(attempt)
    return found is not None and found.state in {InterruptState.ASKING, *interrupt.STOPS_STAGE}


def end(attempt: Attempt) -> None:
    """End the interrupt, if there is one: its stage has ended."""
    attempt.interrupt = interrupt.end(attempt.interrupt, *interrupt.UNDER_WAY)


def open_question(locked: LockedTask, asked: frames.QuestionOpened) -> None:
    """Open the question that the machine reports. The text of an interrupted agent's is the
    server's own, with the name of who interrupted. Raises what `questions.open_question` does.
    """
    if asked.interrupt is None:
        questions.open_question(locked, asked)
        return
    found = current(locked.attempt)
    is_known = found is not None and found.number == asked.interrupt
    text = task_message.build_stop_question(found.author if found and is_known else _UNKNOWN)
    own = msgspec.structs.replace(asked, question=text, choices=[], timeout=None)
    questions.open_question(locked, own)
    if found and is_known and found.state not in interrupt.STOPS_STAGE:
        _enter(locked, found, InterruptState.ASKING)


def mark_ignored(locked: LockedTask, number: int) -> None:
    """Record that the agent didn't stop its step. People can stop the stage instead."""
    found = current(locked.attempt)
    if found is None or found.number != number or found.state is not InterruptState.REQUESTED:
        return
    ignored = _enter(locked, found, InterruptState.IGNORED)
    _record(locked, ignored, f"the agent ignores {found.author}'s interrupt")


def park(locked: LockedTask) -> None:
    """The stage has been stopped: let the attempt wait without a slot until the question is
    answered; or continue, if it has been.
    """
    task, attempt, now = locked.task, locked.attempt, locked.now
    found = current(attempt)
    assert found is not None
    attempts.bump_orders_version(locked.machine)
    if found.state is InterruptState.CONTINUING:
        _enter(locked, found, InterruptState.OVER)
        attempt.run += 1
        return
    _enter(locked, found, InterruptState.STOPPED)
    attempt.mid_stage, attempt.phase = True, AttemptPhase.GATE
    attempts.free_slot(locked.machine, attempt)
    question, attempt.question = attempt.question, None  # nothing waits for it at the machine
    if question is not None and "answer" not in question:
        transitions.apply_event(task, TaskEvent.ASK, now)
        about = {"reason": SuspendReason.GATE, "number": question["gate"]}
        text, index = "the agent was stopped; its question stays open", attempt.stage_index
        history.record_event(
            task, EventType.SUSPENDED, text, now, stage_index=index, data=about, is_news=False
        )
        return
    questions.ask_people(
        task,
        TaskEvent.ASK,
        now,
        stage_index=attempt.stage_index,
        kind=GateKind.QUESTION,
        prompt=task_message.build_stop_question(found.author),
        choices=(),
    )


def answer(actor: Developer, locked: LockedTask, gate: Gate) -> bool:
    """Continue a stage that was stopped, or is about to be, with the answer: it goes to the next
    run as a message. Returns whether the gate was such a stage's. The caller commits.
    """
    if gate.kind is not GateKind.QUESTION:
        return False
    is_live = locked.has_live_attempt
    found = current(locked.attempt) if is_live else None
    if is_live and (found is None or found.state not in _STOPS):
        return False
    task, now = locked.task, locked.now
    made = message_queue.add(task, actor, gate.result or "", now)
    message_queue.record(task, made, now, by=actor.id)
    if found is not None and found.state in interrupt.STOPS_STAGE:
        locked.attempt.question = None
        _enter(locked, found, InterruptState.CONTINUING)
        questions.continue_task(locked)
    else:
        if found is not None:
            _enter(locked, found, InterruptState.OVER)
        resumption.resume(locked)
    return True


_STOPS = interrupt.STOPS_STAGE | {InterruptState.STOPPED}


def sweep(now: datetime) -> int:
    """Stop the agents whose question after an interrupt has been open for `interruptSeconds`.
    Returns their number. Commits for each.
    """
    seconds = settings.value("interruptSeconds")
    before = (now - timedelta(seconds=seconds)).isoformat()
    query = (
        select(Task.id)
        .join(Attempt, (Attempt.task_id == Task.id) & (Attempt.number == Task.attempt))
        .where(
            Task.status == TaskStatus.SUSPENDED,
            Task.suspend_reason == SuspendReason.QUESTION,
            Attempt.interrupt["state"].as_string() == InterruptState.ASKING,
            Attempt.interrupt["since"].as_string() <= before,
        )
        .order_by(Task.id)
        .limit(100)
    )
    due = list(db.session.scalars(query))
    db.session.rollback()
    for task_id in due:
        _stop_waiting(task_id, seconds, now)
    return len(due)


def _stop_waiting(task_id: int, seconds: float, now: datetime) -> None:
    locked = locks.lock_task(task_id, now)
    found = current(locked.attempt) if locked.has_live_attempt else None
    if found is None or not interrupt.is_due_to_stop(found, seconds, now):
        db.session.rollback()
        return
    stopped = _enter(locked, found, InterruptState.STOPPING)
    attempts.bump_orders_version(locked.machine)
    _record(locked, stopped, f"nobody answered for {seconds:g} s: the stage is stopped")
    locked.wake_machine()
    db.session.commit()


def _enter(locked: LockedTask, found: Interrupt, state: InterruptState) -> Interrupt:
    entered = found.enter(state, locked.now)
    locked.attempt.interrupt = entered.to_json()
    return entered


def _record(locked: LockedTask, found: Interrupt, text: str, by: Developer | None = None) -> None:
    history.record_event(
        locked.task,
        EventType.INTERRUPTED,
        text,
        locked.now,
        stage_index=found.stage_index,
        data={
            "number": found.number,
            "state": found.state,
            "createdBy": {"id": found.author_id, "name": found.author},
            **({"by": by.id} if by else {}),
        },
        by=by.id if by else None,
    )
