"""Filling large tables fast, with COPY."""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, text

from app.extensions import Model
from sample_data.rows import Row

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


def copy(connection: Connection, kind: type[Model], rows: Iterable[Row]) -> None:
    """COPY rows of the same columns into the model's table, with the model's defaults in the
    others.

    Not for processes under gevent, where psycopg2 can't COPY.
    """
    rows = iter(rows)
    if (first := next(rows, None)) is None:
        return
    defaults = {
        column.name: _default_value(column.default)
        for column in kind.__table__.columns
        if column.name not in first and column.default is not None
    }
    tail = "".join(f"\t{_format_cell(value)}" for value in defaults.values())
    lines = (f"{_format_row(row, first)}{tail}" for row in chain([first], rows))
    connection.execute(text("SELECT 1"))  # starts the transaction, which COPY doesn't
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {kind.__tablename__} ({', '.join([*first, *defaults])}) FROM STDIN"
    with driver.cursor() as cursor:
        cursor.copy_expert(statement, _Lines(lines))


def _default_value(default: Any) -> Any:
    return default.arg(None) if default.is_callable else default.arg


def _format_row(row: Row, columns: Iterable[str]) -> str:
    return "\t".join([_format_cell(row[name]) for name in columns])


def _format_cell(value: Any) -> str:
    """Return a value in COPY's text format."""
    match value:
        case None:
            return r"\N"
        case datetime():
            return value.isoformat()
        case bytes():
            return rf"\\x{value.hex()}"
        case dict() | list():
            text_ = json.dumps(value, ensure_ascii=False)
        case _:
            text_ = str(value)
    # The check comes first, because few texts need escaping.
    return text_ if text_.isprintable() and "\\" not in text_ else text_.translate(_ESCAPES)


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
