"""Under root, gunicorn, Celery and beat run as an account without rights, where it gets to them."""

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.embedded import EmbeddedError, accounts, ports, server_account
from app.embedded.commands import stack_commands
from app.embedded.server_account import AccountChoice, choose_server_account
from app.embedded.stack import ROOT, Stack
from tests.app.embedded.embedded_clients import eventually
from tests.app.embedded.stack_stand_ins import WEB, python, table

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up being root")
DAEMON = accounts.find_account("daemon")
# Of the system: every user of the machine can run it.
SYSTEMS = "/usr/bin/python3"
# Says hello to PostgreSQL as its user `muster`, and prints the result: R is the welcome.
HELLO = """
import socket, struct, sys
said = b"user\\0muster\\0database\\0muster\\0\\0"
connection = socket.socket(socket.AF_UNIX)
try:
    connection.connect(sys.argv[1])
    connection.sendall(struct.pack("!ii", 8 + len(said), 196608) + said)
    print(connection.recv(1).decode())
except PermissionError:
    print("closed")
"""
# Writes in beat's directory, and prints its home.
BEAT = """
import os, pathlib, signal
schedule = pathlib.Path(os.environ["MUSTER_HOME"], "beat", "schedule")
schedule.write_text(os.environ["HOME"])
while True:
    signal.pause()
"""


@pytest.fixture
def open_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if we ran on the system's own Python, and needed none of its packages."""
    monkeypatch.setattr(sys, "executable", SYSTEMS)
    for name in ("prefix", "base_prefix"):
        monkeypatch.setattr(sys, name, "/usr")
    monkeypatch.setattr(server_account, "PACKAGES", "json")


@pytest.fixture
def tree(directory: Path) -> Path:
    made = directory / "tree"
    made.mkdir()
    (made / "wsgi.py").touch()
    return made


def test_an_ordinary_user_runs_everything(
    tree: Path, new_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert choose_server_account(new_home, tree, 9000, {"MUSTER_USER": "daemon"}) == AccountChoice()


@as_root
@pytest.mark.usefixtures("open_python")
def test_root_runs_them_as_another_user(tree: Path, new_home: Path) -> None:
    assert choose_server_account(new_home, tree, 9000, {}) == AccountChoice(
        accounts.find_first(server_account.DEFAULT_ACCOUNTS)
    )
    named = choose_server_account(new_home, tree, 9000, {"MUSTER_USER": "daemon"})
    assert named == AccountChoice(DAEMON)
    assert choose_server_account(new_home, tree, 9000, {"MUSTER_USER": "root"}) == AccountChoice()
    with pytest.raises(EmbeddedError, match="MUSTER_USER is 'no-such-user'"):
        choose_server_account(new_home, tree, 9000, {"MUSTER_USER": "no-such-user"})


@as_root
@pytest.mark.usefixtures("open_python")
def test_no_user_who_runs_an_engine_is_named_for_the_app(tree: Path, new_home: Path) -> None:
    env = {"MUSTER_USER": "nobody"}
    for own in ({}, {"DATABASE_URL": "x"}, {"REDIS_URL": "x"}):
        with pytest.raises(EmbeddedError, match="is 'nobody', who runs PostgreSQL or Valkey"):
            choose_server_account(new_home, tree, 9000, env | own)
    elsewhere = choose_server_account(
        new_home, tree, 9000, env | {"DATABASE_URL": "x", "REDIS_URL": "x"}
    )
    assert elsewhere == AccountChoice(accounts.find_account("nobody"))


@as_root
@pytest.mark.usefixtures("open_python")
@pytest.mark.parametrize("engine", ["postgres", "valkey"])
def test_the_app_runs_as_another_user_than_the_engines_of_its_home(
    engine: str, tree: Path, new_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DAEMON is not None
    (new_home / engine).mkdir(parents=True)
    os.chown(new_home / engine, DAEMON.uid, DAEMON.gid)
    monkeypatch.setattr(server_account, "DEFAULT_ACCOUNTS", ("daemon", "nobody"))
    other = choose_server_account(
        new_home, tree, 9000, {"DATABASE_URL" if engine == "valkey" else "REDIS_URL": "x"}
    )
    assert other == AccountChoice(accounts.find_account("nobody"))
    monkeypatch.setattr(server_account, "DEFAULT_ACCOUNTS", ("daemon",))
    shared = choose_server_account(new_home, tree, 9000, {})
    assert shared.account == DAEMON
    assert "run as daemon, which also runs PostgreSQL or Valkey" in shared.startup_line


@as_root
@pytest.mark.usefixtures("open_python")
def test_an_engine_s_user_is_better_than_root(
    tree: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DAEMON is not None
    (closed := directory / "closed").mkdir(mode=0o700)
    (closed / "postgres").mkdir()
    for each in (closed, closed / "postgres"):
        os.chown(each, DAEMON.uid, DAEMON.gid)
    monkeypatch.setattr(server_account, "DEFAULT_ACCOUNTS", ("daemon", "nobody"))
    assert choose_server_account(closed, tree, 9000, {"REDIS_URL": "x"}).account == DAEMON


@as_root
@pytest.mark.usefixtures("open_python")
def test_what_is_closed_is_named_and_they_stay_root(
    tree: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    (closed / "tree").mkdir()
    key = tree / "key.pem"
    key.touch(mode=0o600)
    env = {"MUSTER_USER": "daemon"}

    def explain_choice(home: Path, root: Path, **more: str) -> str:
        choice = choose_server_account(home, root, 9000, env | more)
        assert choice.account is None
        assert choice.startup_line == f"gunicorn, Celery and beat stay root: {choice.warning}"
        return choice.warning

    assert explain_choice(directory / "home", closed / "tree") == f"daemon can't enter {closed}"
    assert explain_choice(closed / "home", tree) == f"daemon can't enter {closed}"
    assert (
        explain_choice(directory / "home", tree, MUSTER_TLS_KEY=str(key))
        == f"daemon can't read {key}"
    )
    monkeypatch.setattr(server_account, "PACKAGES", "json no_such_package")
    assert explain_choice(directory / "home", tree) == "daemon can't read no_such_package"
    (directory / "python").touch(mode=0o700)
    monkeypatch.setattr(sys, "executable", str(directory / "python"))
    assert explain_choice(directory / "home", tree) == f"daemon can't run {directory / 'python'}"


def owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def hello(user: str, socket: Path) -> str:
    account = accounts.find_account(user)
    ids: dict[str, Any] = {}
    if account is not None:
        ids = {"user": account.uid, "group": account.gid, "extra_groups": []}
    argv = [SYSTEMS, "-I", "-c", HELLO, str(socket)]
    return subprocess.run(argv, capture_output=True, text=True, check=True, **ids).stdout.strip()


@as_root
def test_a_stack_gives_them_what_they_need_and_nothing_of_the_rest(
    new_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DAEMON is not None
    monkeypatch.setattr(server_account, "choose_server_account", lambda *_: AccountChoice(DAEMON))
    stand_ins = table()(new_home).processes
    web = replace(stand_ins["gunicorn"], argv=(SYSTEMS, *python(WEB)[1:]), serves=True)
    beat = replace(web, argv=(SYSTEMS, *python(BEAT)[1:]))
    with Stack(
        new_home, ports.find_free_port(), {}, table=table(gunicorn=web, beat=beat)
    ) as running:
        uids = {name: owner_of(child.pid) for name, child in running.processes.items()}
        assert (uids["gunicorn"], uids["celery"]) == (DAEMON.uid, 0)
        assert uids["postgres"] not in (0, DAEMON.uid)
        (place,) = parse_qs(urlsplit(running.env["DATABASE_URL"]).query)["host"]
        socket = Path(place) / ".s.PGSQL.5432"
        assert {user: hello(user, socket) for user in ("root", "daemon", "www-data")} == {
            "root": "R",
            "daemon": "R",
            "www-data": "closed",
        }
        assert eventually(lambda: (new_home / "beat" / "schedule").exists())
        assert (new_home / "beat" / "schedule").read_text() == "/nonexistent"
        for kept in ("secrets.json", "services.json"):
            status = (new_home / kept).stat()
            assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (0, 0o600)
    for name in ("metrics", "beat"):
        status = (new_home / name).stat()
        assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (DAEMON.uid, 0o700)


def test_the_real_commands_that_serve_are_all_of_them() -> None:
    assert all(command.serves for command in stack_commands(ROOT).processes.values())
