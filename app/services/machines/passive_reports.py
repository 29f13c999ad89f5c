"""Reports that need no live attempt: they record facts, and don't change the task's status."""

from collections.abc import Callable
from typing import Any

from app.domain.attempt import WorkspaceState
from app.domain.task import ENDED, EventType
from app.services.locks import LockedTask
from app.services.logs import logs, transcripts
from app.services.tasks import attempts, egress, history, message_queue, workspaces
from app.services.tunnels import tunnels
from app.services.usage import ingest as usage
from muster.protocol import frames

_LEVELS = {"info": EventType.LOG, "warning": EventType.WARNING, "error": EventType.ERROR}


def _handle_note(locked: LockedTask, body: frames.Note) -> None:
    history.record_limited_event(locked, _LEVELS[body.level], body.text)


def _handle_log_lost(locked: LockedTask, body: frames.LogLost) -> None:
    logs.record_gap(locked.attempt, body.start, body.end)
    text = f"the machine lost {body.end - body.start} bytes of its log"
    history.record_limited_event(locked, EventType.WARNING, text, start=body.start, end=body.end)


def _handle_stopped(locked: LockedTask, _: frames.Stopped) -> None:
    """Handle an executed stop order; or a loss, if the machine stopped a live attempt by itself."""
    attempts.free_slot(locked.machine, locked.attempt)
    if locked.attempt.ended_at is None:
        attempts.mark_lost(locked, f"{locked.machine.name} stopped it on its own", gone=True)


def _handle_workspace(locked: LockedTask, body: frames.WorkspaceFacts) -> None:
    if body.state == "removed" and locked.attempt.ended_at is not None:
        locked.attempt.forgotten_at = locked.now
        # A live task that needs one must fail because of it, not continue without the work.
        if locked.task.status in ENDED:
            attempts.drop_checkpoints(locked.task, locked.attempt.number)
    match workspaces.store_facts(locked.attempt, body, locked.now):
        # Facts are repeated: only a change of the state is an event.
        case (None | WorkspaceState.PREPARING, WorkspaceState.READY):
            _record_workspace(locked, "ready on", body)
        case (WorkspaceState.PREPARING | WorkspaceState.READY, WorkspaceState.REMOVED):
            _record_workspace(locked, "removed from", body)


def _record_workspace(locked: LockedTask, what: str, body: frames.WorkspaceFacts) -> None:
    text = f"workspace {what} {locked.machine.name}"
    machine_id = str(locked.machine.id)
    history.record_limited_event(
        locked, EventType.WORKSPACE, text, stage_index=None, state=body.state, machineId=machine_id
    )


# Each takes its own kind of body.
ReportHandler = Callable[[LockedTask, Any], None]
HANDLERS: dict[type, ReportHandler] = {
    frames.Note: _handle_note,
    frames.LogLost: _handle_log_lost,
    frames.Stopped: _handle_stopped,
    frames.WorkspaceFacts: _handle_workspace,
    frames.TunnelFacts: tunnels.handle_facts,
    frames.EgressRefused: egress.handle_refused,
    frames.Transcript: transcripts.handle_transcript,
    frames.Usage: usage.handle_usage,
    frames.MessageOutcome: message_queue.handle_outcome,
}
