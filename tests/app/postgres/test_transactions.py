"""BEGIN travels with the first statement, and nothing ever happens outside of a transaction."""

import contextlib
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy.exc import DBAPIError, ProgrammingError

from app.extensions import db
from app.postgres.transactions import RETURNING_TEXT, returning_text

WRONG = [
    pytest.param("select :x", {"x": object()}, id="refused before it is sent"),
    pytest.param("selec 1", {}, id="refused by Postgres"),
]


@pytest.fixture(autouse=True)
def _table(committed_app: Flask) -> Iterator[None]:
    yield
    db.session.rollback()  # what still looks at it keeps it from being dropped
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


# ---- what travels together -----------------------------------------------------------------------

ADD = sa.text("INSERT INTO made VALUES (:a)").execution_options(commits=True)
SUM = sa.select(sa.bindparam("a", type_=sa.Integer) + 40).execution_options(prepared="test_sum")


def rows() -> list[int]:
    """As another connection sees them."""
    with db.engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT a FROM made")))


def prepared() -> list[str]:
    """On the session's connection."""
    query = "SELECT name FROM pg_prepared_statements WHERE name LIKE 'test%'"
    return list(db.session.scalars(sa.text(query)))


@pytest.fixture
def made() -> None:
    make()
    db.session.commit()


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("is_first", [True, False], ids=["alone", "with what came before"])
def test_a_statement_that_commits_has_committed_when_it_returns(is_first: bool) -> None:
    if not is_first:
        db.session.execute(sa.text("INSERT INTO made VALUES (1)"))
    db.session.execute(ADD, {"a": 2})
    assert rows() == ([2] if is_first else [1, 2])
    db.session.commit()
    assert rows() == ([2] if is_first else [1, 2])


TELL = sa.text(
    "WITH told AS (INSERT INTO made SELECT generate_series(1, :a) RETURNING a), "
    "sum AS (SELECT sum(a)::text AS said FROM told) " + returning_text("said") + " FROM sum"
)


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("name", [None, "test_tell"], ids=["plain", "prepared"])
def test_what_a_statement_says_that_commits_comes_back_behind_the_commit(name: str | None) -> None:
    options: dict[str, str] = {"prepared": name} if name else {}
    tell = TELL.execution_options(commits=RETURNING_TEXT, **options)
    assert [db.session.execute(tell, {"a": a}).scalar_one() for a in (3, 4)] == ["6", "10"]
    assert rows() == [1, 2, 3, 1, 2, 3, 4]


@pytest.mark.usefixtures("made")
def test_and_within_a_savepoint_before_any() -> None:
    with db.session.begin_nested():
        assert db.session.scalar(TELL.execution_options(commits=RETURNING_TEXT), {"a": 2}) == "3"
    db.session.rollback()
    assert rows() == []


@pytest.mark.usefixtures("made")
def test_a_statement_that_commits_and_fails_takes_all_back() -> None:
    db.session.execute(sa.text("INSERT INTO made VALUES (1)"))
    with pytest.raises(DBAPIError):
        db.session.execute(ADD, {"a": "no number"})
    db.session.rollback()
    assert rows() == []


@pytest.mark.usefixtures("made")
def test_within_a_savepoint_nothing_is_committed() -> None:
    with db.session.begin_nested():
        db.session.execute(ADD, {"a": 1})
    db.session.rollback()
    assert rows() == []


def test_a_statement_alone_leaves_no_transaction_behind_and_what_follows_has_its_own() -> None:
    alone = sa.text("SELECT 1").execution_options(alone=True)
    connection = db.session.connection().connection.dbapi_connection
    assert connection is not None
    db.session.execute(alone)
    assert connection.info.transaction_status == TRANSACTION_STATUS_IDLE
    make()
    db.session.execute(alone)
    db.session.rollback()
    assert not exists()


def test_a_prepared_statement_is_planned_once_and_takes_other_values_each_time() -> None:
    found = [db.session.scalar(SUM, {"a": a}) for a in (1, 2, 3)]
    assert (found, prepared()) == ([41, 42, 43], ["test_sum"])


def test_a_prepared_statement_outlives_its_transaction_and_not_its_connection() -> None:
    db.session.scalar(SUM, {"a": 1})
    db.session.rollback()
    assert prepared() == ["test_sum"]
    db.session.connection().invalidate()
    db.session.rollback()
    assert prepared() == []
    assert db.session.scalar(SUM, {"a": 2}) == 42


def test_what_cannot_be_prepared_is_tried_again() -> None:
    wrong = sa.text("SELECT a FROM made WHERE a = :a").execution_options(prepared="test_made")
    for _ in range(2):
        with pytest.raises(ProgrammingError, match='relation "made" does not exist'):
            db.session.execute(wrong, {"a": 1})
        db.session.rollback()
    make()
    db.session.commit()
    assert db.session.execute(wrong, {"a": 1}).all() == []
