"""Tunnels into workspaces: started and stopped by people, reported by machines."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app import wakeups
from app.domain import network
from app.domain import tunnel as rules
from app.domain.attempt import WorkspaceState
from app.domain.errors import IllegalTransition, NetworkClosed, NoLiveWorkspace
from app.domain.roles import Permission
from app.domain.task import EventType
from app.domain.tunnel import TunnelEvent, TunnelState, TunnelStatus
from app.extensions import db
from app.models import Attempt, Developer, Task, Tunnel, Workspace
from app.services import audit, locks, rights
from app.services.locks import LockedTask
from app.services.tasks import attempts, history, queries
from muster.protocol import frames

MAX_TEXT = 2_000  # characters of an address or a reason


@dataclass(frozen=True)
class TunnelView:
    """The tunnel of a task's latest attempt, without what the developer can't see."""

    task_id: int
    state: TunnelState = TunnelState.IDLE
    url: str | None = None
    error: str | None = None
    started_at: datetime | None = None
    expires_at: datetime | None = None
    restarts: int = 0


def status(actor: Developer, task_id: int) -> TunnelView:
    """Return the tunnel of the task's latest attempt.

    URL and error are only for those who can start and stop it. Raises NotFound.
    """
    task = queries.get(actor, task_id)
    query = (
        select(Tunnel, Attempt.ended_at)
        .join(Attempt, (Attempt.task_id == Tunnel.task_id) & (Attempt.number == Tunnel.attempt))
        .where(Tunnel.task_id == task.id, Tunnel.attempt == task.attempt)
        .execution_options(populate_existing=True)
    )
    row = db.session.execute(query).one_or_none()
    if row is None:
        return TunnelView(task.id)
    access = rights.access(actor, task.project, creator_id=task.created_by)
    return _view(row[0], row[1], whole=access.allows(Permission.CONTROL_TUNNEL))


def _view(tunnel: Tunnel, attempt_ended_at: datetime | None, *, whole: bool) -> TunnelView:
    state = rules.visible_state(tunnel.state, attempt_ended=attempt_ended_at is not None)
    return TunnelView(
        task_id=tunnel.task_id,
        state=state,
        url=tunnel.url if whole and state is TunnelState.CONNECTED else None,
        error=tunnel.error if whole else None,
        started_at=tunnel.started_at,
        expires_at=tunnel.expires_at,
        restarts=tunnel.restarts,
    )


def start(
    actor: Developer, task_id: int, *, ttl_seconds: int = rules.DEFAULT_SECONDS
) -> TunnelView:
    """Open a tunnel into the workspace of the live attempt; an open one stays unchanged.

    Commits, and wakes the machine. Raises NotFound, Forbidden, NoLiveWorkspace, NetworkClosed.
    """
    seen = queries.get(actor, task_id)
    rights.require(Permission.CONTROL_TUNNEL, actor, seen.project, creator_id=seen.created_by)
    if not network.is_open(seen.pipeline, seen.project.network):
        raise NetworkClosed
    locked = locks.lock_loaded_task(seen)
    if not locked.has_live_attempt or not _has_workspace(locked.attempt):
        raise NoLiveWorkspace
    tunnel = _find_tunnel(locked.attempt)
    if tunnel is not None and tunnel.state in rules.OPEN_STATES:
        db.session.rollback()
        return status(actor, task_id)
    now = locked.now
    tunnel = _start(tunnel, locked.attempt, actor, now, timedelta(seconds=ttl_seconds))
    history.record_event(locked.task, EventType.TUNNEL, f"tunnel started by {actor.name}", now)
    after = {"attempt": tunnel.attempt, "expiresAt": tunnel.expires_at}
    audit.record("tunnel.started", "task", task_id, actor=actor, after=after)
    attempts.bump_orders_version(locked.machine)
    locked.wake_machine()
    db.session.commit()
    return status(actor, task_id)


def stop(actor: Developer, task_id: int) -> TunnelView:
    """Close the tunnel; one that isn't open stays unchanged.

    Commits, and wakes the machine. Raises NotFound, Forbidden.
    """
    seen = queries.get(actor, task_id)
    rights.require(Permission.CONTROL_TUNNEL, actor, seen.project, creator_id=seen.created_by)
    locked = locks.lock_loaded_task(seen)
    tunnel = _find_tunnel(locked.attempt) if locked.has_live_attempt else None
    if tunnel is None or tunnel.state not in rules.OPEN_STATES:
        db.session.rollback()
        return status(actor, task_id)
    text = f"tunnel stopped by {actor.name}"
    _apply_event(locked.task, tunnel, TunnelEvent.STOP, locked.now, text)
    audit.record("tunnel.stopped", "task", task_id, actor=actor)
    attempts.bump_orders_version(locked.machine)
    locked.wake_machine()
    db.session.commit()
    return status(actor, task_id)


def _find_tunnel(attempt: Attempt) -> Tunnel | None:
    """Reread the attempt's tunnel. The caller holds the lock of the task."""
    return db.session.get(Tunnel, (attempt.task_id, attempt.number), populate_existing=True)


def _has_workspace(attempt: Attempt) -> bool:
    found = db.session.get(Workspace, (attempt.task_id, attempt.number), populate_existing=True)
    return found is not None and found.state is WorkspaceState.READY


def _start(
    tunnel: Tunnel | None, attempt: Attempt, actor: Developer, now: datetime, life: timedelta
) -> Tunnel:
    before = tunnel.state if tunnel else TunnelState.IDLE
    tunnel = tunnel or Tunnel(task_id=attempt.task_id, attempt=attempt.number, number=0)
    tunnel.machine_id = attempt.machine_id
    tunnel.number += 1
    tunnel.opened_by = actor.id
    tunnel.state = rules.next_state(before, TunnelEvent.START)
    tunnel.runs = True
    tunnel.url = tunnel.error = tunnel.accepted_at = None
    tunnel.restarts = 0
    tunnel.started_at = tunnel.changed_at = now
    tunnel.expires_at = now + life
    db.session.add(tunnel)
    return tunnel


def _apply_event(
    task: Task, tunnel: Tunnel, event: TunnelEvent, now: datetime, message: str
) -> None:
    tunnel.state = rules.next_state(tunnel.state, event)
    tunnel.changed_at = now
    if tunnel.state is not TunnelState.CONNECTED:
        tunnel.url = None
    about = {"state": tunnel.state, "restarts": tunnel.restarts}
    history.record_event(task, EventType.TUNNEL, message, now, attempt=tunnel.attempt, data=about)


# ---- reports of machines -------------------------------------------------------------------------

_EVENT_BY_STATE = {
    "starting": TunnelEvent.TRY,
    "connected": TunnelEvent.CONNECT,
    "closed": TunnelEvent.CLOSE,
    "expired": TunnelEvent.EXPIRE,
    "failed": TunnelEvent.FAIL,
}


def handle_facts(locked: LockedTask, body: frames.TunnelFacts) -> None:
    """Apply a machine's report of a tunnel; also if the attempt has ended. The caller commits.

    The task's history gets an event for each state change, without the URL and without login
    details.
    """
    tunnel = _find_tunnel(locked.attempt)
    if tunnel is None or tunnel.number != body.number:
        return  # the report is about an earlier start
    event = _EVENT_BY_STATE[body.state]
    is_over = event not in (TunnelEvent.TRY, TunnelEvent.CONNECT)
    if is_over:
        tunnel.runs = False
    tunnel.accepted_at = tunnel.accepted_at or locked.now
    tunnel.restarts = body.restarts
    try:
        _apply_event(locked.task, tunnel, event, locked.now, _event_text(body))
    except IllegalTransition:
        return  # the server has already ended the tunnel
    tunnel.error = body.error[:MAX_TEXT] or None
    if event is TunnelEvent.CONNECT:
        # The URL comes from a program in the workspace, and becomes a link on pages.
        tunnel.url = body.url[:MAX_TEXT] if body.url.startswith("https://") else None


def _event_text(body: frames.TunnelFacts) -> str:
    match body.state:
        case "starting" if body.waits_for_login:
            return "the tunnel needs a login: see its status"
        case "starting" if body.restarts:
            return f"the tunnel crashed and is restarting ({body.restarts})"
        case "starting":
            return "the tunnel is starting"
        case "connected":
            return "the tunnel is connected"
        case "expired":
            return "the tunnel's time is up"
    return f"the tunnel {'failed' if body.state == 'failed' else 'closed'}"


# ---- overdue reports -----------------------------------------------------------------------------


def sweep(now: datetime) -> int:
    """End tunnels whose machines' reports are overdue. Returns their number. Commits each."""
    late = [
        (tunnel.machine_id, tunnel.task_id, tunnel.attempt)
        for tunnel, attempt in db.session.execute(_UNFINISHED)
        if rules.find_overdue_event(_to_status(tunnel, attempt), now)
    ]
    db.session.rollback()
    return sum(_end_overdue(*which, now) for which in sorted(late))


_UNFINISHED = (
    select(Tunnel, Attempt)
    .join(Attempt, (Attempt.task_id == Tunnel.task_id) & (Attempt.number == Tunnel.attempt))
    .where(Tunnel.state.in_([*rules.OPEN_STATES, TunnelState.CLOSING]))
    .execution_options(populate_existing=True)
)


def _end_overdue(machine_id: uuid.UUID, task_id: int, number: int, now: datetime) -> bool:
    machine = locks.lock_machine(machine_id)
    task = locks.lock_tasks([task_id]).get(task_id)
    which = _UNFINISHED.where(Tunnel.task_id == task_id, Tunnel.attempt == number)
    row = db.session.execute(which).one_or_none()
    verdict = rules.find_overdue_event(_to_status(row[0], row[1]), now) if row else None
    if machine is None or task is None or row is None or verdict is None:
        db.session.rollback()  # the machine reported while we waited for the lock
        return False
    event, why = verdict
    _apply_event(task, row[0], event, now, f"the tunnel ended: {why}")
    row[0].error = why
    attempts.bump_orders_version(machine)
    wakeups.wake_machines([machine_id])
    db.session.commit()
    return True


def _to_status(tunnel: Tunnel, attempt: Attempt) -> TunnelStatus:
    return TunnelStatus(
        state=tunnel.state,
        is_started=tunnel.accepted_at is not None,
        started_at=tunnel.started_at,
        changed_at=tunnel.changed_at,
        expires_at=tunnel.expires_at,
        attempt_ended_at=attempt.ended_at,
    )
