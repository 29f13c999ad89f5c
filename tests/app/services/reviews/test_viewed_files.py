"""A mark on a file ends when the file is another."""

import pytest
from flask import Flask

from app.domain.diff import FileStatus
from app.domain.errors import HeadChanged
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, Task
from app.services.reviews import viewed_files
from tests.factories import make_attempt, make_developer, make_machine, make_task
from tests.factories.changes import make_change


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def task(ada: Developer) -> Task:
    task = make_task(creator=ada)
    make_attempt(task, make_machine())
    return task


def marked(actor: Developer, task: Task) -> list[tuple[str, str]]:
    rows = db.session.scalars(viewed_files.listing(actor, task.id))
    return sorted((row.path, row.blob) for row in rows)


def test_a_mark_ends_when_the_blob_changes_and_is_there_again_with_it(
    ada: Developer, task: Task
) -> None:
    assert marked(ada, task) == []
    gone = {"path": "gone", "blob": "", "status": FileStatus.DELETED}
    make_change(task, [{"path": "a", "blob": "aa"}, {"path": "b", "blob": "bb"}, gone])
    for path, blob in (("a", "aa"), ("b", "bb"), ("gone", None), ("a", "aa")):
        viewed_files.set_viewed(ada, task.id, path=path, blob=blob, viewed=True)
    assert marked(ada, task) == [("a", "aa"), ("b", "bb"), ("gone", "")]
    make_change(task, [{"path": "a", "blob": "a2"}, {"path": "b", "blob": "bb"}], stage_index=1)
    assert marked(ada, task) == [("b", "bb")]
    viewed_files.set_viewed(ada, task.id, path="a", blob="a2", viewed=True)
    assert marked(ada, task) == [("a", "a2"), ("b", "bb")]
    assert marked(make_developer(role=SystemRole.ADMIN), task) == []


def test_a_mark_is_taken_away(ada: Developer, task: Task) -> None:
    make_change(task, [{"path": "a" * 4096, "blob": "aa"}])
    viewed_files.set_viewed(ada, task.id, path="a" * 4096, blob="aa", viewed=True)
    for _ in range(2):
        viewed_files.set_viewed(ada, task.id, path="a" * 4096, blob="aa", viewed=False)
    assert marked(ada, task) == []


@pytest.mark.parametrize(("path", "blob"), [("a", "a2"), ("a", None), ("b", "aa")], ids=str)
def test_what_was_not_seen_is_not_marked(
    ada: Developer, task: Task, path: str, blob: str | None
) -> None:
    make_change(task, [{"path": "a", "blob": "aa"}])
    with pytest.raises(HeadChanged):
        viewed_files.set_viewed(ada, task.id, path=path, blob=blob, viewed=True)
