"""Reports of what a stage has changed, as far as they are about what the stage came to."""

from app import wakeups
from app.domain.attempt import AttemptPhase
from app.domain.diff import MAX_CONTENT_BYTES
from app.domain.storage_limits import ForgedReport, LimitExceeded
from app.models import Attempt
from app.services.changes import contents, ingest
from app.services.logs import quota
from app.services.tasks import checkpoints
from app.services.tasks.stages import LiveAttempt, require_running
from muster.protocol import frames


def handle_content(live: LiveAttempt, body: frames.Content) -> None:
    """A piece of what a change will name. Raises Forged, and Excessive where there is no room."""
    contents.store_chunk(live.task, body, _QuotaCharge(live.attempt))


def handle_changes(live: LiveAttempt, body: frames.Changes) -> None:
    """What changed up to a checkpoint that was reported, or to what is to be pushed. Raises
    Conflict where the stage was not ordered, Forged for another commit than its checkpoint's, and
    Excessive.
    """
    _require_ordered(live, body)
    spend = _QuotaCharge(live.attempt)
    is_full = not quota.has_space(live.attempt, MAX_CONTENT_BYTES)
    if ingest.store_part(live.attempt, body, live.now, spend, is_full=is_full):
        wakeups.publish_task_changes([live.task.id])


class _QuotaCharge:
    """Takes what is kept of the attempt's changes off the room of its log."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def __call__(self, cost: int) -> None:
        if not quota.has_space(self._attempt, cost):
            raise LimitExceeded("no more is kept of the attempt's log, transcript and changes")
        self._attempt.stored_bytes += cost


def _require_ordered(live: LiveAttempt, body: frames.Changes) -> None:
    attempt, task = live.attempt, live.task
    if attempt.phase is AttemptPhase.PUBLISH:
        if body.partial or body.stage_index != len(task.pipeline) - 1:
            raise ForgedReport("what is pushed is what the last stage came to")
    elif not checkpoints.is_waiting_checkpoint(attempt, body):
        require_running(live, body)
    made = task.checkpoints.get(str(body.stage_index), {})
    if body.partial:
        is_of_stage = (task.partial or {}).get("stageIndex") == body.stage_index
        made = (task.partial or {}) if is_of_stage else {}
    # What is pushed may be known by no checkpoint.
    pushed = body.commit if attempt.phase is AttemptPhase.PUBLISH else None
    if made.get("commit", pushed) != body.commit:
        raise ForgedReport("it is not about the commit of the stage's checkpoint")
