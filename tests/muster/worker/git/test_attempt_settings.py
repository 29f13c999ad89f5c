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


def output_of(made, script: str) -> str:
    env = environment.build_environment(made, AUTHOR, {}, {}, {})
    argv = made.sandbox.command("sh", "-ec", script)
    done = subprocess.run(argv, cwd=made.path, env=env, capture_output=True, text=True, check=True)
    return done.stdout


@as_root
@pytest.mark.parametrize("level", ["processes", "none"])
def test_a_mirror_of_roots_may_be_fetched_from(machine, repository, level) -> None:
    machine.sandboxes = replace(machine.sandboxes, level=level)
    made = machine.prepare(repository)
    assert output_of(made, f"git ls-remote {made.mirror().path} refs/heads/main") != ""
    # No other repository of another user's is trusted.
    assert str(made.mirror().path) in output_of(made, "git config --get-all safe.directory")
    assert "*" not in output_of(made, "git config --get-all safe.directory")


@as_root
def test_the_systems_own_settings_hold_too(
    machine, repository, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = root / "system"
    own.write_text("[muster]\n\ttested = yes\n")
    monkeypatch.setattr(attempt_settings, "_system_config", lambda: own)
    machine.sandboxes = replace(machine.sandboxes, level="none")
    made = machine.prepare(repository)
    assert output_of(made, "git config muster.tested") == "yes\n"


@as_root
def test_a_path_may_have_any_name(root: Path, machine, repository) -> None:
    machine.sandboxes = replace(machine.sandboxes, level="none")
    room = machine.prepare(repository).sandbox
    mirror = root / 'a "b" \\c; #d'
    mirror.mkdir()
    attempt_settings.write(mirror, room)
    attempt_settings.write(mirror, room)
    argv = ["git", "config", "--file", next(mirror.iterdir()), "safe.directory"]
    output = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert output == f"{mirror}\n"


def test_who_sees_no_mirror_or_owns_it_needs_none(any_machine, repository) -> None:
    made = any_machine.prepare(repository)
    if made.sandbox.mounts is not None or made.identity is None:
        assert attempt_settings.variables(made) == {}
