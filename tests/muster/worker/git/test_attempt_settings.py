"""An attempt's own git fetches from the daemon's mirror, and has its system's settings besides."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from muster.worker.agents import environment
from muster.worker.git import attempt_settings
from tests.muster.worker.repositories import (
    AUTHOR,
    any_machine,
    as_root,
    machine,
    repository,
    root,
)

__all__ = ["any_machine", "machine", "repository", "root"]


def told(made, script: str) -> str:
    env = environment.build(made, AUTHOR, {}, {}, {})
    argv = made.room.command("sh", "-ec", script)
    done = subprocess.run(argv, cwd=made.path, env=env, capture_output=True, text=True, check=True)
    return done.stdout


@as_root
@pytest.mark.parametrize("level", ["processes", "none"])
def test_a_mirror_of_roots_may_be_fetched_from(machine, repository, level) -> None:
    machine.rooms = replace(machine.rooms, level=level)
    made = machine.prepare(repository)
    assert told(made, f"git ls-remote {made.mirror().path} refs/heads/main") != ""
    # No other repository of another user's is trusted.
    assert str(made.mirror().path) in told(made, "git config --get-all safe.directory")
    assert "*" not in told(made, "git config --get-all safe.directory")


@as_root
def test_the_systems_own_settings_hold_too(
    machine, repository, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = root / "system"
    own.write_text("[muster]\n\ttested = yes\n")
    monkeypatch.setattr(attempt_settings, "_systems_own", lambda: own)
    machine.rooms = replace(machine.rooms, level="none")
    made = machine.prepare(repository)
    assert told(made, "git config muster.tested") == "yes\n"


@as_root
def test_a_path_may_have_any_name(root: Path, machine, repository) -> None:
    machine.rooms = replace(machine.rooms, level="none")
    room = machine.prepare(repository).room
    mirror = root / 'a "b" \\c; #d'
    mirror.mkdir()
    attempt_settings.write(mirror, room)
    attempt_settings.write(mirror, room)
    argv = ["git", "config", "--file", next(mirror.iterdir()), "safe.directory"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert said == f"{mirror}\n"


def test_who_sees_no_mirror_or_owns_it_needs_none(any_machine, repository) -> None:
    made = any_machine.prepare(repository)
    if made.room.view is not None or made.identity is None:
        assert attempt_settings.variables(made) == {}
