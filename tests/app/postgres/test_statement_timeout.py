"""A look that takes too long ends, and leaves no trace."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.extensions import db
from app.postgres import statement_timeout
from tests.factories import make_project

SLOW = sa.text("SELECT pg_sleep(60)")


@pytest.fixture(autouse=True)
def hurry(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_timeout, "TIMEOUT_MILLISECONDS", 50)


def settings() -> list[str | None]:
    return [db.session.scalar(sa.text(f"SHOW {name}")) for name in ("statement_timeout", "jit")]


@contextmanager
def slow_ends() -> Iterator[None]:
    """While it lasts the first ROLLBACK takes too long."""
    left = ["SELECT pg_sleep(60); "]

    def delay(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> Any:
        if statement.startswith("ROLLBACK TO") and left:
            statement = left.pop() + statement
        return statement, parameters

    sa.event.listen(sa.Engine, "before_cursor_execute", delay, retval=True)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", delay)
    assert not left


@pytest.mark.parametrize(
    ("statement", "rows"), [(SLOW, None), (sa.text("SELECT 1"), [(1,)])], ids=["slow", "fast"]
)
def test_what_comes_after_a_look_is_as_before(statement: sa.Executable, rows: Any) -> None:
    before = settings()
    project = make_project()
    project.name = "changed"
    db.session.flush()
    assert statement_timeout.fetch_rows(statement) == rows
    assert settings() == before
    db.session.commit()
    assert project.name == "changed"


def test_an_end_that_takes_too_long_is_said_again() -> None:
    before = settings()
    with slow_ends():
        assert statement_timeout.fetch_rows(sa.text("SELECT 1")) == [(1,)]
    assert settings() == before


def test_a_look_may_be_what_a_transaction_begins_with() -> None:
    db.session.rollback()
    assert statement_timeout.fetch_rows(SLOW) is None
    assert statement_timeout.fetch_rows(sa.text("SELECT :n"), {"n": 7}) == [(7,)]


def test_other_failures_are_told_and_the_transaction_goes_on() -> None:
    before = settings()
    with pytest.raises(sa.exc.DataError, match="division by zero"):
        statement_timeout.fetch_rows(sa.text("SELECT 1 / 0"))
    assert settings() == before
