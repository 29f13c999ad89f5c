"""The visible files of a sandbox on this machine."""

import subprocess
from dataclasses import replace
from pathlib import Path

from muster.worker.sandbox import mounts
from muster.worker.sandbox.mounts import SandboxDirectory
from muster.worker.sandbox.sandbox import Sandbox
from tests.muster.worker.repositories import root
from tests.muster.worker.sandbox.sample_sandbox import make_sandbox

__all__ = ["root"]


def seen(room: Sandbox, place: Path) -> list[str]:
    """Return the paths below a place, as seen in the sandbox."""
    done = subprocess.run(
        room.command("find", str(place)), cwd="/", capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()


def test_the_workers_home_is_covered_in_a_directory_that_is_shown(root):
    room = make_sandbox(root / "data" / "home", SandboxDirectory(root / "data"))
    assert str(root / "data" / "home") in seen(room, root)
    assert not [line for line in seen(room, root) if "token" in line]


def test_the_workers_home_is_covered_where_a_link_leads_to_it(root):
    (root / "data").mkdir()
    (root / "link").symlink_to(root / "data")
    room = make_sandbox(root / "data" / "home", SandboxDirectory(root / "link"))
    assert str(root / "link" / "home") in seen(room, root)
    assert not [line for line in seen(room, root) if "token" in line]


def test_a_home_that_is_a_link_into_what_is_shown_is_covered(root):
    (root / "data" / "home").mkdir(parents=True)
    (root / "link").symlink_to(root / "data" / "home")
    room = make_sandbox(root / "link", SandboxDirectory(root / "data"))
    assert str(root / "data" / "home") in seen(room, root)
    assert not [line for line in seen(room, root) if "token" in line]


def test_a_directory_of_the_workers_that_lies_elsewhere_is_covered_there(root):
    elsewhere = root / "data" / "credentials"
    elsewhere.mkdir(parents=True)
    (root / "home").mkdir()
    (root / "home" / "credentials").symlink_to(elsewhere)
    room = make_sandbox(root / "home", SandboxDirectory(root / "data"))
    assert seen(room, root / "data") == [str(root / "data"), str(elsewhere)]


def test_a_home_beside_the_interpreter_is_covered_there(root):
    room = make_sandbox(root / "prefix" / "home")
    assert room.mounts
    room = replace(room, mounts=replace(room.mounts, python=root / "prefix"))
    assert seen(room, Path(mounts.PYTHON)) == [mounts.PYTHON, f"{mounts.PYTHON}/home"]
