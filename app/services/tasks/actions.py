"""The facts that decide what people can do with a task now (`domain.task_actions`)."""

from sqlalchemy import and_, select

from app.domain import network
from app.domain.attempt import WorkspaceState
from app.domain.task_actions import TaskState
from app.domain.terminal import TerminalSubject, has_terminal
from app.domain.tunnel import OPEN_STATES
from app.extensions import db
from app.models import Attempt, Gate, Task, Tunnel, Workspace
from app.services.tasks import rounds

_FACTS = (
    select(
        Attempt.phase,
        Attempt.ended_at.is_(None).label("is_live"),
        Workspace.state.label("workspace"),
        Tunnel.state.label("tunnel"),
        rounds.IS_PUBLISHED.label("is_published"),
    )
    .join(Task, and_(Task.id == Attempt.task_id, Task.attempt == Attempt.number))
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
        return known_state(task, gate, has_work=has_work, is_answerer=is_answerer)
    subject = TerminalSubject(task.status, task.suspend_reason, row.phase, row.is_live)
    is_open = network.is_open(task.pipeline, task.project.network)
    return known_state(
        task,
        gate,
        has_work=bool(task.checkpoints) or row.is_published,
        has_terminal=has_terminal(subject),
        takes_tunnel=row.is_live and row.workspace is WorkspaceState.READY and is_open,
        has_tunnel=row.is_live and row.tunnel in OPEN_STATES,
        is_answerer=is_answerer,
    )


def known_state(task: Task, gate: Gate | None, *, has_work: bool, **others: bool) -> TaskState:
    """Return the state that follows from the task's row and these facts."""
    return TaskState(
        status=task.status,
        gate=gate.kind if gate else None,
        has_suggestion=bool(gate and (gate.permission or {}).get("suggestion")),
        has_work=has_work,
        is_follow_up=task.follow_up is not None,
        follow_ups_queued=task.follow_ups_queued,
        is_archived=task.project.archived_at is not None,
        **others,
    )
