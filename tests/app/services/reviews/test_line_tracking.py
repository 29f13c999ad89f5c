"""A comment finds its line again in what the task has come to, or says that it is outdated."""

from typing import Any

import pytest
from flask import Flask

from app.domain.diff import FileStatus
from app.domain.errors import HeadChanged, InvalidFields
from app.domain.review import ReviewVerdict, Side, ThreadState
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Change, Content, Developer, ReviewThread, Task
from app.services.changes import comparable_contents
from app.services.reviews import drafts, line_tracking, submission, thread_anchors, thread_queries
from app.services.reviews.line_tracking import ThreadPosition
from tests.factories import make_attempt, make_developer, make_machine, make_task
from tests.factories.changes import make_change, make_content

BASE = b"import os\n\n\ndef one():\n    return 1\n"
FIRST = BASE + b"\n\ndef two():\n    return 2\n"
SECOND = b"# new\n" + FIRST.replace(b"return 1", b"return 11")


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def task(ada: Developer) -> Task:
    task = make_task(creator=ada)
    make_attempt(task, make_machine())
    return task


def come_to(task: Task, commit: str, *files: dict[str, Any]) -> Change:
    """The task's attempt comes to that commit."""
    return make_change(task, files, commit=commit, stage_index=db.session.query(Change).count())


def file(task: Task, old: bytes | None, new: bytes | None, path: str = "a.py", **more: Any) -> Any:
    status = FileStatus.MODIFIED
    if old is None or new is None:
        status = FileStatus.ADDED if old is None else FileStatus.DELETED
    blob, old_blob = ("" if one is None else make_content(task, one).id for one in (new, old))
    return {"path": path, "status": status, "blob": blob, "old_blob": old_blob} | more


def begin(ada: Developer, task: Task, **place: Any) -> ReviewThread:
    return drafts.add_comment(ada, task.id, body="Why?", publish=True, **place).thread


def now(ada: Developer, task: Task, **query: Any) -> ThreadPosition:
    (shown,) = thread_queries.read_page(ada, task.id, **query).items
    return shown.position


def is_at(place: ThreadPosition, path: str, line: int) -> bool:
    return (place.path, place.line, place.outdated) == (path, line, False)


def test_a_line_that_has_moved_is_found_and_one_that_has_changed_is_outdated(
    ada: Developer, task: Task
) -> None:
    come_to(task, "c1", file(task, BASE, FIRST))
    kept = begin(ada, task, path="a.py", line=8, end_line=9)
    changed = begin(ada, task, path="a.py", line=5)
    assert kept.code == {
        "first": 5,
        "lines": ["    return 1", "", "", "def two():", "    return 2"],
    }
    second = file(task, BASE, SECOND)
    come_to(task, "c2", second)
    there, gone = thread_queries.read_page(ada, task.id).items
    assert is_at(there.position, "a.py", 9)
    assert (there.position.end_line, there.position.blob) == (10, second["blob"])
    assert (gone.position.line, gone.position.blob, gone.position.outdated) == (
        5,
        changed.blob,
        True,
    )
    outdated = thread_queries.read_page(ada, task.id, states=[ThreadState.OUTDATED]).items
    assert [shown.thread.id for shown in outdated] == [changed.id]
    before = thread_queries.read_page(ada, task.id, commit="c1").items
    assert [shown.position.line for shown in before] == [8, 5]
    assert not any(shown.position.outdated for shown in before)


def test_a_line_of_the_base_is_found_where_the_base_is_another(ada: Developer, task: Task) -> None:
    come_to(task, "c1", file(task, BASE, FIRST))
    thread = begin(ada, task, path="a.py", side=Side.OLD, line=4)
    come_to(task, "c2", file(task, BASE, SECOND))
    assert is_at(now(ada, task), "a.py", 4)
    assert now(ada, task).blob == thread.blob
    come_to(task, "c3", file(task, b"# moved\n" + BASE, SECOND))
    assert is_at(now(ada, task), "a.py", 5)


def test_a_file_is_followed_through_renames_there_and_back(ada: Developer, task: Task) -> None:
    come_to(task, "c1", file(task, BASE, FIRST))
    begin(ada, task, path="a.py", line=8)
    renamed = {"old_path": "a.py", "status": FileStatus.RENAMED}
    come_to(task, "c2", file(task, BASE, SECOND, "b.py", **renamed), file(task, None, b"x", "a.py"))
    assert is_at(now(ada, task), "b.py", 9)
    come_to(task, "c3", file(task, BASE, SECOND))
    assert is_at(now(ada, task), "a.py", 9)


def test_a_new_file_is_the_same_by_its_name_or_by_what_is_in_it(ada: Developer, task: Task) -> None:
    come_to(task, "c1", file(task, None, FIRST))
    begin(ada, task, path="a.py", line=8)
    come_to(task, "c2", file(task, None, SECOND))
    assert is_at(now(ada, task), "a.py", 9)
    come_to(task, "c3", file(task, None, FIRST, "b.py"))
    assert is_at(now(ada, task), "b.py", 8)


@pytest.mark.parametrize("what", ["deleted", "no part of it", "other", "not kept", "too large"])
def test_what_is_not_found_is_outdated_where_it_was(
    ada: Developer, task: Task, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_to(task, "c1", file(task, BASE, FIRST))
    thread = begin(ada, task, path="a.py", line=8)
    new = {"deleted": None, "other": b"nothing of it\n"}.get(what, SECOND)
    files = [] if what == "no part of it" else [file(task, BASE, new)]
    come_to(task, "c2", *files)
    if what == "not kept":
        db.session.delete(db.session.get_one(Content, (task.id, thread.blob)))
        db.session.commit()
    if what == "too large":
        monkeypatch.setattr(comparable_contents, "MAX_BYTES", len(SECOND) - 1)
    assert now(ada, task) == line_tracking.original_position(thread, outdated=True)


def test_a_thread_about_a_file_goes_with_it_until_it_is_no_part(ada: Developer, task: Task) -> None:
    come_to(task, "c1", file(task, BASE, FIRST))
    begin(ada, task, path="a.py")
    come_to(task, "c2", file(task, BASE, None))
    assert (now(ada, task).path, now(ada, task).outdated) == ("a.py", False)
    come_to(task, "c3")
    assert now(ada, task).outdated


def test_a_page_ends_where_enough_was_compared(
    ada: Developer, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number}.py" for number in range(6)]
    come_to(task, "c1", *(file(task, BASE, FIRST + name.encode(), name) for name in names))
    wanted = [begin(ada, task, path=name, line=8).id for name in names]
    come_to(task, "c2", *(file(task, BASE, SECOND + name.encode(), name) for name in names))
    for bound, most in (("MAX_COMPARED_LINES", 40), ("MAX_BYTES", 5 * len(SECOND))):
        with monkeypatch.context() as patched:
            patched.setattr(line_tracking, bound, most)
            found, after, pages = [], 0, 0
            while after is not None:
                page = thread_queries.read_page(ada, task.id, after=after)
                found += [one.thread.id for one in page.items if one.position.line == 9]
                after, pages = page.following, pages + 1
            assert found == wanted
            assert pages == 3, bound


# ---- what a comment may be about -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ({"path": "b.py"}, "path"),
        ({"path": "a.py", "line": 10}, "line"),
        ({"path": "a.py", "line": 2, "end_line": 1}, "line"),
        ({"path": "a.py", "line": 1, "commit": "c9"}, "commit"),
        ({"path": "a.py", "line": 1, "blob": "b10b"}, "blob"),
        ({"path": "a.py", "end_line": 1}, "endLine"),
        ({"path": "a.py", "side": Side.OLD}, "side"),
        ({"line": 1}, "line"),
        ({"path": "binary", "line": 1}, "line"),
        ({"path": "gone", "line": 1}, "line"),
    ],
    ids=str,
)
def test_what_is_not_there_cannot_be_commented(
    ada: Developer, task: Task, place: dict[str, Any], wrong: str
) -> None:
    come_to(
        task,
        "c1",
        file(task, BASE, FIRST),
        file(task, BASE, b"\0", "binary"),
        {"path": "gone", "blob": "0" * 40},
    )
    with pytest.raises(InvalidFields) as caught:
        begin(ada, task, **place)
    assert list(caught.value.errors) == [wrong]


def test_a_line_may_be_of_the_version_that_a_stage_begins_with(ada: Developer, task: Task) -> None:
    come_to(task, "c1", file(task, BASE, SECOND))
    stage = file(task, FIRST, SECOND)
    make_change(task, [stage], commit="c1", since="stage", stage_index=7)
    thread = begin(ada, task, path="a.py", side=Side.OLD, line=8, blob=stage["old_blob"])
    assert thread.blob == stage["old_blob"]


def test_what_is_approved_is_what_was_seen(ada: Developer, task: Task) -> None:
    come_to(task, "c1", file(task, BASE, FIRST))
    come_to(task, "c2", file(task, BASE, SECOND))
    with pytest.raises(HeadChanged):
        submission._review_columns(task, "c1", answers=True)
    assert submission._review_columns(task, "c1", answers=False)["commit"] == "c1"
    assert submission._review_columns(task, "c2", answers=True)["commit"] == "c2"
    given = {"verdict": ReviewVerdict.COMMENT, "body": "x"}
    assert submission.submit(ada, task.id, **given).review.commit == "c2"
    assert thread_anchors.latest_commit(task).commit == "c2"
