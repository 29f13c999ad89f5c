"""Fills the lists of a task's reviews and follow-ups, for `test_query_counts`."""

from app.models import Developer
from tests.factories import (
    make_developer,
    make_follow_up,
    make_review,
    make_review_comment,
    make_review_thread,
    make_task,
)
from tests.factories.rows import now


def fill_reviews(admin: Developer, rows: int) -> str:
    task = make_task()
    for _ in range(rows):
        make_review(task)
    return f"/api/web/tasks/{task.id}/reviews"


def fill_threads(admin: Developer, rows: int) -> str:
    """Each resolved, with comments of several people."""
    task = make_task()
    for _ in range(rows):
        thread = make_review_thread(task, resolved_at=now(), resolved_by=make_developer().id)
        for _ in range(2):
            make_review_comment(thread, author=make_developer())
    return f"/api/web/tasks/{task.id}/comments"


def fill_follow_ups(admin: Developer, rows: int) -> str:
    task = make_task()
    for _ in range(rows):
        make_follow_up(task, created_by=make_developer().id)
    return f"/api/web/tasks/{task.id}/follow-ups"
