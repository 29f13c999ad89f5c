"""An attacker who has the app's database role, and where root runs the stack its account.

What they try over a connection gives them nothing of the engines' account. What they leave in the
engines' directories, had they that account too, gives them nothing of root's.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.embedded import EmbeddedError, Services, accounts, start
from tests.app.embedded.embedded_clients import ROLES, acting_as, logs_in

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="else all of it is one account's")
APP = accounts.find_account("daemon") if os.geteuid() == 0 else None
FAST = {"MUSTER_EMBEDDED_FSYNC": "off"}
REFUSALS = ("ermission denied", "must be superuser", "access to library", "is not allowed")
HELD = "canary: root's"


@pytest.fixture(scope="module")
def area() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="muster-attacked-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def services(area: Path) -> Iterator[Services]:
    with start(area / "home", env=FAST, guest=APP) as running:
        yield running


def attempt(services: Services, *statements: str) -> str:
    uid = os.geteuid() if APP is None else APP.uid
    return acting_as(uid, services.database_url, *statements)


@as_root
def test_the_app_is_let_in_as_itself_alone(services: Services) -> None:
    assert APP is not None
    let_in = [role for role in (*ROLES, APP.name) if logs_in(APP.uid, services.database_url, role)]
    assert let_in == ["muster"]


def test_the_app_may_do_its_work(services: Services) -> None:
    assert attempt(services, "CREATE TABLE work (id int)", "DROP TABLE work") == ""


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO PROGRAM 'touch {planted}'",
        "CREATE TEMP TABLE said (line text); COPY said FROM PROGRAM 'id'",
        "COPY (SELECT 1) TO '{planted}'",
        "CREATE TEMP TABLE said (line text); COPY said FROM '/etc/passwd'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_export(lo_from_bytea(0, 'x'), '{planted}')",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER ROLE muster SUPERUSER",
        "ALTER ROLE muster CREATEROLE",
        "CREATE ROLE another SUPERUSER",
        "GRANT postgres TO muster",
        "GRANT pg_execute_server_program TO muster",
        "CREATE DATABASE another",
        "ALTER SYSTEM SET archive_command = 'touch {planted}'",
        "ALTER DATABASE muster SET session_preload_libraries = 'evil'",
        "LOAD '/tmp/evil.so'",
        "CREATE FUNCTION evil() RETURNS int LANGUAGE c AS '/tmp/evil.so'",
        "CREATE EXTENSION dblink",
        "SET session_replication_role = replica",
        "SELECT pg_reload_conf()",
    ],
)
def test_the_apps_role_gets_to_no_other_and_to_no_file(
    services: Services, area: Path, statement: str
) -> None:
    planted = area / "planted"
    refused = attempt(services, statement.format(planted=planted))
    assert any(why in refused for why in REFUSALS), refused
    assert not planted.exists()


@pytest.fixture
def home(area: Path) -> Iterator[Path]:
    """The home of engines that are at rest, in a copy."""
    copy = area / "copy"
    with start(copy, env=FAST, guest=APP):
        pass
    yield copy
    shutil.rmtree(copy)


@as_root
def test_links_in_the_engines_directories_lead_root_nowhere(home: Path, area: Path) -> None:
    """Whoever has the engines' account puts them there, and waits for a restart."""
    engines = (home / "valkey").stat()
    (file := area / "file").write_text(HELD)
    file.chmod(0o600)
    (directory := area / "directory").mkdir()
    for place, target in {
        "valkey/password": file,
        "valkey/password.new": file,
        "postgres/data/pg_hba.conf": file,
        "postgres/data/pg_hba.conf.new": file,
        "postgres/data/pg_ident.conf.new": file,
        "postgres/data/muster_roles": file,
        "postgres/data/postmaster.pid": file,
        "postgres/data/PG_VERSION": file,
        "postgres/socket": directory,
        "postgres/data": directory,
        "logs": directory,
    }.items():
        _plant(home / place, target, engines)
        with suppress(EmbeddedError):  # where the link itself would be used
            start(home, env=FAST, guest=APP).stop()
        assert (file.read_text(), file.stat().st_uid, file.stat().st_mode & 0o777) == (
            HELD,
            os.geteuid(),
            0o600,
        )
        assert list(directory.iterdir()) == []
        assert directory.stat().st_uid == os.geteuid()
        _clear(home / place)


def _plant(place: Path, target: Path, owner: os.stat_result) -> None:
    if place.exists():
        place.rename(place.with_name("aside"))
    place.symlink_to(target)
    os.lchown(place, owner.st_uid, owner.st_gid)


def _clear(place: Path) -> None:
    aside = place.with_name("aside")
    if aside.exists():
        if not place.is_symlink() and place.is_dir():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        aside.rename(place)
    elif place.is_symlink():
        place.unlink()


@as_root
def test_a_password_that_is_a_link_gives_nothing_of_roots_away(home: Path, area: Path) -> None:
    """What is read there becomes the app's address of Valkey."""
    (file := area / "secret").write_text("canary")
    (home / "valkey/password").unlink()
    (home / "valkey/password").symlink_to(file)
    with pytest.raises(EmbeddedError, match="valkey/password is a link"):
        start(home, env=FAST, guest=APP)
