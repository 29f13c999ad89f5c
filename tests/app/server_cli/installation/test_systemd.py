"""Calls of systemctl and loginctl, with stand-in programs."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.server_cli.installation import paths, systemd

LINGER = "--no-ask-password enable-linger"
Write = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes one, by its name and script, that is found first."""
    monkeypatch.setenv("PATH", str(tmp_path))  # nothing is asked of this host
    monkeypatch.setattr(systemd, "LINGER_DIRECTORY", tmp_path / "lingering")
    (tmp_path / "lingering").mkdir()

    def write(name: str, script: str) -> None:
        (path := tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return write


@pytest.mark.parametrize("directory", [None, "", "none", "mine", "another's"])
def test_a_users_own_is_found_without_a_log_in_too_and_out_of_anothers(
    directory: str | None, program: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("systemctl", 'echo "$1 $XDG_RUNTIME_DIR"')
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    (tmp_path / "mine").mkdir()
    if directory is not None:
        monkeypatch.setenv("XDG_RUNTIME_DIR", directory and str(tmp_path / directory))
    user, expected = os.geteuid(), f"/run/user/{os.geteuid()}"
    if directory == "mine":
        expected = str(tmp_path / directory)
    elif directory == "another's":
        (tmp_path / directory).mkdir()
        monkeypatch.setattr(os, "geteuid", lambda: user + 1)
        expected = f"/run/user/{user + 1}"
    output = systemd.call_systemctl(paths.user_paths(), "show")
    assert output.split() == ["--user", expected]


def test_a_user_lingers_where_the_host_lets_them(program: Write, tmp_path: Path) -> None:
    program("loginctl", f'test "$*" = "{LINGER} ann" && : >{tmp_path}/lingering/ann')
    assert systemd.enable_linger("ann")
    program("loginctl", "exit 1")  # users with lingering don't ask
    assert systemd.enable_linger("ann")


def test_a_user_does_not_linger_where_the_host_does_not_let_them(program: Write) -> None:
    assert not systemd.enable_linger("ann")  # there may be no loginctl
    program("loginctl", "echo 'Could not enable linger: Access denied' >&2; exit 1")
    assert not systemd.enable_linger("ann")


def test_a_host_that_does_not_say_whether_she_may_is_not_waited_for(
    program: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "LINGER_TIMEOUT_SECONDS", 0.2)
    program("loginctl", "exec /bin/sleep 60")
    assert not systemd.enable_linger("ann")
