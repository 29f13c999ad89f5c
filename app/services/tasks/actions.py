"""The facts that decide what people can do with a task now (`domain.task_actions`)."""

from dataclasses import replace
from typing import Any

from sqlalchemy import and_, select

from app.domain import network, send_back
from app.domain.attempt import WorkspaceState
from app.domain.interrupt import find_interrupt
from app.domain.task_actions import TaskState
from app.domain.task_message import find_recipients
from app.domain.terminal import TerminalSubject, has_terminal
from app.domain.tunnel import OPEN_STATES
from app.extensions import db
from app.models import Attempt, Gate, Machine, Task, Tunnel, Workspace
from app.services.tasks import message_recipients, rounds

_FACTS = (
    select(
        Attempt.phase,
        Attempt.stage_index,
        Attempt.run,
        Attempt.has_slot,
        Attempt.suspends,
        Attempt.pending_exit,
        Attempt.pushes,
        Attempt.interrupt,
        Machine.capabilities,
        Machine.opens_shells,
        Attempt.ended_at.is_(None).label("is_live"),
        Workspace.state.label("workspace"),
        Tunnel.state.label("tunnel"),
        rounds.IS_PUBLISHED.label("is_published"),
    )
    .join(Task, and_(Task.id == Attempt.task_id, Task.attempt == Attempt.number))
    .join(Machine, Machine.id == Attempt.machine_id)
    .outerjoin(
        Workspace,
        and_(Workspace.task_id == Attempt.task_id, Workspace.attempt == Attempt.number),
    )
    .outerjoin(Tunnel, and_(Tunnel.task_id == Attempt.task_id, Tunnel.attempt == Attempt.number))
)


def read_state(task: Task, gate: Gate | None, *, is_answerer: bool) -> TaskState:
    """Return the task's state; `gate` is its open one. Its project must be loaded.

    `is_answerer`: as in `TaskState`. One statement; none for a task without an attempt.
    """
    row = db.session.execute(_FACTS.where(Task.id == task.id)).one() if task.attempt else None
    if row is None:
        has_work = bool(task.checkpoints)
        recipients = find_recipients(task.status, task.pipeline, task.stage_index, None)
        state = known_state(task, gate, has_work=has_work, is_answerer=is_answerer)
        return replace(state, recipients=recipients)
    subject = TerminalSubject(task.status, task.suspend_reason, row.phase, row.is_live)
    is_open = network.is_open(task.pipeline, task.project.network)
    state = known_state(
        task,
        gate,
        has_work=bool(task.checkpoints) or row.is_published,
        has_terminal=has_terminal(subject),
        opens_shells=row.opens_shells,
        takes_tunnel=row.is_live and row.workspace is WorkspaceState.READY and is_open,
        has_tunnel=row.is_live and row.tunnel in OPEN_STATES,
        is_answerer=is_answerer,
    )
    return replace(state, **_steering(task, row))


def _steering(task: Task, row: Any) -> dict[str, Any]:
    """Return who gets a message, and the interrupt under way."""
    work = message_recipients.describe_work(task, row, row.capabilities) if row.is_live else None
    recipients = find_recipients(task.status, task.pipeline, task.stage_index, work)
    stopped = find_interrupt(row.interrupt, row.stage_index, row.run) if row.is_live else None
    return {"recipients": recipients, "interrupt": stopped}


def known_state(task: Task, gate: Gate | None, *, has_work: bool, **others: Any) -> TaskState:
    """Return the state that follows from the task's row and these facts."""
    return TaskState(
        status=task.status,
        gate=gate.kind if gate else None,
        has_suggestion=bool(gate and (gate.permission or {}).get("suggestion")),
        has_work=has_work,
        is_follow_up=task.follow_up is not None,
        follow_ups_queued=task.follow_ups_queued,
        messages_waiting=task.messages_waiting,
        is_archived=task.project.archived_at is not None,
        has_failed_check=send_back.find_start(task.known_stages, task.failure) is not None,
        **others,
    )
