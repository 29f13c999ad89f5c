"""Fills the lists of a task's reviews and follow-ups, for `test_query_counts`."""

from app.models import Developer
from tests.factories import (
    make_attempt,
    make_developer,
    make_follow_up,
    make_machine,
    make_message,
    make_review,
    make_review_comment,
    make_review_thread,
    make_task,
    make_viewed_file,
)
from tests.factories.changes import make_change, make_content
from tests.factories.rows import now


def fill_reviews(admin: Developer, rows: int) -> str:
    task = make_task()
    for _ in range(rows):
        make_review(task)
    return f"/api/web/tasks/{task.id}/reviews"


def fill_threads(admin: Developer, rows: int) -> str:
    """Each resolved, with comments of several people, on a line of a file that was changed then."""
    task = make_task()
    make_attempt(task, make_machine())
    files = []
    for number in range(rows):
        was = make_content(task, b"%d\n" % number).id
        file = {"path": f"{number}", "blob": make_content(task, b"new\n%d\n" % number).id}
        files.append(file)
        place = {"side": "new", "line": 1, "end_line": 1, "blob": was}
        place |= {"path": file["path"], "base_path": file["path"]}
        resolved = {"resolved_at": now(), "resolved_by": make_developer().id}
        thread = make_review_thread(task, **place, **resolved)
        for _ in range(2):
            make_review_comment(thread, author=make_developer())
    make_change(task, files)
    return f"/api/web/tasks/{task.id}/comments"


def fill_follow_ups(admin: Developer, rows: int) -> str:
    task = make_task()
    for _ in range(rows):
        make_follow_up(task, created_by=make_developer().id)
    return f"/api/web/tasks/{task.id}/follow-ups"


def fill_viewed(admin: Developer, rows: int) -> str:
    task = make_task()
    make_attempt(task, make_machine())
    files = [{"path": f"{number}", "blob": "b10b"} for number in range(rows)]
    make_change(task, files)
    for file in files:
        make_viewed_file(task, admin, **file)
    return f"/api/web/tasks/{task.id}/viewed"


def fill_messages(admin: Developer, rows: int) -> str:
    task = make_task()
    for _ in range(rows):
        make_message(task, created_by=make_developer().id)
    return f"/api/web/tasks/{task.id}/messages"
