"""Reports that need no live attempt: they record facts, and don't change the task's status."""

from collections.abc import Callable
from typing import Any

from app.domain.attempt import WorkspaceState
from app.domain.task import ENDED, EventType
from app.services.logs import logs, transcripts
from app.services.tasks import attempts, egress, stages, workspaces
from app.services.tasks.stages import LiveAttempt
from app.services.tunnels import tunnels
from app.services.usage import ingest as usage
from muster.protocol import frames

_LEVELS = {"info": EventType.LOG, "warning": EventType.WARNING, "error": EventType.ERROR}


def _handle_note(live: LiveAttempt, body: frames.Note) -> None:
    live.record_limited(_LEVELS[body.level], body.text)


def _handle_log_lost(live: LiveAttempt, body: frames.LogLost) -> None:
    logs.record_gap(live.attempt, body.start, body.end)
    text = f"the machine lost {body.end - body.start} bytes of its log"
    live.record_limited(EventType.WARNING, text, start=body.start, end=body.end)


def _handle_stopped(live: LiveAttempt, _: frames.Stopped) -> None:
    """Handle an executed stop order; or a loss, if the machine stopped a live attempt by itself."""
    attempts.free_slot(live.machine, live.attempt)
    if live.attempt.ended_at is None:
        stages.mark_lost(live, f"{live.machine.name} stopped it on its own")


def _handle_workspace(live: LiveAttempt, body: frames.WorkspaceFacts) -> None:
    if body.state == "removed" and live.attempt.ended_at is not None:
        live.attempt.forgotten_at = live.now
        # A live task that needs one must fail because of it, not continue without the work.
        if live.task.status in ENDED:
            attempts.drop_checkpoints(live.task, live.attempt.number)
    match workspaces.store_facts(live.attempt, body, live.now):
        # Facts are repeated: only a change of the state is an event.
        case (None | WorkspaceState.PREPARING, WorkspaceState.READY):
            _record_workspace(live, "ready on", body)
        case (WorkspaceState.PREPARING | WorkspaceState.READY, WorkspaceState.REMOVED):
            _record_workspace(live, "removed from", body)


def _record_workspace(live: LiveAttempt, what: str, body: frames.WorkspaceFacts) -> None:
    text = f"workspace {what} {live.machine.name}"
    machine_id = str(live.machine.id)
    live.record_limited(
        EventType.WORKSPACE, text, stage_index=None, state=body.state, machineId=machine_id
    )


# Each takes its own kind of body.
ReportHandler = Callable[[LiveAttempt, Any], None]
HANDLERS: dict[type, ReportHandler] = {
    frames.Note: _handle_note,
    frames.LogLost: _handle_log_lost,
    frames.Stopped: _handle_stopped,
    frames.WorkspaceFacts: _handle_workspace,
    frames.TunnelFacts: tunnels.handle_facts,
    frames.EgressRefused: egress.handle_refused,
    frames.Transcript: transcripts.handle_transcript,
    frames.Usage: usage.handle_usage,
}
