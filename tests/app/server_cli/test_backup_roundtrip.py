"""A backup has every table of a server, which is restored from it elsewhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import config
from app.extensions import db
from app.server_cli.backups import encryption, load, operations
from app.server_cli.backups.errors import BackupError
from app.server_cli.backups.operations import RestoreOptions
from app.server_cli.backups.records import RecordKind, RecordWriter
from app.server_cli.backups.tables import EXCLUDED_TABLES
from tests.app.server_cli import backup_world

PASSPHRASE = "correct horse battery staple"
# The differences after a restore: `after_restore`.
OTHERWISE = {
    "audit_entries": {"*"},
    "audit_stream_entries": {"*"},
    "audit_streams": {"numbered", "sent", "leased_until"},
    "deliveries": {"state", "leased_until", "done_at", "error"},
    "developers": {"device_generation"},
    "enrollment_tokens": {"revoked_at"},
    "invitations": {"withdrawn_at"},
    "logins": {"ended_at"},
    "machines": {"connected", "status", "is_expected"},
    "outbox": {"expanded_at"},
    "server_identity": {"restored_at", "machines_expected_until", "attempts_from"},
    "shells": {"wanted_until"},
    "terminals": {"wanted_until"},
    "tunnels": {"number", "state"},
    "channel_tokens": {"*"},
}

Settings = dict[str, Any]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption.EncryptedWriter.__init__, "__defaults__", ((4, 1, 1),))


@pytest.fixture
def settings_of(
    environment: dict[str, str], new_database: Callable[..., str]
) -> Callable[..., Settings]:
    def make(name: str, *, migrated: bool = True) -> Settings:
        return config.load({**environment, "DATABASE_URL": new_database(name, migrated=migrated)})

    return make


@pytest.fixture
def full(settings_of: Callable[..., Settings]) -> Settings:
    """A server's settings, with a row in each table of its database."""
    settings = settings_of("muster_backed_up")
    with restore_backup(settings) as connection, connection.begin():
        backup_world.fill(connection)
    return settings


def restore_backup(settings: Settings) -> sa.Connection:
    uri = settings["SQLALCHEMY_DATABASE_URI"]
    return sa.create_engine(uri, poolclass=sa.NullPool).connect()


def rows(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """All that the database has, by its tables."""
    with restore_backup(settings) as connection:
        return {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings().all()]
            for table in db.metadata.sorted_tables
        }


def recreate(full: Settings, target: Settings, file: Path, **how: Any) -> None:
    operations.create_backup(
        file, PASSPHRASE, full["SQLALCHEMY_DATABASE_URI"], operations.get_keys(full)
    )
    whole = load.check_backup(file, PASSPHRASE)
    assert whole.keys == operations.get_keys(full)
    operations.restore_backup(file, PASSPHRASE, target, whole, RestoreOptions(**how))


@pytest.mark.parametrize("migrated", [True, False], ids=["of our schema", "without any"])
def test_each_table_is_made_again_in_an_empty_database(
    full: Settings, settings_of: Callable[..., Settings], tmp_path: Path, migrated: bool
) -> None:
    before = rows(full)
    assert [name for name, found in before.items() if not found] == []
    target = settings_of("muster_restored", migrated=migrated)
    recreate(full, target, tmp_path / "backup")
    assert constraints(target) == constraints(full)
    after = rows(target)
    for name, found in before.items():
        if name in EXCLUDED_TABLES:
            assert after[name] == []
            continue
        but = OTHERWISE.get(name, set()) | {"xid"}
        if "*" not in but:
            assert without_columns(after[name], but) == without_columns(found, but), name
    with restore_backup(target) as connection:
        new = connection.scalar(sa.text("SELECT nextval(pg_get_serial_sequence('tasks', 'id'))"))
    assert new > before["tasks"][0]["id"] + 9_000  # no number is given twice


def without_columns(found: list[dict[str, Any]], but: set[str]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in but} for row in found]


def constraints(settings: Settings) -> list[tuple[Any, ...]]:
    query = """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger
        WHERE NOT tgisinternal
        UNION ALL SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attrdef AS d JOIN pg_class AS c ON c.oid = d.adrelid
        JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        ORDER BY 1, 2, 3
    """
    with restore_backup(settings) as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_it_is_one_snapshot_whatever_is_committed_meanwhile(
    full: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say, seen = RecordWriter.write, load_counts(full)

    def and_write(self: RecordWriter, kind: RecordKind, content: dict[str, Any]) -> None:
        say(self, kind, content)
        if kind is RecordKind.TABLE and content["name"] in ("attempts", "settings"):
            with restore_backup(full) as connection, connection.begin():
                for table in (
                    "audit_entries",
                    "task_status_changes",
                ):  # one of before, one of after
                    columns = {"audit_entries": AUDIT, "task_status_changes": "project_id"}[table]
                    rows = f"SELECT {columns} FROM {table} LIMIT 1"
                    connection.execute(sa.text(f"INSERT INTO {table} ({columns}) {rows}"))

    monkeypatch.setattr(RecordWriter, "write", and_write)
    file = tmp_path / "backup"
    operations.create_backup(
        file, PASSPHRASE, full["SQLALCHEMY_DATABASE_URI"], operations.get_keys(full)
    )
    assert load.check_backup(file, PASSPHRASE).rows == {
        name: count for name, count in seen.items() if name not in EXCLUDED_TABLES
    }
    assert load_counts(full)["task_status_changes"] == seen["task_status_changes"] + 2


AUDIT = "at, actor_name, action, target_type, target_id"


def load_counts(settings: Settings) -> dict[str, int]:
    return {name: len(found) for name, found in rows(settings).items()}


def test_two_of_one_backup_give_attempts_different_numbers(
    full: Settings, settings_of: Callable[..., Settings], tmp_path: Path
) -> None:
    first, second = settings_of("muster_restored"), settings_of("muster_restored_again")
    recreate(full, first, tmp_path / "backup")
    recreate(first, second, tmp_path / "of the restored one")
    given = [rows(each)["server_identity"][0]["attempts_from"] for each in (full, first, second)]
    assert given == sorted(set(given))


def test_what_has_accounts_is_replaced_only_where_that_is_said(
    full: Settings, settings_of: Callable[..., Settings], tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    with pytest.raises(BackupError, match="isn't empty"):
        recreate(full, full, file)
    operations.restore_backup(
        file, PASSPHRASE, full, load.check_backup(file, PASSPHRASE), RestoreOptions(replace=True)
    )
    assert rows(full)["developers"]


def test_a_database_that_a_server_runs_on_is_left_alone(full: Settings, tmp_path: Path) -> None:
    with restore_backup(full) as connection, connection.begin():
        connection.execute(sa.text("UPDATE server_processes SET seen_at = now()"))
    with pytest.raises(BackupError, match="a server uses this database"):
        recreate(full, full, tmp_path / "backup", replace=True)


def test_nothing_is_there_of_one_that_fails(
    full: Settings, settings_of: Callable[..., Settings], tmp_path: Path
) -> None:
    target = settings_of("muster_restored")
    with restore_backup(target) as connection, connection.begin():
        connection.execute(sa.text("ALTER TABLE tasks ADD CHECK (description = '')"))
    with pytest.raises(Exception, match="violates check"):
        recreate(full, target, tmp_path / "backup")
    assert {name: found for name, found in rows(target).items() if found} == {}
