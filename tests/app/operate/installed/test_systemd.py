"""systemctl and loginctl as they are asked, by programs that stand in for them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.operate.installed import places, systemd

Write = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes one, by its name and script, that is found first."""
    monkeypatch.setenv("PATH", str(tmp_path))  # nothing is asked of this host
    monkeypatch.setattr(systemd, "LINGERING", tmp_path / "lingering")
    (tmp_path / "lingering").mkdir()

    def write(name: str, script: str) -> None:
        (path := tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return write


@pytest.mark.parametrize("told", [None, "/run/mine"])
def test_a_users_own_is_found_without_a_log_in_too(
    told: str | None, program: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("systemctl", 'echo "$1 $XDG_RUNTIME_DIR"')
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    if told:
        monkeypatch.setenv("XDG_RUNTIME_DIR", told)
    said = systemd.call(places.of(user=True), "show")
    assert said.split() == ["--user", told or f"/run/user/{os.geteuid()}"]


def test_a_user_lingers_where_the_host_lets_them(program: Write, tmp_path: Path) -> None:
    program("loginctl", f"test $1 = enable-linger && : >{tmp_path}/lingering/ann")
    assert systemd.linger("ann")
    program("loginctl", "exit 1")  # who lingers already does not ask
    assert systemd.linger("ann")


def test_a_user_does_not_linger_where_the_host_does_not_let_them(program: Write) -> None:
    assert not systemd.linger("ann")  # there may be no loginctl
    program("loginctl", "echo 'Could not enable linger: Access denied' >&2; exit 1")
    assert not systemd.linger("ann")
