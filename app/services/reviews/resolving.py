"""Threads that are done with, and taken up again."""

from app.domain.errors import NotFound
from app.extensions import db
from app.models import Developer
from app.services import locks
from app.services.clock import now as clock_now
from app.services.reviews import drafts, reading
from app.services.reviews.reading import ShownThread


def resolve(actor: Developer, task_id: int, thread_id: int) -> ShownThread:
    """May be repeated: the first time counts. Commits. Raises NotFound, Forbidden."""
    return _set(actor, task_id, thread_id, resolved=True)


def reopen(actor: Developer, task_id: int, thread_id: int) -> ShownThread:
    """May be repeated. Commits. Raises NotFound, Forbidden."""
    return _set(actor, task_id, thread_id, resolved=False)


def _set(actor: Developer, task_id: int, thread_id: int, *, resolved: bool) -> ShownThread:
    task = drafts.require_right(actor, task_id)
    locks.tasks([task_id])
    thread = drafts.visible_thread(actor, task_id, thread_id)
    if thread.published_at is None:
        raise NotFound(f"thread {thread_id} is a draft")
    if (thread.resolved_at is not None) is not resolved:
        thread.resolved_at = clock_now() if resolved else None
        thread.resolved_by = actor.id if resolved else None
    db.session.commit()
    return reading.one(actor, task, thread.id)
