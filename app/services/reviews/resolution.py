"""Resolving and reopening threads."""

from app.domain.errors import NotFound
from app.domain.task import EventType
from app.extensions import db
from app.models import Developer, ReviewThread, Task
from app.services import locks
from app.services.clock import now as clock_now
from app.services.reviews import drafts, publication, thread_queries
from app.services.reviews.thread_queries import ThreadView
from app.services.tasks import history


def resolve(actor: Developer, task_id: int, thread_id: int) -> ThreadView:
    """Resolve a thread. Repeating it does nothing. Commits. Raises NotFound, Forbidden."""
    return _set_resolved(actor, task_id, thread_id, resolved=True)


def reopen(actor: Developer, task_id: int, thread_id: int) -> ThreadView:
    """Reopen a thread. Can be repeated. Commits. Raises NotFound, Forbidden."""
    return _set_resolved(actor, task_id, thread_id, resolved=False)


def _set_resolved(actor: Developer, task_id: int, thread_id: int, *, resolved: bool) -> ThreadView:
    drafts.require_right(actor, task_id)
    task = locks.lock_tasks([task_id])[task_id]
    thread = drafts.visible_thread(actor, task_id, thread_id)
    if thread.published_at is None:
        raise NotFound(f"Thread {thread_id} is a draft.")
    if (thread.resolved_at is not None) is not resolved:
        thread.resolved_at = clock_now() if resolved else None
        thread.resolved_by = actor.id if resolved else None
        _record(actor, task, thread)
    db.session.commit()
    return thread_queries.get_view(actor, task, thread.id)


def _record(actor: Developer, task: Task, thread: ReviewThread) -> None:
    """Record an event, for viewers of the same threads. It notifies nobody."""
    resolved = thread.resolved_at is not None
    text = f"{actor.name} {'resolved' if resolved else 'reopened'} a thread"
    history.record_event(
        task,
        EventType.RESOLVED if resolved else EventType.REOPENED,
        text + publication.format_position(thread),
        clock_now(),
        data=publication.thread_event_data(thread) | {"by": actor.id},
        by=actor.id,
    )
