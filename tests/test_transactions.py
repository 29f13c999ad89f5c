"""BEGIN travels with the first statement, and nothing ever happens outside of a transaction."""

import contextlib
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app.extensions import db

WRONG = [
    pytest.param("select :x", {"x": object()}, id="refused before it is sent"),
    pytest.param("selec 1", {}, id="refused by Postgres"),
]


@pytest.fixture(autouse=True)
def _table(committed_app: Flask) -> Iterator[None]:
    yield
    with db.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS made"))


def exists() -> bool:
    found = db.session.scalar(sa.text("SELECT to_regclass('made')")) is not None
    db.session.rollback()
    return found


def make() -> None:
    db.session.execute(sa.text("CREATE TABLE made (a int)"))


def test_what_is_rolled_back_never_was() -> None:
    make()
    db.session.rollback()
    assert not exists()


def test_what_is_committed_stays() -> None:
    make()
    db.session.commit()
    assert exists()


@pytest.mark.parametrize(("statement", "parameters"), WRONG)
def test_after_a_first_statement_that_failed_a_rollback_still_takes_all_back(
    statement: str, parameters: dict[str, object]
) -> None:
    with pytest.raises(ProgrammingError):
        db.session.execute(sa.text(statement), parameters)
    with contextlib.suppress(DBAPIError):  # Postgres may refuse the rest of the transaction
        make()
    db.session.rollback()
    assert not exists()


def test_who_asks_for_autocommit_gets_no_transaction() -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM developers"))
