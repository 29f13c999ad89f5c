"""A backup of another account's home, as root: the account does the work in it."""

import os
import pwd
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from app.embedded import directories, keys
from app.embedded.accounts import Account
from app.embedded.stack import ROOT
from app.server_cli.backups import other_account, target
from app.server_cli.backups.errors import BackupError
from app.server_cli.installation.local_server import Server

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
NOBODY = pwd.getpwnam("nobody")


# In place of the engines, where others cannot enter this repository's Python.
STAND_IN = """
trap 'rm "$MUSTER_HOME/services.json"; exit 0' TERM
id -u > "$MUSTER_HOME/whose"
echo '{"DATABASE_URL": "postgresql://there"}' > "$MUSTER_HOME/services.json"
while :; do sleep 0.1; done
"""
# Like a taken-over server, which writes where links lead.
TRAPPED = 'for each in lock logs; do echo theirs > "$MUSTER_HOME/$each" || exit 1; done'
KEYS = {name: make() for name, make in keys.GENERATORS.items()}


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as area:
        os.chmod(area, 0o755)
        made = Path(area) / "home"
        made.mkdir(0o700)
        os.chown(made, NOBODY.pw_uid, NOBODY.pw_gid)
        yield made


def make_server(home: Path) -> Server:
    return Server({"MUSTER_HOME": str(home)}, None)


def test_the_database_runs_as_the_account_and_ends_with_the_backup(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_account, "ENGINES_COMMAND", ("/bin/sh", "-c", STAND_IN))
    with target.restore_settings(make_server(home), KEYS) as settings:
        assert settings["SQLALCHEMY_DATABASE_URI"].endswith("//there")
    assert (home / "whose").read_text() == f"{NOBODY.pw_uid}\n"
    assert {path.name: path.lstat().st_uid for path in home.iterdir()} == {"whose": NOBODY.pw_uid}


def test_root_gets_into_the_database_of_the_account(home: Path) -> None:
    who = Account("nobody", NOBODY.pw_uid, NOBODY.pw_gid)
    if not all(directories.can_enter(place, who) for place in (ROOT, Path(sys.base_prefix))):
        pytest.skip("others cannot enter this repository, or its Python")
    with target.restore_settings(make_server(home), KEYS) as settings:
        url = make_url(settings["SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql")
        psycopg2.connect(url.render_as_string(hide_password=False)).close()
    assert {path.lstat().st_uid for path in home.rglob("*")} == {NOBODY.pw_uid}


def test_links_in_the_home_lead_root_nowhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_account, "ENGINES_COMMAND", ("/bin/sh", "-c", TRAPPED))
    (file := home.parent / "file").write_text("root's")
    (directory := home.parent / "directory").mkdir(0o755)
    (home / "lock").symlink_to(file)
    (home / "logs").symlink_to(directory)
    with (
        pytest.raises(BackupError, match="didn't start"),
        target.restore_settings(make_server(home), KEYS),
    ):
        pass
    assert file.read_text() == "root's"
    assert (stat.S_IMODE(directory.stat().st_mode), list(directory.iterdir())) == (0o755, [])


def test_the_keys_that_root_restores_are_the_accounts(home: Path) -> None:
    for _ in ("new", "in place of others"):
        target.store_keys(home, {name: make() for name, make in keys.GENERATORS.items()})
    assert os.geteuid() == 0
    owners = {path.name: path.lstat().st_uid for path in home.iterdir()}
    assert owners == dict.fromkeys(("secrets.json", "secrets.json.before"), NOBODY.pw_uid)
