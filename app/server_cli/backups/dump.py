"""Write a snapshot of a running database as a backup's records."""

from datetime import UTC, datetime
from typing import Any

import muster
from app.server_cli.backups import tables
from app.server_cli.backups.errors import BackupError
from app.server_cli.backups.records import RecordKind, RecordWriter

FORMAT = 1
_COPY = "COPY {table} ({columns}) TO STDOUT"


def dump_database(connection: Any, writer: RecordWriter, keys: dict[str, str]) -> dict[str, Any]:
    """Write the whole database and the keys. Returns the header. Rolls back.

    `connection` is psycopg2's. One snapshot covers all tables: no table includes later commits.
    Raises BackupError, and psycopg2's errors.
    """
    connection.rollback()
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(tables.SESSION_SETTINGS)
            header = _build_header(cursor)
            writer.write(RecordKind.HEADER, header)
            writer.write(RecordKind.KEYS, keys)
            for table in tables.list_tables(cursor):
                _copy_rows(cursor, table, writer)
            writer.write(RecordKind.END, {})
    finally:
        connection.rollback()
    return header


def _build_header(cursor: Any) -> dict[str, Any]:
    revision = tables.read_revision(cursor)
    if revision is None:
        raise BackupError("the database is empty: there is nothing to back up")
    return {
        "format": FORMAT,
        "madeAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": muster.__version__,
        "revision": revision,
        # Sequences aren't part of the snapshot and may be ahead of it, which does no harm.
        "sequences": tables.list_sequences(cursor),
    }


def _copy_rows(cursor: Any, table: tables.Table, writer: RecordWriter) -> None:
    writer.write(RecordKind.TABLE, {"name": table.name, "columns": table.columns})
    rows = writer.rows_writer()
    cursor.copy_expert(table.statement(_COPY), rows)
    rows.close()
    writer.write(RecordKind.TABLE_END, {"rows": cursor.rowcount})
