"""Reports that need no live attempt: they tell of what is, and move no task on."""

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


def _note(live: LiveAttempt, body: frames.Note) -> None:
    live.tell(_LEVELS[body.level], body.text)


def _log_lost(live: LiveAttempt, body: frames.LogLost) -> None:
    logs.lose(live.attempt, body.start, body.end)
    text = f"the machine lost {body.end - body.start} bytes of its log"
    live.tell(EventType.WARNING, text, start=body.start, end=body.end)


def _stopped(live: LiveAttempt, _: frames.Stopped) -> None:
    """An order to stop was carried out; or the machine stopped a live attempt by itself: a loss."""
    attempts.free_slot(live.machine, live.attempt)
    if live.attempt.ended_at is None:
        stages.lost(live, f"{live.machine.name} stopped it of its own accord")


def _workspace(live: LiveAttempt, body: frames.WorkspaceFacts) -> None:
    if body.state == "removed" and live.attempt.ended_at is not None:
        live.attempt.forgotten_at = live.now
        # A live task that counts on one shall fail by it, not go on without the work.
        if live.task.status in ENDED:
            attempts.give_up_checkpoints(live.task, live.attempt.number)
    match workspaces.keep(live.attempt, body, live.now):
        # Facts come again and again: only a change of the state is an event.
        case (None | WorkspaceState.PREPARING, WorkspaceState.READY):
            _tell_workspace(live, "ready on", body)
        case (WorkspaceState.PREPARING | WorkspaceState.READY, WorkspaceState.REMOVED):
            _tell_workspace(live, "removed from", body)


def _tell_workspace(live: LiveAttempt, what: str, body: frames.WorkspaceFacts) -> None:
    text = f"workspace {what} {live.machine.name}"
    machine_id = str(live.machine.id)
    live.tell(EventType.WORKSPACE, text, stage_index=None, state=body.state, machineId=machine_id)


# Each takes its own kind of body.
Effect = Callable[[LiveAttempt, Any], None]
EFFECTS: dict[type, Effect] = {
    frames.Note: _note,
    frames.LogLost: _log_lost,
    frames.Stopped: _stopped,
    frames.WorkspaceFacts: _workspace,
    frames.TunnelFacts: tunnels.told,
    frames.EgressRefused: egress.refused,
    frames.Transcript: transcripts.told,
    frames.Usage: usage.told,
}
