"""A cluster of an earlier release, whose app role was the superuser, and its migration."""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest

import config
from app.embedded import EmbeddedError, cluster, roles, start
from app.extensions import db
from app.server_cli.backups import encryption, load, operations
from app.server_cli.backups.operations import RestoreOptions
from tests.app.embedded.embedded_clients import ROOT, query
from tests.app.server_cli import backup_world
from tests.conftest import MIGRATIONS, make_app

PASSPHRASE = "correct horse battery staple"
NO_VALKEY = "redis://127.0.0.1:1/0"
# Kinds of objects that Muster's own schema has none of, and a name that was free then.
MORE = """
CREATE SCHEMA more;
CREATE TABLE more."Odd name" (id serial, n int GENERATED ALWAYS AS IDENTITY, "größe" text);
CREATE TABLE more.parts (a int) PARTITION BY RANGE (a);
CREATE TABLE more.part PARTITION OF more.parts DEFAULT;
CREATE SEQUENCE more.free;
CREATE VIEW more.seen AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW more.kept AS SELECT 1 AS one;
CREATE TYPE more.mood AS ENUM ('well');
CREATE TYPE more.pair AS (a int, b int);
CREATE TYPE more.span AS RANGE (subtype = float8);
CREATE DOMAIN more.word AS text;
CREATE PROCEDURE more.act(int) LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE more.total(int) (sfunc = int4pl, stype = int);
CREATE STATISTICS more.told ON id, "größe" FROM more."Odd name";
CREATE ROLE postgres;
"""
# All objects of the superuser in the app's database, except those that initdb and extensions
# created.
STILL_THE_SUPERUSERS = """
SELECT pg_describe_object(classid, objid, 0) FROM (
SELECT 'pg_class'::regclass AS classid, oid AS objid, relowner, relnamespace FROM pg_class
UNION ALL SELECT 'pg_type'::regclass, oid, typowner, typnamespace FROM pg_type
UNION ALL SELECT 'pg_proc'::regclass, oid, proowner, pronamespace FROM pg_proc
UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner, oid FROM pg_namespace
UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxowner, stxnamespace FROM pg_statistic_ext
) AS every WHERE relowner = 10 AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
AND NOT EXISTS (SELECT FROM pg_depend AS d
    WHERE d.classid = every.classid AND d.objid = every.objid AND d.deptype IN ('e', 'i'))
"""
KILL = "COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID';"
# Starts, and is killed itself: when this method of the cluster's has run, or (`spawn`) while
# PostgreSQL's single-user mode is at work.
KILLED_AT = """
import os, signal, sys
from pathlib import Path
from app.embedded import processes, start
from app.embedded.cluster import Cluster
home, at = sys.argv[1:]
owner = processes if at == "spawn" else Cluster
real = getattr(owner, at)
def killing(*arguments):
    real(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, at, killing)
start(Path(home), redis_url="redis://127.0.0.1:1/0")
"""


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption.EncryptedWriter.__init__, "__defaults__", ((4, 1, 1),))


@pytest.fixture(scope="module")
def earlier(environment: dict[str, str]) -> Iterator[Path]:
    """A home as the release before has left it, with a row in each table, and its backup beside."""
    area = Path(tempfile.mkdtemp(prefix="embedded-"))
    area.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSTER_EMBEDDED_FSYNC", "off")
        patch.setattr(encryption.EncryptedWriter.__init__, "__defaults__", ((4, 1, 1),))
        before = [option.replace("=postgres", "=muster") for option in cluster.INITDB_OPTIONS]
        patch.setattr(cluster, "INITDB_OPTIONS", before)
        first = {"postgres": ("CREATE DATABASE muster",), "muster": ("CREATE EXTENSION pg_trgm",)}
        patch.setattr(cluster, "INITIAL_STATEMENTS", first)
        with start(area / "home", redis_url=NO_VALKEY) as services:
            _fill({**environment, "DATABASE_URL": services.database_url}, area / "backup")
    data = area / "home" / "postgres" / "data"
    (data / roles.VERSION_FILE).unlink()
    (data / "pg_hba.conf").write_text("local all all peer map=owners\n")
    yield area
    shutil.rmtree(area)


def _fill(environment: dict[str, str], backup: Path) -> None:
    app = make_app(environment)
    with app.app_context():
        flask_migrate.upgrade(str(MIGRATIONS))
        with db.engine.begin() as connection:
            backup_world.fill(connection)
            connection.exec_driver_sql(MORE)
        db.engine.dispose()
    keys = operations.get_keys(app.config)
    operations.create_backup(backup, PASSPHRASE, environment["DATABASE_URL"], keys)


@pytest.fixture
def old_home(earlier: Path, directory: Path) -> Path:
    subprocess.run(["cp", "-a", earlier / "home", directory / "home"], check=True)
    return directory / "home"


def check(url: str) -> None:
    """The app's role has its work and its rows, and the superuser is another."""
    rights = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin"
    rows = query(
        url,
        f"SELECT oid = 10, rolname, {rights} FROM pg_roles WHERE oid = 10 OR "
        "rolname = current_user ORDER BY 1",
    )
    assert rows == [
        (False, "muster", False, False, False, False, False, True),
        (True, "postgres", True, True, True, True, True, True),
    ]
    assert query(url, STILL_THE_SUPERUSERS) == []
    owners = "SELECT datname, datdba::regrole::text FROM pg_database ORDER BY 1"
    assert dict(query(url, owners))["muster"] == "muster"
    assert query(url, "SELECT rolname FROM pg_roles WHERE rolname ~ 'renaming'") == []
    assert query(url, "SELECT count(*) > 0 FROM audit_entries") == [(True,)]
    rights = "SELECT array_agg(has_table_privilege('audit_entries', r)) FROM unnest(%s) AS r"
    rights = rights.replace("%s", "ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE']")
    assert query(url, rights) == [([True, True, False, False, False],)]
    # What a migration, a restore and a removal do.
    query(url, "ALTER TABLE tasks ADD COLUMN later int; ALTER TABLE tasks DISABLE TRIGGER USER")
    query(url, "CREATE TABLE public.later (id int); DROP TABLE more.parts, public.later")
    query(url, "DROP SCHEMA more CASCADE")


def test_accounts_are_let_in_role_by_role() -> None:
    """An ordinary user is the engines' account and the app's: there is no boundary between."""
    assert roles.render_ident_map("me", ["me", "root"]) == (
        'superuser "me" postgres\napp "me" muster\napp "root" muster\n'
    )


def test_a_cluster_of_an_earlier_release_gets_todays_roles_once(
    old_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start(old_home, redis_url=NO_VALKEY) as services:
        check(services.database_url)
    monkeypatch.setattr(roles, "migration_statement", lambda: pytest.fail("moved again"))
    start(old_home, redis_url=NO_VALKEY).stop()


def test_without_its_mark_nothing_changes_any_more(old_home: Path) -> None:
    """As after a backup of files that left it out."""
    start(old_home, redis_url=NO_VALKEY).stop()
    (old_home / "postgres" / "data" / roles.VERSION_FILE).unlink()
    with start(old_home, redis_url=NO_VALKEY) as services:
        check(services.database_url)


def test_killed_before_and_after_each_step_it_is_done_by_the_next_start(
    old_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = roles.migration_statement
    for number in range(len(roles.MIGRATION_STEPS) + 1):
        steps = (*roles.MIGRATION_STEPS[:number], KILL, *roles.MIGRATION_STEPS[number:])
        monkeypatch.setattr(roles, "migration_statement", lambda steps=steps: real(steps))
        with pytest.raises(EmbeddedError, match="postgres --single failed"):
            start(old_home, redis_url=NO_VALKEY)
        assert not (old_home / "postgres" / "data" / roles.VERSION_FILE).exists()
    monkeypatch.undo()
    with start(old_home, redis_url=NO_VALKEY) as services:
        check(services.database_url)


@pytest.mark.parametrize("at", ["spawn", "_execute", "_migrate_roles", "_write_auth_files"])
def test_killed_itself_it_is_done_by_the_next_start(old_home: Path, at: str) -> None:
    command = [sys.executable, "-c", KILLED_AT, str(old_home), at]
    done = subprocess.run(command, cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    with start(old_home, redis_url=NO_VALKEY) as services:
        check(services.database_url)


def test_its_sessions_were_killed_as_well(old_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL has a log to replay when the roles are changed."""
    with monkeypatch.context() as patch:
        patch.setattr(cluster.Cluster, "_migrate_roles", lambda *_: None)
        services = start(old_home, redis_url=NO_VALKEY)
        query(services.database_url, "CREATE TABLE public.late AS SELECT 1 AS one")
        services.processes["postgres"].kill()
        services.stop()
    with start(old_home, redis_url=NO_VALKEY) as services:
        assert query(services.database_url, "SELECT one FROM public.late") == [(1,)]
        check(services.database_url)


def test_a_backup_of_an_earlier_release_is_restored_under_the_new_roles(
    earlier: Path, new_home: Path, environment: dict[str, str]
) -> None:
    with start(new_home, redis_url=NO_VALKEY) as services:
        settings: dict[str, Any] = config.load(
            {**environment, "DATABASE_URL": services.database_url}
        )
        backup = earlier / "backup"
        whole = load.check_backup(backup, PASSPHRASE)
        operations.restore_backup(backup, PASSPHRASE, settings, whole, RestoreOptions())
        query(services.database_url, MORE.replace("CREATE ROLE postgres;", ""))
        check(services.database_url)
