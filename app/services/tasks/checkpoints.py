"""The effects of machines' checkpoint reports."""

from typing import Any

from sqlalchemy import select

from app.domain import lineage
from app.domain.attempt import AttemptPhase, checkpoint_ref
from app.domain.storage_limits import ForgedReport
from app.domain.task import EventType
from app.extensions import db
from app.models import Attempt, Developer, Tunnel
from app.services.locks import LockedTask
from app.services.tasks import history, transitions, work_lineage, workspaces
from app.services.tasks.stages import require_running, stage_name
from muster.protocol import frames, runs


def handle_checkpoint(locked: LockedTask, report: frames.Checkpoint) -> None:
    """A stage's work, or that of its middle, is at the remote: the task can resume from here on any
    machine.

    While the attempt waits, the report comes again if someone changed the work through a tunnel.
    Raises Conflict if the stage wasn't ordered, and ForgedReport for another attempt's ref.
    """
    is_renewed = is_waiting_checkpoint(locked.attempt, report)
    if not is_renewed:
        require_running(locked, report)
    about_attempt = locked.attempt.task_id, locked.attempt.number, report.stage_index
    turn = runs.turn_of(locked.attempt.run)
    ref = checkpoint_ref(*about_attempt, partial=report.partial, turn=turn)
    if report.ref not in (ref, f"{ref}-{report.commit}"):
        raise ForgedReport(f"it isn't at {ref}")
    if why := lineage.find_break(locked.attempt.work, report.follows):
        work_lineage.fail_unapproved(
            locked, f"of the checkpoint {report.commit}: {why}", gone=False
        )
        return
    made = lineage.to_json(report.commit, report.tree)
    locked.attempt.work = made
    known: dict[str, Any] = {"ref": report.ref, **made}
    if report.diff is not None:
        known["diff"] = workspaces.diff_to_json(report.diff)
    text = f"checkpoint of stage “{stage_name(locked.task, report.stage_index)}”"
    if report.partial:
        transitions.set_partial(locked.task, {"stageIndex": report.stage_index, **known})
        text += ", in the middle of it"
    else:
        locked.task.checkpoints = {**locked.task.checkpoints, str(report.stage_index): known}
    if is_renewed and locked.attempt.pushes > 0:
        locked.attempt.pushed_commit = report.commit  # which is about to be pushed in its place
    about = dict(known)
    if report.follows is not None:
        about["follows"] = report.follows.commit
    if is_renewed:
        by = _tunnel_opener(locked.attempt)
        text += f", updated: {by.name if by else 'someone'} has changed it through a tunnel"
        about["by"] = by.id if by else None
    history.record_limited_event(
        locked, EventType.CHECKPOINT, text, stage_index=report.stage_index, **about
    )


def is_waiting_checkpoint(attempt: Attempt, report: frames.Checkpoint | frames.Changes) -> bool:
    """Whether it's the waiting attempt's current checkpoint: of the stage before its gate, of
    the middle of its own, or of the last one if only the push is left.
    """
    is_its_own = attempt.mid_stage or attempt.pushes > 0
    waiting = attempt.stage_index if is_its_own else attempt.stage_index - 1
    seen = (report.stage_index, report.partial)
    return attempt.phase is AttemptPhase.GATE and seen == (waiting, attempt.mid_stage)


def _tunnel_opener(attempt: Attempt) -> Developer | None:
    """Return who opened the attempt's tunnel, if known."""
    query = (
        select(Developer)
        .join(Tunnel, Tunnel.opened_by == Developer.id)
        .where(Tunnel.task_id == attempt.task_id, Tunnel.attempt == attempt.number)
    )
    return db.session.scalar(query)
