"""A restore that is killed at any time has done everything or nothing, and the next one works."""

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import config
from app.server_cli.backups import encryption, load, operations
from app.server_cli.backups.operations import RestoreOptions
from tests.app.server_cli import backup_world
from tests.gunicorns import ROOT

PASSPHRASE = "correct horse battery staple"
KILLS = 3
ROWS = 20_000  # of one table, so that loading takes time
MAX_DELAY_SECONDS = 0.6  # seconds; a restore takes about half of that
NOTHING, ALL = (0, 0), (1, ROWS + 1)  # one more: that it was restored
COLUMNS = "at, actor_name, action, target_type, target_id"

Settings = dict[str, Any]


@pytest.fixture
def settings_of(
    environment: dict[str, str], new_database: Callable[..., str]
) -> Callable[[str], Settings]:
    return lambda name: config.load({**environment, "DATABASE_URL": new_database(name)})


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption.EncryptedWriter.__init__, "__defaults__", ((4, 1, 1),))


@pytest.fixture
def file(settings_of: Callable[[str], Settings], tmp_path: Path) -> Path:
    """A backup that takes some tenths of a second to load."""
    full = settings_of("muster_backed_up")
    with open_backup(full) as connection, connection.begin():
        backup_world.fill(connection)
        many = f"SELECT {COLUMNS} FROM audit_entries, generate_series(2, {ROWS})"
        connection.execute(sa.text(f"INSERT INTO audit_entries ({COLUMNS}) {many}"))
    made = tmp_path / "backup"
    operations.create_backup(
        made, PASSPHRASE, full["SQLALCHEMY_DATABASE_URI"], operations.get_keys(full)
    )
    return made


def open_backup(settings: Settings) -> sa.Connection:
    uri = settings["SQLALCHEMY_DATABASE_URI"]
    return sa.create_engine(uri, poolclass=sa.NullPool).connect()


def counts(settings: Settings) -> tuple[int, ...]:
    """The rows of a small table and of the large one."""
    names = ("developers", "audit_entries")
    with open_backup(settings) as connection:
        return tuple(
            int(connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0) for name in names
        )


RESTORING = """
import sys
from pathlib import Path
import config
from app.server_cli.backups import load, operations
file, passphrase = Path(sys.argv[1]), sys.argv[2]
whole = load.check_backup(file, passphrase)
say = lambda line: print(line, flush=True)
how = operations.RestoreOptions(replace=True)
operations.restore_backup(file, passphrase, config.load(), whole, how, say)
"""


def kill_during_load(file: Path, env: dict[str, str]) -> None:
    command = [sys.executable, "-c", RESTORING, str(file), PASSPHRASE]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        while not (line := child.stdout.readline()).startswith("loading"):
            assert line
        # It may finish within that time; else it dies while rows are being loaded.
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(random.uniform(0.0, MAX_DELAY_SECONDS))
        child.kill()


def test_one_that_is_killed_has_done_all_or_nothing_and_the_next_one_works(
    file: Path, environment: dict[str, str], new_database: Callable[..., str]
) -> None:
    env = {**os.environ, **environment, "DATABASE_URL": new_database("muster_restored")}
    target = config.load(env)
    whole = load.check_backup(file, PASSPHRASE)
    assert counts(target) == NOTHING
    allowed = {NOTHING, ALL}
    for _ in range(KILLS):
        kill_during_load(file, env)
        # The database's server may still be running the last statement: this waits for it.
        found = counts(target)
        assert found in allowed
        allowed &= {found, ALL}  # the old rows stay until all new ones are there
    operations.restore_backup(file, PASSPHRASE, target, whole, RestoreOptions(replace=True))
    assert counts(target) == ALL
