"""Where threads of large files are: compared elsewhere, and waited for a while."""

import pytest
from flask import Flask

from app.domain.errors import TooManyRequests
from app.models import Developer, Task
from app.services.changes import comparison
from app.services.reviews import line_tracking, prompts, resolution
from tests.app.services.reviews.test_line_tracking import (
    ada,
    begin,
    come_to,
    file,
    is_at,
    now,
    task,
)

__all__ = ["ada", "task"]

OLD = b"".join(b"line %d\n" % number for number in range(3_000))
NEW = b"# new\n" + OLD


@pytest.fixture(autouse=True)
def _busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "RUN_TIMEOUT_SECONDS", 60.0)


def test_a_line_of_a_large_file_is_found_for_people(ada: Developer, task: Task) -> None:
    come_to(task, "c1", file(task, b"x\n", OLD))
    begin(ada, task, path="a.py", line=2_000)
    come_to(task, "c2", file(task, b"x\n", NEW))
    assert is_at(now(ada, task), "a.py", 2_001)


def test_and_for_agents_whose_order_leaves_the_transaction_alone(
    ada: Developer, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_to(task, "c1", file(task, b"x\n", OLD))
    begin(ada, task, path="a.py", line=2_000)
    come_to(task, "c2", file(task, b"x\n", NEW))
    place = prompts.LineTracker(task)
    monkeypatch.setattr(comparison.db.session, "commit", lambda: pytest.fail("it commits"))
    threads = list(comparison.db.session.query(prompts.ReviewThread))
    assert place.prepare(threads) == 1
    assert is_at(place.find_position(threads[0]), "a.py", 2_001)


def test_who_gets_no_turn_in_time_is_told_to_ask_again(
    app: Flask, ada: Developer, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_to(task, "c1", file(task, b"x\n", OLD))
    begin(ada, task, path="a.py", line=2_000)
    come_to(task, "c2", file(task, b"x\n", NEW))
    monkeypatch.setattr(comparison, "MAX_CONCURRENT", 0)
    monkeypatch.setattr(comparison, "WAIT_TIMEOUT_SECONDS", 0.0)
    with pytest.raises(TooManyRequests):
        now(ada, task)


def test_a_thread_is_resolved_also_where_nobody_gets_a_turn(
    app: Flask, ada: Developer, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_to(task, "c1", file(task, b"x\n", OLD))
    thread = begin(ada, task, path="a.py", line=2_000)
    come_to(task, "c2", file(task, b"x\n", NEW))
    monkeypatch.setattr(comparison, "MAX_CONCURRENT", 0)
    monkeypatch.setattr(comparison, "WAIT_TIMEOUT_SECONDS", 0.0)
    shown = resolution.resolve(ada, task.id, thread.id)
    assert shown.thread.resolved_at is not None
    assert shown.position == line_tracking.original_position(thread, outdated=True)
    assert resolution.reopen(ada, task.id, thread.id).thread.resolved_at is None
