"""Unpublished comments: only their author can see them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.domain import field_errors
from app.domain import review as rules
from app.domain.errors import CommentPublished, InvalidFields, NotFound, TooManyComments
from app.domain.roles import Permission
from app.extensions import db
from app.models import Developer, ReviewComment, ReviewThread, Task
from app.services import locks, rights
from app.services.clock import now as clock_now
from app.services.reviews import publication, thread_anchors
from app.services.tasks import queries


def add_comment(
    actor: Developer,
    task_id: int,
    *,
    body: str,
    thread_id: int | None = None,
    publish: bool = False,
    remember: Callable[[ReviewComment], None] | None = None,
    **place: Any,
) -> ReviewComment:
    """Write a comment in a thread, or in a new one at `place` (`thread_anchors.anchor_columns`): a
    draft, or `publish` it at once. Commits.

    `remember` is called with it just before the commit; if that raises, there is no comment. Raises
    NotFound, Forbidden, InvalidFields, TooManyComments.
    """
    require_right(actor, task_id)
    task, now = locks.lock_tasks([task_id])[task_id], clock_now()
    comment = write_comment(actor, task, now, body=body, thread_id=thread_id, **place)
    if publish:
        publication.publish_comment(actor, task, comment, now)
    if remember:
        remember(comment)
    db.session.commit()
    return comment


def require_right(actor: Developer, task_id: int) -> Task:
    """Return the task. Raises NotFound, and Forbidden if the developer can't comment on it."""
    task = queries.get(actor, task_id)
    rights.require(Permission.REVIEW, actor, task.project)
    return task


def write_comment(
    actor: Developer,
    task: Task,
    now: datetime,
    *,
    body: str,
    thread_id: int | None = None,
    **place: Any,
) -> ReviewComment:
    """Write a draft in the transaction of the caller, who holds the task's lock."""
    if thread_id is None:
        thread = _new_thread(actor, task, place, now)
    else:
        thread = visible_thread(actor, task.id, thread_id)
        _require_no_position(place)
    require_below_limit(thread, body)
    comment = ReviewComment(
        thread=thread,
        task_id=task.id,
        author_id=actor.id,
        author=actor,
        attempt=None,
        body=body,
        review_id=None,
        created_at=now,
        published_at=None,
    )
    db.session.add(comment)
    db.session.flush()
    return comment


def update_comment(actor: Developer, task_id: int, comment_id: int, *, body: str) -> ReviewComment:
    """Edit your own draft. Commits. Raises NotFound, Forbidden, CommentPublished,
    TooManyComments.
    """
    comment = _my_draft(actor, task_id, comment_id)
    require_below_limit(comment.thread, body, instead_of=comment)
    comment.body = body
    db.session.commit()
    return comment


def discard(actor: Developer, task_id: int, comment_id: int) -> None:
    """Delete your own draft, and its thread if it was the last comment. Commits. Raises
    NotFound, Forbidden, CommentPublished.
    """
    comment = _my_draft(actor, task_id, comment_id)
    thread = comment.thread
    db.session.delete(comment)
    db.session.flush()
    rest = select(ReviewComment.id).where(ReviewComment.thread_id == thread.id).limit(1)
    if db.session.scalar(rest) is None:
        db.session.delete(thread)
    db.session.commit()


def visible_thread(actor: Developer, task_id: int, thread_id: int) -> ReviewThread:
    """Return a thread that the actor, who can see the task, can see, too. Raises NotFound."""
    query = select(ReviewThread).where(
        ReviewThread.id == thread_id, ReviewThread.task_id == task_id, visible_to(actor)
    )
    thread = db.session.scalar(query.execution_options(populate_existing=True))
    if thread is None:
        raise NotFound(f"Task {task_id} has no thread {thread_id}, or you don't have access.")
    return thread


def visible_to(actor: Developer) -> Any:
    """Return the condition that a thread is published, or the actor's own."""
    return ReviewThread.published_at.is_not(None) | (ReviewThread.created_by == actor.id)


def require_below_limit(
    thread: ReviewThread, body: str, *, instead_of: ReviewComment | None = None
) -> None:
    """Raise TooManyComments if the thread is full."""
    sizes = select(func.count(), func.coalesce(func.sum(func.length(ReviewComment.body)), 0))
    sizes = sizes.where(ReviewComment.thread_id == thread.id)
    if instead_of is not None:
        sizes = sizes.where(ReviewComment.id != instead_of.id)
    count, characters = db.session.execute(sizes).one()
    if count >= rules.MAX_COMMENTS or characters + len(body) > rules.MAX_TEXT:
        raise TooManyComments


def _new_thread(actor: Developer, task: Task, place: dict[str, Any], now: datetime) -> ReviewThread:
    threads = select(func.count()).where(ReviewThread.task_id == task.id)
    if (db.session.scalar(threads) or 0) >= rules.MAX_THREADS:
        raise TooManyComments
    anchor = thread_anchors.anchor_columns(task, **place)
    thread = ReviewThread(
        task_id=task.id, round=task.round, created_by=actor.id, created_at=now, **anchor
    )
    db.session.add(thread)
    db.session.flush()
    return thread


def _require_no_position(place: dict[str, Any]) -> None:
    named = sorted(name for name, value in place.items() if value is not None)
    if named:
        raise InvalidFields({name: [field_errors.POSITION_IS_FIXED] for name in named})


def _my_draft(actor: Developer, task_id: int, comment_id: int) -> ReviewComment:
    try:
        task = queries.get(actor, task_id)
    except NotFound:
        raise NotFound from None  # the same text as for another's draft
    if task.project.deleted_at is not None:
        rights.require(Permission.REVIEW, actor, task.project)  # nothing in it changes any more
    locks.lock_tasks([task_id])  # so that no one publishes it meanwhile
    query = (
        select(ReviewComment)
        .where(ReviewComment.id == comment_id, ReviewComment.task_id == task_id)
        .where(ReviewComment.published_at.is_not(None) | (ReviewComment.author_id == actor.id))
        .options(joinedload(ReviewComment.thread), joinedload(ReviewComment.author))
        .execution_options(populate_existing=True)
    )
    comment = db.session.scalar(query)
    if comment is None:
        raise NotFound
    rights.require(Permission.REVIEW, actor, task.project)
    if comment.published_at is not None:
        raise CommentPublished
    return comment
