"""Threads as people see them: with current positions and comments."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.orm import joinedload

from app.domain.errors import NotFound
from app.domain.review import ThreadState
from app.extensions import db
from app.models import Developer, Review, ReviewComment, ReviewThread, Task
from app.services.reviews import drafts
from app.services.reviews.line_tracking import LineTracker, ThreadPosition
from app.services.tasks import queries

MAX_CHARACTERS = 700_000
"""Maximum comment characters per page."""


@dataclass(frozen=True)
class ThreadView:
    """A thread, its current position, and the comments that the reader can see."""

    thread: ReviewThread
    position: ThreadPosition
    comments: Sequence[ReviewComment]


@dataclass(frozen=True)
class ThreadPage:
    """Threads, oldest first. `following` is the ID after which the next page starts; None: there
    are no more.
    """

    items: list[ThreadView]
    following: int | None


def read_page(
    actor: Developer,
    task_id: int,
    *,
    states: Collection[ThreadState] = (),
    commit: str | None = None,
    after: int = 0,
    limit: int = 50,
) -> ThreadPage:
    """Return a page of the task's threads in one of the states (empty: all), with positions in
    `commit` (None: the latest). Raises NotFound, InvalidFields.
    """
    task = queries.get(actor, task_id)
    query = _threads(actor, task, states).where(ReviewThread.id > after)
    found = list(db.session.scalars(query.order_by(ReviewThread.id).limit(limit + 1)))
    fitting = _limit_to_page(found[:limit])
    places = LineTracker(task, commit, reader_id=actor.id)
    fitting = fitting[: places.prepare(fitting)]
    is_rest, items = len(fitting) < len(found), []
    comments = _comments(actor, fitting)
    for number, thread in enumerate(fitting):
        if number and places.is_exhausted:
            is_rest, fitting = True, fitting[:number]
            break
        shown = ThreadView(thread, places.find_position(thread), comments[thread.id])
        if not states or _has_state(shown, states):
            items.append(shown)
    return ThreadPage(items, fitting[-1].id if is_rest else None)


def get_view(actor: Developer, task: Task, thread_id: int) -> ThreadView:
    """Return a thread of the task's, which the actor can see and has just changed. Raises
    NotFound.
    """
    query = _threads(actor, task).where(ReviewThread.id == thread_id)
    thread = db.session.scalar(query.execution_options(populate_existing=True))
    if thread is None:
        raise NotFound(f"Task {task.id} has no thread {thread_id}, or you don't have access.")
    places = LineTracker(task, reader_id=actor.id, is_written=True)
    places.prepare([thread])
    return ThreadView(thread, places.find_position(thread), _comments(actor, [thread])[thread.id])


def list_reviews(actor: Developer, task_id: int) -> Select[Review]:
    """Return the task's reviews, in any order. Raises NotFound."""
    queries.get(actor, task_id)
    query = select(Review).where(Review.task_id == task_id)
    return query.options(joinedload(Review.author, innerjoin=True))


def _threads(
    actor: Developer, task: Task, states: Collection[ThreadState] = ()
) -> Select[ReviewThread]:
    query = select(ReviewThread).where(ReviewThread.task_id == task.id, drafts.visible_to(actor))
    if states and ThreadState.OUTDATED not in states:
        wanted = [ReviewThread.resolved_at.is_(None) for _ in {ThreadState.OPEN} & {*states}]
        wanted += [
            ReviewThread.resolved_at.is_not(None) for _ in {ThreadState.RESOLVED} & {*states}
        ]
        query = query.where(wanted[0] if len(wanted) == 1 else wanted[0] | wanted[1])
    return query.options(joinedload(ReviewThread.resolver))


def _has_state(shown: ThreadView, states: Collection[ThreadState]) -> bool:
    is_resolved = shown.thread.resolved_at is not None
    now = {ThreadState.RESOLVED if is_resolved else ThreadState.OPEN}
    if shown.position.outdated:
        now.add(ThreadState.OUTDATED)
    return not now.isdisjoint(states)


def _limit_to_page(threads: Sequence[ReviewThread]) -> list[ReviewThread]:
    """Return the first threads, at least one, whose comments fit on a page."""
    query = (
        select(ReviewComment.thread_id, func.sum(func.length(ReviewComment.body)))
        .where(ReviewComment.thread_id.in_([thread.id for thread in threads]))
        .group_by(ReviewComment.thread_id)
    )
    sizes: dict[int, int] = {row[0]: row[1] for row in db.session.execute(query)}
    fitting: list[ReviewThread] = []
    total = 0
    for thread in threads:
        total += sizes.get(thread.id, 0)
        if fitting and total > MAX_CHARACTERS:
            break
        fitting.append(thread)
    return fitting


def published_comments(threads: Sequence[ReviewThread]) -> defaultdict[int, list[ReviewComment]]:
    """Return the published comments by thread, in order."""
    return _comments(None, threads)


def _comments(
    actor: Developer | None, threads: Sequence[ReviewThread]
) -> defaultdict[int, list[ReviewComment]]:
    """Return the comments that the actor can see by thread, in order."""
    is_visible = or_(
        ReviewComment.published_at.is_not(None),
        false() if actor is None else ReviewComment.author_id == actor.id,
    )
    query = (
        select(ReviewComment)
        .where(ReviewComment.thread_id.in_([thread.id for thread in threads]), is_visible)
        .options(joinedload(ReviewComment.author))
        .order_by(ReviewComment.id)
    )
    found: defaultdict[int, list[ReviewComment]] = defaultdict(list)
    for comment in db.session.scalars(query.execution_options(populate_existing=True)):
        found[comment.thread_id].append(comment)
    return found
