"""Publishing comments."""

from datetime import datetime

from sqlalchemy import update

from app.domain import field_errors
from app.domain.errors import InvalidFields
from app.domain.notification_text import shorten
from app.domain.task import EventType
from app.extensions import db
from app.models import Developer, Review, ReviewComment, ReviewThread, Task
from app.services.tasks import history


def publish_comment(actor: Developer, task: Task, comment: ReviewComment, now: datetime) -> None:
    """Publish a comment outside a review. The caller holds the task's lock, and commits.

    Raises InvalidFields in a thread that is itself a draft.
    """
    thread = comment.thread
    others = {other.id for other in _drafts_in(thread)} - {comment.id}
    if thread.published_at is None and others:
        raise InvalidFields({"publish": [field_errors.THREAD_IS_DRAFT]})
    comment.published_at = now
    thread.published_at = thread.published_at or now
    history.record_event(
        task,
        EventType.COMMENTED,
        f"{actor.name} commented{format_position(thread)}: {shorten(comment.body)}",
        now,
        data=comment_event_data(comment) | {"by": actor.id},
        by=actor.id,
    )


def comment_event_data(comment: ReviewComment) -> dict[str, object]:
    """Return a published comment's event data."""
    return thread_event_data(comment.thread) | {"comment": comment.id}


def thread_event_data(thread: ReviewThread) -> dict[str, object]:
    """Return a thread's event data: its ID and original position."""
    return {
        "thread": thread.id,
        "path": thread.path,
        "line": thread.line,
        "side": thread.side,
    }


def publish_drafts(actor: Developer, review: Review, now: datetime) -> int:
    """Publish all of the author's drafts in the task with the review. Returns their number. The
    caller holds the task's lock, and commits.
    """
    drafts = update(ReviewComment).where(
        ReviewComment.task_id == review.task_id,
        ReviewComment.author_id == actor.id,
        ReviewComment.published_at.is_(None),
    )
    rows = db.session.execute(
        drafts.values(published_at=now, review_id=review.id).returning(ReviewComment.id)
    )
    count = len(rows.all())
    threads = update(ReviewThread).where(
        ReviewThread.task_id == review.task_id,
        ReviewThread.created_by == actor.id,
        ReviewThread.published_at.is_(None),
    )
    db.session.execute(threads.values(published_at=now))
    return count


def _drafts_in(thread: ReviewThread) -> list[ReviewComment]:
    query = db.select(ReviewComment).where(
        ReviewComment.thread_id == thread.id, ReviewComment.published_at.is_(None)
    )
    return list(db.session.scalars(query))


def format_position(thread: ReviewThread) -> str:
    """Return the original position, for a sentence."""
    if thread.path is None:
        return ""
    return f" on {thread.path}" + (f":{thread.line}" if thread.line else "")
