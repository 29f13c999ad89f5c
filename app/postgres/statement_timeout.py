"""A time limit for a single SELECT. Searches need it: texts may be long and similar."""

from collections.abc import Mapping
from typing import Any

from psycopg2.errors import QueryCanceled
from sqlalchemy import Connection, Executable
from sqlalchemy.exc import OperationalError

from app.extensions import db

TIMEOUT_MILLISECONDS = 150


def fetch_rows(
    statement: Executable, parameters: Mapping[str, Any] | None = None
) -> list[Any] | None:
    """Return the statement's rows, or None if it takes longer than `TIMEOUT_MILLISECONDS`.

    The transaction continues in both cases. Other Postgres errors are raised.
    """
    connection = db.session.connection()
    try:
        # Compiling a statement costs more than it ever saves here.
        connection.exec_driver_sql(
            "SAVEPOINT look; SET LOCAL jit = off; "
            f"SET LOCAL statement_timeout = {TIMEOUT_MILLISECONDS}"
        )
        return list(connection.execute(statement, parameters))
    except OperationalError as error:
        if not isinstance(error.orig, QueryCanceled):
            raise
        return None
    finally:
        _roll_back(connection)


def _roll_back(connection: Connection) -> None:
    """Roll back to the savepoint, which also ends its two settings.

    The time limit holds for this statement too, so it may have to be repeated.
    """
    while not connection.invalidated:
        try:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT look; RELEASE SAVEPOINT look")
            return
        except OperationalError as error:
            if not isinstance(error.orig, QueryCanceled):
                raise
