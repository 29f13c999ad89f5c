"""A key is its request's only once that has committed."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.errors import IdempotencyKeyReused
from app.extensions import db
from app.models import Developer, Task
from app.services import idempotency
from app.services.idempotency import StoredResponse
from app.services.tasks import tasks
from tests.app.embedded.embedded_clients import eventually
from tests.factories import make_developer, make_project

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database()
"""
Remember = Callable[[Task], None]


class Requests:
    """Two requests with one key: the first pauses right before it commits."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.developer = make_developer()
        self.project = make_project(members=[self.developer]).key
        self.has_claimed, self.may_end = threading.Event(), threading.Event()

    def send(
        self, description: str, before_commit: Callable[[], None] = lambda: None
    ) -> StoredResponse:
        with self.app.app_context():
            actor = db.session.get_one(Developer, self.developer.id)
            body = {"project_key": self.project, "description": description}

            def make(remember: Remember) -> Task:
                def then(task: Task) -> None:
                    remember(task)
                    before_commit()

                return tasks.create(actor, **body, remember=then)

            def require_right() -> None:
                tasks.require_creator(actor, self.project)

            return idempotency.run_once(
                actor, "key", body, make, lambda task: {"id": task.id}, require_right
            )

    def race(self, second: str, end: Callable[[], None]) -> tuple[Any, Any]:
        """What became of a request “one”, which ends like this, and of one that waits for it."""

        def pause() -> None:
            self.has_claimed.set()
            assert self.may_end.wait(10)
            end()

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(self.send, "one", pause)
            assert self.has_claimed.wait(10)
            later = pool.submit(self.send, second)
            is_waiting = eventually(self.is_one_waiting)
            self.may_end.set()
            assert is_waiting
            return tuple(one.exception(10) or one.result() for one in (first, later))

    def is_one_waiting(self) -> bool:
        with db.engine.connect() as connection:
            return connection.scalar(sa.text(WAITING)) == 1


@pytest.fixture
def requests(committed_app: Flask) -> Requests:
    return Requests(committed_app)


def requests_made() -> list[str]:
    return list(db.session.scalars(sa.select(Task.description)))


def fail() -> None:
    raise ConnectionError


def succeed() -> None:
    """Nothing is wrong."""


def test_who_waits_answers_what_the_first_answered(requests: Requests) -> None:
    first, later = requests.race("one", succeed)
    assert (first.replayed, later) == (False, StoredResponse(first.body, replayed=True))
    assert requests_made() == ["one"]


def test_who_waits_with_another_request_is_refused(requests: Requests) -> None:
    _, later = requests.race("two", succeed)
    assert isinstance(later, IdempotencyKeyReused)
    assert requests_made() == ["one"]


@pytest.mark.parametrize("second", ["one", "two"])
def test_a_first_request_that_came_to_nothing_leaves_its_key_to_who_waits(
    requests: Requests, second: str
) -> None:
    first, later = requests.race(second, fail)
    assert isinstance(first, ConnectionError)
    assert not later.replayed
    assert requests_made() == [second]
