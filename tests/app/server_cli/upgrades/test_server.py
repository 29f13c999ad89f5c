"""Queries of an installed server's processes, and when they count as healthy."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.server_cli.installation import settings, systemd
from app.server_cli.installation.local_server import Server
from app.server_cli.installation.paths import InstallationPaths
from app.server_cli.installation.units import ENGINES
from app.server_cli.local.errors import OperateError
from app.server_cli.upgrades import server as module
from app.server_cli.upgrades.releases import Release
from app.server_cli.upgrades.server import InstalledServer, ProcessUnhealthy, ReleaseCommandFailed

RELEASE = Release("0.2.0", sys.executable)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InstalledServer:
    monkeypatch.setattr(systemd, "call_systemctl", lambda *_: "")
    monkeypatch.setattr(module, "POLL_SECONDS", 0.0)
    places = InstallationPaths(tmp_path / "muster.env", tmp_path / "home", tmp_path, is_user=True)
    return InstalledServer(Server({"MUSTER_HOME": str(tmp_path)}, places))


Have = Callable[..., None]


@pytest.fixture
def have(installed: InstalledServer, monkeypatch: pytest.MonkeyPatch) -> Have:
    """The PIDs of its main process, and whether it works, at each check."""

    def made(numbers: list[int], works: list[bool]) -> None:
        seen: Iterator[int] = iter(numbers)
        found: Iterator[bool] = iter(works)
        monkeypatch.setattr(InstalledServer, "main_pid", lambda *_: next(seen))
        monkeypatch.setattr(InstalledServer, "_is_working", lambda *_: next(found))

    return made


def test_a_process_is_well_when_it_gives_a_sign(installed: InstalledServer, have: Have) -> None:
    have([7, 7, 7], [False, False, True])
    installed.restart("beat", RELEASE)


@pytest.mark.parametrize("numbers", [[0], [7, 0], [7, 7, 8]])
def test_one_that_has_ended_is_not_waited_for(
    numbers: list[int], installed: InstalledServer, have: Have
) -> None:
    have(numbers, [False] * 3)
    with pytest.raises(ProcessUnhealthy, match=r"muster-beat\.service of 0\.2\.0 exited"):
        installed.restart("beat", RELEASE)


def test_one_that_gives_no_sign_is_not_waited_for_for_ever(
    installed: InstalledServer, have: Have, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RESTART_TIMEOUT_SECONDS", -1.0)
    have([7, 7], [False])
    with pytest.raises(ProcessUnhealthy, match="still isn't working after"):
        installed.restart("beat", RELEASE)


def program(place: Path, lines: str) -> Release:
    """A Python of a release that does only this."""
    (path := place / "python").write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return Release("0.2.0", str(path))


@pytest.fixture
def addressed(installed: InstalledServer) -> InstalledServer:
    installed.settings = {"SQLALCHEMY_DATABASE_URI": "postgresql://", "REDIS_URL": "redis://"}
    return installed


LOCKED = "(psycopg2.errors.LockNotAvailable) annulation de la requête"


def test_a_migration_that_waited_for_a_table_is_tried_again_whatever_language_is_spoken(
    addressed: InstalledServer, tmp_path: Path
) -> None:
    runs = f"echo x >> {tmp_path}/runs; test $(wc -l < {tmp_path}/runs) -lt 3 || exit 0"
    addressed.migrate(program(tmp_path, f"{runs}; echo '{LOCKED}' >&2; seq 50 >&2; exit 1"))
    assert (tmp_path / "runs").read_text() == "x\n" * 3


def test_one_that_does_not_work_is_not(addressed: InstalledServer, tmp_path: Path) -> None:
    made = program(tmp_path, f"echo x >> {tmp_path}/runs; echo 'division by zero'; exit 1")
    with pytest.raises(
        ReleaseCommandFailed, match=r"`migrate` of 0\.2\.0 failed:\ndivision by zero"
    ):
        addressed.migrate(made)
    assert (tmp_path / "runs").read_text() == "x\n"


def test_a_release_whose_python_is_gone_is_unable(installed: InstalledServer) -> None:
    with pytest.raises(ReleaseCommandFailed, match=r"`units` of 0\.2\.0 failed: .*No such file"):
        installed.write_units(Release("0.2.0", "/gone/bin/python"))


def test_what_else_is_set_stays_beside_the_revisions_to_leave_alone(
    installed: InstalledServer,
) -> None:
    settings.write_settings(installed.paths.settings, {"MUSTER_PORT": "9000"})
    installed.allow_ahead(["0055", "0056"])
    assert settings.read_settings(installed.paths.settings) == {
        "MUSTER_PORT": "9000",
        "MUSTER_SCHEMA_AHEAD": "0055,0056",
    }
    installed.allow_ahead([])
    assert "MUSTER_SCHEMA_AHEAD" not in settings.read_settings(installed.paths.settings)


@pytest.mark.parametrize("output", ["", "[]", "1", "{}", '{"version": 1}', "no json"])
def test_a_release_that_does_not_say_what_it_is_is_unable(
    output: str, installed: InstalledServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed, "_run_release_command", lambda *_, **__: output)
    with pytest.raises(ReleaseCommandFailed, match="doesn't report its version"):
        installed.check(RELEASE)


def test_what_it_says_to_be_writes_no_escapes(
    installed: InstalledServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = 'more\n{"version": "\\u001b[2J0.2.0", "schema": "0056"}'
    monkeypatch.setattr(installed, "_run_release_command", lambda *_, **__: output)
    assert installed.check(RELEASE) == {"version": "[2J0.2.0", "schema": "0056"}


def test_units_are_written_where_no_engines_have_left_their_addresses(
    installed: InstalledServer,
) -> None:
    with pytest.raises(OperateError, match="must run during"):
        installed.settings.keys()
    arguments_file = installed.paths.settings.with_name("told")
    installed.write_units(program(installed.paths.settings.parent, f"echo $* > {arguments_file}"))
    assert (
        arguments_file.read_text()
        == "-P -m app.server_cli.upgrades.release_commands units --user\n"
    )


@pytest.mark.parametrize(
    ("state", "called"),
    [
        ("active", []),
        ("failed", ["reset-failed", "start"]),
        ("inactive", ["reset-failed", "start"]),
    ],
)
def test_engines_that_have_ended_are_started_before_they_are_asked_where_they_are(
    state: str, called: list[str], installed: InstalledServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, ...]] = []
    monkeypatch.setattr(systemd, "unit_states", lambda _, names: dict.fromkeys(names, state))
    monkeypatch.setattr(systemd, "call_systemctl", lambda _, *words: done.append(words))
    installed.start_engines()
    assert done == []  # the database is another host's
    (installed.paths.units / ENGINES).touch()
    installed.settings = {"REDIS_URL": "redis://of-before"}
    installed.start_engines()
    assert done == [(word, ENGINES) for word in called]
    assert ("settings" in vars(installed)) is (state == "active")


def test_it_runs_the_release_whose_python_it_is(
    installed: InstalledServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(InstalledServer, "main_pid", lambda *_: os.getpid())
    first = Path("/proc/self/cmdline").read_bytes().split(b"\0")[0].decode()
    assert installed.is_running("beat", Release("0.2.0", str(Path(first).with_name("python3"))))
    assert not installed.is_running("beat", Release("0.1.0", str(tmp_path / "bin" / "python")))
