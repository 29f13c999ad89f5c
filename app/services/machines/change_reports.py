"""Reports of a stage's changes, as far as they match the stage's result."""

from app import wakeups
from app.domain.attempt import AttemptPhase
from app.domain.diff import MAX_CONTENT_BYTES
from app.domain.storage_limits import ForgedReport, LimitExceeded
from app.models import Attempt
from app.services.changes import contents, ingest
from app.services.locks import LockedTask
from app.services.tasks import checkpoints, storage_quota
from app.services.tasks.stages import require_running
from muster.protocol import frames


def handle_content(locked: LockedTask, body: frames.Content) -> None:
    """Store a chunk that a change will refer to. Raises ForgedReport, and LimitExceeded if the
    limit is reached.
    """
    contents.store_chunk(locked.task, body, _QuotaCharge(locked.attempt))


def handle_changes(locked: LockedTask, body: frames.Changes) -> None:
    """Store the changes up to a reported checkpoint, or up to the commit to push.

    Raises Conflict if the stage wasn't ordered, ForgedReport for another commit than its
    checkpoint's, and LimitExceeded.
    """
    _require_ordered(locked, body)
    spend = _QuotaCharge(locked.attempt)
    is_full = not storage_quota.has_space(locked.attempt, MAX_CONTENT_BYTES)
    if ingest.store_part(locked.attempt, body, locked.now, spend, is_full=is_full):
        wakeups.publish_task_changes([locked.task.id])


class _QuotaCharge:
    """Charges the attempt's stored changes to its log's limit."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def __call__(self, cost: int) -> None:
        if not storage_quota.has_space(self._attempt, cost):
            raise LimitExceeded(
                "the attempt's storage limit for log, transcript and changes is reached"
            )
        self._attempt.stored_bytes += cost


def _require_ordered(locked: LockedTask, body: frames.Changes) -> None:
    attempt, task = locked.attempt, locked.task
    if attempt.phase is AttemptPhase.PUBLISH:
        if body.partial or body.stage_index != len(task.pipeline) - 1:
            raise ForgedReport("the push must be the last stage's result")
    elif not checkpoints.is_waiting_checkpoint(attempt, body):
        require_running(locked, body)
    made = task.checkpoints.get(str(body.stage_index), {})
    if body.partial:
        is_of_stage = (task.partial or {}).get("stageIndex") == body.stage_index
        made = (task.partial or {}) if is_of_stage else {}
    # The pushed commit may have no checkpoint.
    pushed = body.commit if attempt.phase is AttemptPhase.PUBLISH else None
    if made.get("commit", pushed) != body.commit:
        raise ForgedReport("it isn't about the commit of the stage's checkpoint")
