from pathlib import Path

import pytest

from muster.worker.agents import probe
from tests.muster.worker.repositories import as_root, root

__all__ = ["root"]

ENV = {"PATH": "/usr/bin:/bin"}
USER = 66_123


def install(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_what_a_program_writes_is_its_answer_unless_it_fails(tmp_path: Path) -> None:
    assert (
        probe.DAEMON_PROBE.run([str(install(tmp_path / "good", "echo 1; echo 2 >&2"))], ENV)
        == "1\n"
    )
    assert probe.DAEMON_PROBE.run([str(install(tmp_path / "bad", "echo 1; exit 1"))], ENV) is None


def test_what_the_system_cannot_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        probe.DAEMON_PROBE.run([str(tmp_path / "nothing")], ENV)


@as_root
def test_another_user_finds_what_they_can_reach(root: Path) -> None:
    hidden, seen = install(root / "a/x", "id -u"), install(root / "b/x", "id -u; id -G")
    path = f"{hidden.parent}:{seen.parent}:/usr/bin:/bin"
    hidden.parent.chmod(0o700)
    look = probe.as_user(USER)
    assert probe.DAEMON_PROBE.which("x", path) == str(hidden)
    assert look.which("x", path) == str(seen)
    assert look.which("x", str(hidden.parent)) is None
    assert look.run([str(seen)], ENV) == f"{USER}\n{USER}\n"


@as_root
def test_another_user_is_refused_what_is_closed(root: Path) -> None:
    hidden = install(root / "a/x", "echo 1")
    hidden.parent.chmod(0o700)
    with pytest.raises(PermissionError):
        probe.as_user(USER).run([str(hidden)], ENV)
