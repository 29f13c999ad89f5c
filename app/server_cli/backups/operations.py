"""Back up and restore: between a file and a database's URL."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy.engine import make_url

import config
from app.server_cli.backups import after_restore, atomic_file, dump, load, schema, tables
from app.server_cli.backups.encryption import EncryptedWriter
from app.server_cli.backups.errors import BackupError
from app.server_cli.backups.load import Contents
from app.server_cli.backups.records import RecordWriter

ReportLine = Callable[[str], None]


@dataclass(frozen=True)
class RestoreOptions:
    """`replace`: delete the database's rows. `keep_logins`: keep existing sessions. `step`: how
    many numbers of each sequence to skip.
    """

    replace: bool = False
    keep_logins: bool = False
    step: int = after_restore.SEQUENCE_STEP


def create_backup(file: Path, passphrase: str, url: str, keys: Mapping[str, str]) -> dict[str, Any]:
    """Back up the database and the keys. Returns the header. Raises BackupError, psycopg2's errors
    and OSError; then no file exists.
    """
    with atomic_file.create_atomically(file) as out, connect(url) as connection:
        stream = EncryptedWriter(out, passphrase)
        header = dump.dump_database(connection, RecordWriter(stream), dict(keys))
        stream.finish()
    return header


def restore_backup(
    file: Path,
    passphrase: str,
    settings: dict[str, Any],
    whole: Contents,
    how: RestoreOptions,
    say: ReportLine = lambda _: None,
) -> None:
    """Fill the database of the settings with the backup, checked as `whole`, and prepare it for a
    server. All or nothing: after an interruption, run it again.

    Raises BackupError and psycopg2's errors.
    """
    revision = whole.header["revision"]
    with connect(settings["SQLALCHEMY_DATABASE_URI"]) as connection:
        with connection.cursor() as cursor:
            now_at = tables.read_revision(cursor)
            schema.require_known(revision, now_at)
            load.require_empty(cursor, replace=how.replace)
        connection.rollback()
        say(f"creating the tables of schema {revision}")
        schema.migrate(settings, now_at, revision)
        say(f"loading {sum(whole.rows.values())} rows of {len(whole.rows)} tables")
        with connection.cursor() as cursor:
            load.require_empty(cursor, replace=how.replace)
            load.load_database(cursor, file, passphrase, how.step)
            now = datetime.now(UTC)
            after_restore.prepare_restored_rows(
                cursor, whole.header["madeAt"], now, keep_logins=how.keep_logins
            )
        connection.commit()
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    schema.migrate(settings, revision, schema.newest_revision())


@contextmanager
def connect(url: str) -> Iterator[Any]:
    """Return a psycopg2 connection to the database; both forms of its URL work."""
    plain = make_url(url).set(drivername="postgresql")
    connection = psycopg2.connect(plain.render_as_string(hide_password=False))
    try:
        yield connection
    finally:
        connection.close()


def get_keys(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return a server's keys by the names of their environment variables."""
    found = {name: settings[name] for name in config.SIGNING}
    found["ENCRYPTION_KEYS"] = ",".join(settings["ENCRYPTION_KEYS"])
    if settings["METRICS_TOKEN"]:
        found[config.SCRAPE_TOKEN] = settings["METRICS_TOKEN"]
    return found


def write_keys(path: Path, keys: Mapping[str, str]) -> None:
    """Write keys as a file of environment variables that only its owner can read. Raises
    BackupError if the file exists with other content.
    """
    lines = [f"{name}={value}\n" for name, value in keys.items()]
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        if path.read_text() == "".join(lines):
            return
        raise BackupError(f"{path} already exists: choose another file for the keys") from None
    with open(descriptor, "w") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
