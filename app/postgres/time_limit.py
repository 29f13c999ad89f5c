"""Looks that end when they take too long: at texts, whose length and likeness nothing bounds."""

from collections.abc import Mapping
from typing import Any

from psycopg2.errors import QueryCanceled
from sqlalchemy import Connection, Executable
from sqlalchemy.exc import OperationalError

from app.extensions import db

PATIENCE_MS = 150


def rows(statement: Executable, parameters: Mapping[str, Any] | None = None) -> list[Any] | None:
    """What the statement selects; None when it takes too long. The transaction goes on."""
    connection = db.session.connection()
    try:
        # Compiling a statement costs more than it ever saves here.
        connection.exec_driver_sql(
            f"SAVEPOINT look; SET LOCAL jit = off; SET LOCAL statement_timeout = {PATIENCE_MS}"
        )
        return list(connection.execute(statement, parameters))
    except OperationalError as error:
        if not isinstance(error.orig, QueryCanceled):
            raise
        return None
    finally:
        _end(connection)


def _end(connection: Connection) -> None:
    """Ends the settings too, which hold for this statement as well: so it may have to be said
    again."""
    while not connection.invalidated:
        try:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT look; RELEASE SAVEPOINT look")
            return
        except OperationalError as error:
            if not isinstance(error.orig, QueryCanceled):
                raise
