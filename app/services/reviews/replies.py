"""Agents' replies in the threads that they were given."""

from app.domain.errors import TooManyComments
from app.domain.notification_text import shorten
from app.domain.review import MAX_COMMENT
from app.domain.storage_limits import ForgedReport, LimitExceeded
from app.domain.task import EventType
from app.extensions import db
from app.models import ReviewComment, ReviewThread
from app.services.locks import LockedTask
from app.services.reviews import drafts, publication
from app.services.tasks import history


def add_reply(locked: LockedTask, thread_id: int, text: str) -> ReviewComment:
    """Publish the comment of the attempt's agent in a thread of its task.

    The caller holds the locks, ensures that a report counts once, and commits. Raises ForgedReport
    for a thread of another task, LimitExceeded if the thread is full.
    """
    thread = db.session.get(ReviewThread, thread_id)
    if thread is None or thread.task_id != locked.task.id or thread.published_at is None:
        raise ForgedReport(f"the task has no thread {thread_id}")
    body = text.replace("\0", "�")[:MAX_COMMENT]
    try:
        drafts.require_below_limit(thread, body)
    except TooManyComments as error:
        raise LimitExceeded(f"thread {thread_id} is full") from error
    comment = ReviewComment(
        thread=thread,
        task_id=locked.task.id,
        author_id=None,
        attempt=locked.attempt.number,
        body=body,
        review_id=None,
        created_at=locked.now,
        published_at=locked.now,
    )
    db.session.add(comment)
    db.session.flush()
    message = f"the agent replied{publication.format_position(thread)}: {shorten(body)}"
    history.record_limited_event(
        locked, EventType.COMMENTED, message, **publication.comment_event_data(comment)
    )
    return comment
