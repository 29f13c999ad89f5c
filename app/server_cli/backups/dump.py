"""From a database into a backup's records, as of one moment, while everything runs."""

from datetime import UTC, datetime
from typing import Any

import muster
from app.server_cli.backups import tables
from app.server_cli.backups.errors import BackupError
from app.server_cli.backups.records import Kind, RecordWriter

FORMAT = 1
_COPY = "COPY {table} ({columns}) TO STDOUT"


def dump(connection: Any, writer: RecordWriter, keys: dict[str, str]) -> dict[str, Any]:
    """Write all that the database has, and the keys. Returns the header. Rolls back.

    The connection is psycopg2's. All tables are read in one snapshot: what is committed meanwhile
    is not in it, in none of them. Raises BackupError, and psycopg2's errors.
    """
    connection.rollback()
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(tables.PLAIN)
            header = _header(cursor)
            writer.say(Kind.HEADER, header)
            writer.say(Kind.KEYS, keys)
            for table in tables.of(cursor):
                _copy(cursor, table, writer)
            writer.say(Kind.END, {})
    finally:
        connection.rollback()
    return header


def _header(cursor: Any) -> dict[str, Any]:
    revision = tables.revision(cursor)
    if revision is None:
        raise BackupError("the database is empty: there is nothing to back up")
    return {
        "format": FORMAT,
        "madeAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": muster.__version__,
        "revision": revision,
        # They are no part of the snapshot, and may be further than it: that does no harm.
        "sequences": tables.sequences(cursor),
    }


def _copy(cursor: Any, table: tables.Table, writer: RecordWriter) -> None:
    writer.say(Kind.TABLE, {"name": table.name, "columns": table.columns})
    rows = writer.rows()
    cursor.copy_expert(table.statement(_COPY), rows)
    rows.close()
    writer.say(Kind.TABLE_END, {"rows": cursor.rowcount})
