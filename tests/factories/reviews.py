"""Reviews with their threads and comments."""

from typing import Any

from app.domain.review import ReviewVerdict
from app.extensions import db
from app.models import Developer, Review, ReviewComment, ReviewThread, Task, ViewedFile
from tests.factories.developers import make_developer
from tests.factories.rows import now, stored


def make_review(task: Task, *, author: Developer | None = None, **fields: Any) -> Review:
    """A review that says something, of no commit."""
    defaults = {
        "task_id": task.id,
        "round": task.round,
        "attempt": task.attempt,
        "author_id": (author or make_developer()).id,
        "verdict": ReviewVerdict.COMMENT,
        "body": "Nearly.",
        "comments": 0,
        "submitted_at": now(),
    }
    return stored(Review, defaults, fields)


def make_review_thread(
    task: Task, *, creator: Developer | None = None, **fields: Any
) -> ReviewThread:
    """A published thread about the whole, without a comment."""
    defaults = {
        "task_id": task.id,
        "round": task.round,
        "attempt": task.attempt,
        "created_by": (creator or make_developer()).id,
        "created_at": now(),
        "published_at": now(),
    }
    return stored(ReviewThread, defaults, fields)


def make_review_comment(
    thread: ReviewThread, *, author: Developer | None = None, **fields: Any
) -> ReviewComment:
    """A published comment."""
    if author is None and fields.get("attempt") is None:
        author = db.session.get_one(Developer, thread.created_by)
    defaults = {
        "thread_id": thread.id,
        "task_id": thread.task_id,
        "author_id": author.id if author else None,
        "body": "Why?",
        "created_at": now(),
        "published_at": now(),
    }
    return stored(ReviewComment, defaults, fields)


def make_viewed_file(task: Task, developer: Developer, **fields: Any) -> ViewedFile:
    """A mark on a version of a file."""
    defaults = {
        "task_id": task.id,
        "developer_id": developer.id,
        "path": "a",
        "blob": "",
        "viewed_at": now(),
    }
    return stored(ViewedFile, defaults, fields)
