"""From a backup's records into a database, in one transaction: all of it, or nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2 import sql

import config
from app.server_cli.backups import dump, tables
from app.server_cli.backups.encryption import CUT, SealedReader
from app.server_cli.backups.errors import BackupError, Refused
from app.server_cli.backups.records import Kind, RecordReader, RowsReader

_COPY = "COPY {table} ({columns}) FROM STDIN"
_ALONE = "a server runs on that database: stop it first, with its dispatcher, jobs and beat"
_RUNS = "SELECT count(*) FROM server_processes WHERE seen_at > now() - interval '15 s'"


@dataclass(frozen=True)
class Contents:
    """What a whole backup has: its header, its keys, and how many rows of each table."""

    header: dict[str, Any]
    keys: dict[str, str]
    rows: dict[str, int]


def check(path: Path, passphrase: str) -> Contents:
    """Read a backup from its beginning to its end. Raises Refused where it is not whole."""
    with path.open("rb") as file:
        reader = RecordReader(SealedReader(file, passphrase))
        header, keys = _begin(reader)
        rows: dict[str, int] = {}
        while reader.next_kind() is Kind.TABLE:
            name = str(reader.told(Kind.TABLE)["name"])
            while reader.next_kind() is Kind.ROWS:
                reader.rows()
            rows[name] = int(reader.told(Kind.TABLE_END)["rows"])
        reader.expect_end()
    return Contents(header, keys, rows)


def _begin(reader: RecordReader) -> tuple[dict[str, Any], dict[str, str]]:
    header = reader.told(Kind.HEADER)
    if header.get("format") != dump.FORMAT:
        raise Refused(f"its format is {header.get('format')}: a newer Muster made it")
    return header, _keys(reader.told(Kind.KEYS))


def _keys(told: dict[str, Any]) -> dict[str, str]:
    """They become a server's environment, of which whoever made the file may set nothing else."""
    if not set(config.SECRETS) <= set(told) <= {*config.SECRETS, config.SCRAPE_TOKEN}:
        raise Refused("its keys are not those that a server has")
    if not all(isinstance(text, str) and text.isprintable() for text in told.values()):
        raise Refused("a key of it has a line break or a control character in it")
    return told


def require_empty(cursor: Any, *, replace: bool) -> None:
    """Raise BackupError where a server runs on the database, or where it has accounts (unless they
    are to be replaced).
    """
    if tables.revision(cursor) is None:
        return
    cursor.execute(_RUNS)
    if cursor.fetchone()[0]:
        raise BackupError(_ALONE)
    cursor.execute("SELECT count(*) FROM developers")
    if cursor.fetchone()[0] and not replace:
        raise BackupError(
            "the database is not empty: restore into a new one, or say --replace to lose its rows"
        )


def load(cursor: Any, path: Path, passphrase: str, step: int) -> None:
    """Fill the tables with the backup, in place of what they have. The caller commits.

    The schema is that of the backup's revision. Each sequence goes on `step` after the last number
    that it has given: what the old server gave since the backup is not given again. Raises Refused
    and psycopg2's errors.
    """
    cursor.execute(tables.PLAIN)
    known = {table.name: table for table in tables.of(cursor)}
    keys, unsaid = tables.foreign_keys(cursor), tables.unsaid_defaults(cursor)
    closed = tables.closed(cursor)
    for name in closed:
        _grant(cursor, "GRANT TRUNCATE ON {} TO CURRENT_USER", name)
    _open_tables(cursor, known, keys, unsaid)
    with path.open("rb") as file:
        reader = RecordReader(SealedReader(file, passphrase))
        header, _ = _begin(reader)
        while reader.next_kind() is Kind.TABLE:
            _fill(cursor, reader, known)
        reader.expect_end()
    _set_sequences(cursor, header["sequences"], step)
    _close_tables(cursor, known, keys, unsaid)
    for name in closed:
        _grant(cursor, "REVOKE TRUNCATE ON {} FROM CURRENT_USER", name)


def _grant(cursor: Any, form: str, table: str) -> None:
    cursor.execute(sql.SQL(form).format(sql.Identifier(table)))


def _open_tables(
    cursor: Any,
    known: Iterable[str],
    keys: Iterable[tables.ForeignKey],
    unsaid: Iterable[tuple[str, str, str]],
) -> None:
    """Rows come in no order that foreign keys could be asked in, and none is news to a trigger."""
    names = sql.SQL(", ").join(map(sql.Identifier, (*known, "server_processes")))
    for name in known:
        _alter(cursor, name, "DISABLE TRIGGER USER")
    cursor.execute(sql.SQL("TRUNCATE {}").format(names))
    for key in keys:
        form = sql.SQL(f"ALTER TABLE {key.table} DROP CONSTRAINT {{}}")
        cursor.execute(form.format(sql.Identifier(key.name)))
    for table, column, _ in unsaid:
        _alter(cursor, table, "ALTER COLUMN {} DROP DEFAULT", column)


def _close_tables(
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


def _fill(cursor: Any, reader: RecordReader, known: dict[str, tables.Table]) -> None:
    told = reader.told(Kind.TABLE)
    table = tables.Table(told["name"], tuple(told["columns"]))
    if table != known.get(table.name):
        raise Refused(f"the backup's table {table.name} is not that of its revision")
    cursor.copy_expert(table.statement(_COPY), RowsReader(reader))
    if cursor.rowcount != reader.told(Kind.TABLE_END)["rows"]:
        raise Refused(CUT)


def _set_sequences(cursor: Any, last: dict[str, int], step: int) -> None:
    for name in tables.sequences(cursor):
        at = int(last.get(name, 0)) + step
        cursor.execute("SELECT setval(%s::regclass, %s)", [f'public."{name}"', at])
