"""A review's threads for an agent's prompt."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.domain.review import Side
from app.extensions import db
from app.models import ReviewComment, ReviewThread, Task
from app.services.reviews import thread_queries
from app.services.reviews.line_tracking import LineTracker, ThreadPosition

MAX_CHARACTERS = 200_000
"""Maximum characters in a review's prompt; the rest is omitted."""


@dataclass(frozen=True)
class PromptThread:
    """A thread of a review, at its position in the task's latest work.

    `code` is the commented lines and some above; the first of them is line `first`. `outdated`: the
    code no longer exists, and `line` is where it was. `comments` are (by, text), in order; `by` is
    a person's name, or `agent`.
    """

    id: int
    path: str | None
    side: Side | None
    line: int | None
    end_line: int | None
    outdated: bool
    first: int | None
    code: Sequence[str]
    comments: Sequence[tuple[str, str]]

    @property
    def characters(self) -> int:
        return sum(map(len, self.code)) + sum(len(text) for _, text in self.comments)


def threads_for_prompt(task_id: int, review_id: int) -> list[PromptThread]:
    """Return the threads with comments of the review, in order, with all their comments: as many
    as fit into a prompt, at least one.
    """
    of_it = select(ReviewComment.thread_id).where(
        ReviewComment.task_id == task_id, ReviewComment.review_id == review_id
    )
    query = select(ReviewThread).where(ReviewThread.id.in_(of_it))
    threads = list(db.session.scalars(query.order_by(ReviewThread.id)))
    places = LineTracker(db.session.get_one(Task, task_id))
    covered = places.prepare(threads)
    comments = thread_queries.published_comments(threads)
    found: list[PromptThread] = []
    total = 0
    for number, thread in enumerate(threads):
        one = _to_prompt_thread(
            thread, places.find_position(thread, unknown=number >= covered), comments[thread.id]
        )
        total += one.characters
        if found and total > MAX_CHARACTERS:
            break
        found.append(one)
    return found


def _to_prompt_thread(
    thread: ReviewThread, place: ThreadPosition, comments: Sequence[ReviewComment]
) -> PromptThread:
    code = thread.code or {"first": None, "lines": []}
    moved = (place.line or 0) - (thread.line or 0)
    return PromptThread(
        id=thread.id,
        path=place.path,
        side=place.side,
        line=place.line,
        end_line=place.end_line,
        outdated=place.outdated,
        first=None if code["first"] is None else code["first"] + moved,
        code=code["lines"],
        comments=[(one.author.name if one.author else "agent", one.body) for one in comments],
    )
