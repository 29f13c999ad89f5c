"""White space is ignored where comparing is worth it, and said to count where it is not."""

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from app.domain.diff import FileStatus
from app.models import Task
from app.services.changes import comparison, whitespace_filter
from app.services.changes.whitespace import RemainingChange
from app.services.changes.whitespace_filter import UncomparedReason
from tests.factories import make_task
from tests.factories.changes import make_content


@pytest.fixture
def task(app: Flask) -> Task:
    return make_task()


def file(task: Task, position: int, old: bytes, new: bytes) -> Any:
    return SimpleNamespace(
        position=position,
        status=FileStatus.MODIFIED,
        binary=False,
        old_blob=make_content(task, old).id,
        blob=make_content(task, new).id,
    )


def compare(task: Task, *files: Any) -> whitespace_filter.FilteredPage:
    change: Any = SimpleNamespace(task_id=task.id)
    return whitespace_filter.filter_page(change, files, 1)


def test_small_files_are_compared_here_and_others_elsewhere(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = b"line\n" * 2_000
    files = file(task, 0, b"a\n", b" a\n"), file(task, 1, large, large + b" x\n")
    found = compare(task, *files)
    assert [type(rest) for rest in found.rests.values()] == [RemainingChange, RemainingChange]
    monkeypatch.setattr(comparison, "compare", lambda *_: None)
    found = compare(task, *files)
    assert isinstance(found.rests[0], RemainingChange)
    assert (found.rests[1], found.is_limited) == (UncomparedReason.LIMITS, True)


def test_what_is_beyond_a_limit_takes_nothing_of_what_is_not(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = [b"%d\n" % number * 2_000 for number in range(3)]
    files = [file(task, number, text, text + b"x\n") for number, text in enumerate(large)]
    asked = comparison.compare

    def limited(*args: Any) -> Any:
        first, _, last = asked(*args) or []
        return [first, None, last]

    monkeypatch.setattr(comparison, "compare", limited)
    found = compare(task, *files)
    assert [type(rest) for rest in found.rests.values()] == [
        RemainingChange,
        UncomparedReason,
        RemainingChange,
    ]


def test_a_page_ends_where_its_files_are_too_large(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whitespace_filter, "_MAX_READ_BYTES", 100)
    files = [file(task, number, b"a\n" * 60, b"b%d\n" % number) for number in range(3)]
    assert compare(task, *files).length == 1
