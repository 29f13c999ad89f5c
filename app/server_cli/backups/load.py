"""Load a backup's records into a database in one transaction: everything or nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2 import sql

import config
from app.server_cli.backups import dump, tables
from app.server_cli.backups.encryption import TRUNCATED, EncryptedReader
from app.server_cli.backups.errors import BackupError, InvalidBackup
from app.server_cli.backups.records import RecordKind, RecordReader, RowsReader

_COPY = "COPY {table} ({columns}) FROM STDIN"
_SERVER_RUNNING = "a server uses this database: stop it first, with its dispatcher, jobs and beat"
_COUNT_RUNNING = "SELECT count(*) FROM server_processes WHERE seen_at > now() - interval '15 s'"


@dataclass(frozen=True)
class Contents:
    """The contents of a complete backup: its header, its keys, and the number of rows per table."""

    header: dict[str, Any]
    keys: dict[str, str]
    rows: dict[str, int]


def check_backup(path: Path, passphrase: str) -> Contents:
    """Read a backup from its beginning to its end. Raises InvalidBackup if it is incomplete."""
    with path.open("rb") as file:
        reader = RecordReader(EncryptedReader(file, passphrase))
        header, keys = _read_start(reader)
        rows: dict[str, int] = {}
        while reader.next_kind() is RecordKind.TABLE:
            name = str(reader.read(RecordKind.TABLE)["name"])
            while reader.next_kind() is RecordKind.ROWS:
                reader.read_rows()
            rows[name] = int(reader.read(RecordKind.TABLE_END)["rows"])
        reader.expect_end()
    return Contents(header, keys, rows)


def _read_start(reader: RecordReader) -> tuple[dict[str, Any], dict[str, str]]:
    header = reader.read(RecordKind.HEADER)
    if header.get("format") != dump.FORMAT:
        raise InvalidBackup(f"its format is {header.get('format')}: it needs a newer Muster")
    return header, _check_keys(reader.read(RecordKind.KEYS))


def _check_keys(keys: dict[str, Any]) -> dict[str, str]:
    """Check the keys: they become the server's environment, where the backup's author must not set
    anything else.
    """
    if not set(config.SECRETS) <= set(keys) <= {*config.SECRETS, config.SCRAPE_TOKEN}:
        raise InvalidBackup("its keys aren't the keys of a server")
    if not all(isinstance(text, str) and text.isprintable() for text in keys.values()):
        raise InvalidBackup("one of its keys has a line break or a control character")
    return keys


def require_empty(cursor: Any, *, replace: bool) -> None:
    """Raise BackupError if a server runs on the database, or if it has accounts (unless they are to
    be replaced).
    """
    if tables.read_revision(cursor) is None:
        return
    cursor.execute(_COUNT_RUNNING)
    if cursor.fetchone()[0]:
        raise BackupError(_SERVER_RUNNING)
    cursor.execute("SELECT count(*) FROM developers")
    if cursor.fetchone()[0] and not replace:
        raise BackupError(
            "the database isn't empty: restore into a new one, or add --replace to delete its rows"
        )


def load_database(cursor: Any, path: Path, passphrase: str, step: int) -> None:
    """Replace the rows of all tables with the backup's. The caller commits.

    The schema must have the backup's revision. Each sequence continues `step` after its last
    number, so numbers that the old server assigned after the backup aren't assigned again. Raises
    InvalidBackup and psycopg2's errors.
    """
    cursor.execute(tables.SESSION_SETTINGS)
    known = {table.name: table for table in tables.list_tables(cursor)}
    keys, unsaid = tables.list_foreign_keys(cursor), tables.list_excluded_defaults(cursor)
    closed = tables.list_append_only_tables(cursor)
    for name in closed:
        _change_privileges(cursor, "GRANT TRUNCATE ON {} TO CURRENT_USER", name)
    _disable_constraints(cursor, known, keys, unsaid)
    with path.open("rb") as file:
        reader = RecordReader(EncryptedReader(file, passphrase))
        header, _ = _read_start(reader)
        while reader.next_kind() is RecordKind.TABLE:
            _load_table(cursor, reader, known)
        reader.expect_end()
    _set_sequences(cursor, header["sequences"], step)
    _enable_constraints(cursor, known, keys, unsaid)
    for name in closed:
        _change_privileges(cursor, "REVOKE TRUNCATE ON {} FROM CURRENT_USER", name)


def _change_privileges(cursor: Any, form: str, table: str) -> None:
    cursor.execute(sql.SQL(form).format(sql.Identifier(table)))


def _disable_constraints(
    cursor: Any,
    known: Iterable[str],
    keys: Iterable[tables.ForeignKey],
    unsaid: Iterable[tuple[str, str, str]],
) -> None:
    """Disable foreign keys and triggers: rows come in any order, and triggers must not fire for
    them.
    """
    names = sql.SQL(", ").join(map(sql.Identifier, (*known, "server_processes")))
    for name in known:
        _alter(cursor, name, "DISABLE TRIGGER USER")
    cursor.execute(sql.SQL("TRUNCATE {}").format(names))
    for key in keys:
        form = sql.SQL(f"ALTER TABLE {key.table} DROP CONSTRAINT {{}}")
        cursor.execute(form.format(sql.Identifier(key.name)))
    for table, column, _ in unsaid:
        _alter(cursor, table, "ALTER COLUMN {} DROP DEFAULT", column)


def _enable_constraints(
    cursor: Any,
    known: Iterable[str],
    keys: Iterable[tables.ForeignKey],
    unsaid: Iterable[tuple[str, str, str]],
) -> None:
    for table, column, default in unsaid:
        _alter(cursor, table, f"ALTER COLUMN {{}} SET DEFAULT {default}", column)
    for key in keys:
        form = f"ALTER TABLE {key.table} ADD CONSTRAINT {{}} {key.definition}"
        cursor.execute(sql.SQL(form).format(sql.Identifier(key.name)))
    for name in known:
        _alter(cursor, name, "ENABLE TRIGGER USER")


def _alter(cursor: Any, table: str, what: str, *names: str) -> None:
    form = sql.SQL(f"ALTER TABLE {{}} {what}")
    cursor.execute(form.format(sql.Identifier(table), *map(sql.Identifier, names)))


def _load_table(cursor: Any, reader: RecordReader, known: dict[str, tables.Table]) -> None:
    header = reader.read(RecordKind.TABLE)
    table = tables.Table(header["name"], tuple(header["columns"]))
    if table != known.get(table.name):
        raise InvalidBackup(
            f"the backup's table {table.name} doesn't match the schema of its revision"
        )
    cursor.copy_expert(table.statement(_COPY), RowsReader(reader))
    if cursor.rowcount != reader.read(RecordKind.TABLE_END)["rows"]:
        raise InvalidBackup(TRUNCATED)


def _set_sequences(cursor: Any, last: dict[str, int], step: int) -> None:
    for name in tables.list_sequences(cursor):
        at = int(last.get(name, 0)) + step
        cursor.execute("SELECT setval(%s::regclass, %s)", [f'public."{name}"', at])
