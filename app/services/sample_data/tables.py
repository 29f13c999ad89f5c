"""Filling large tables fast, with COPY."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, text

LARGE = ("tasks", "attempts", "task_events", "log_chunks", "transcript_chunks")
_IDENTITIES = ("developers", "projects", "tasks")
_ROWS_AT_ONCE = 500
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

FOREIGN_KEYS = text("""
    SELECT conrelid::regclass::text AS table_name, conname, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint
    WHERE contype = 'f' AND conrelid = ANY (CAST(CAST(:tables AS text[]) AS regclass[]))
    ORDER BY conname
""")


def cell(value: Any) -> str:
    """Return a value in COPY's text format."""
    if value is None:
        return r"\N"
    if isinstance(value, datetime):
        return value.isoformat()
    text_ = str(value)
    # The check comes first, because few texts need escaping.
    return text_ if text_.isprintable() and "\\" not in text_ else text_.translate(_ESCAPES)


def copy(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[str]) -> None:
    """COPY rows into a table; a row is a line of cells separated by tabs.

    Not for processes under gevent, where psycopg2 can't COPY.
    """
    connection.execute(text("SELECT 1"))  # starts the transaction, which COPY doesn't
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with driver.cursor() as cursor:
        cursor.copy_expert(statement, _Lines(rows))


class _Lines(io.TextIOBase):
    """The file that psycopg2 reads from. It accepts reads of any length."""

    def __init__(self, rows: Iterable[str]) -> None:
        self._rows = iter(rows)

    def read(self, _size: int | None = -1, /) -> str:
        return "".join(f"{row}\n" for row in islice(self._rows, _ROWS_AT_ONCE))


@contextmanager
def defer_foreign_keys(connection: Connection, names: Sequence[str]) -> Iterator[None]:
    """A context in which the foreign keys of these tables aren't checked; they are at its end.

    The tables are locked until the end of the transaction.
    """
    keys = connection.execute(FOREIGN_KEYS, {"tables": list(names)}).all()
    for key in keys:
        connection.execute(text(f"ALTER TABLE {key.table_name} DROP CONSTRAINT {key.conname}"))
    yield
    for key in keys:
        add = f"ALTER TABLE {key.table_name} ADD CONSTRAINT {key.conname} {key.definition}"
        connection.execute(text(add))


def next_id(connection: Connection, table: str) -> int:
    """Return the first free ID of the table."""
    return int(connection.scalar(text(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")) or 1)


def set_identities(connection: Connection) -> None:
    """Make Postgres continue after the IDs that were chosen here."""
    for table in _IDENTITIES:
        sequence = f"pg_get_serial_sequence('{table}', 'id')"
        connection.execute(text(f"SELECT setval({sequence}, max(id)) FROM {table}"))
