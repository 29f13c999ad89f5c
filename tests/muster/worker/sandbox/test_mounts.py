"""What is to be seen in a room of this machine."""

import subprocess
from dataclasses import replace
from pathlib import Path

from muster.worker.sandbox import mounts
from muster.worker.sandbox.mounts import RoomDirectory
from muster.worker.sandbox.sandbox import Room
from tests.muster.worker.repositories import root
from tests.muster.worker.sandbox.sample_sandbox import room_in

__all__ = ["root"]


def seen(room: Room, place: Path) -> list[str]:
    """What lies below a place, as it is seen in the room."""
    done = subprocess.run(
        room.command("find", str(place)), cwd="/", capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()


def test_the_workers_home_is_covered_in_a_directory_that_is_shown(root):
    room = room_in(root / "data" / "home", RoomDirectory(root / "data"))
    assert str(root / "data" / "home") in seen(room, root)
    assert not [line for line in seen(room, root) if "token" in line]


def test_the_workers_home_is_covered_where_a_link_leads_to_it(root):
    (root / "data").mkdir()
    (root / "link").symlink_to(root / "data")
    room = room_in(root / "data" / "home", RoomDirectory(root / "link"))
    assert str(root / "link" / "home") in seen(room, root)
    assert not [line for line in seen(room, root) if "token" in line]


def test_a_home_that_is_a_link_into_what_is_shown_is_covered(root):
    (root / "data" / "home").mkdir(parents=True)
    (root / "link").symlink_to(root / "data" / "home")
    room = room_in(root / "link", RoomDirectory(root / "data"))
    assert str(root / "data" / "home") in seen(room, root)
    assert not [line for line in seen(room, root) if "token" in line]


def test_a_directory_of_the_workers_that_lies_elsewhere_is_covered_there(root):
    elsewhere = root / "data" / "credentials"
    elsewhere.mkdir(parents=True)
    (root / "home").mkdir()
    (root / "home" / "credentials").symlink_to(elsewhere)
    room = room_in(root / "home", RoomDirectory(root / "data"))
    assert seen(room, root / "data") == [str(root / "data"), str(elsewhere)]


def test_a_home_beside_the_interpreter_is_covered_there(root):
    room = room_in(root / "prefix" / "home")
    assert room.view
    room = replace(room, view=replace(room.view, python=root / "prefix"))
    assert seen(room, Path(mounts.PYTHON)) == [mounts.PYTHON, f"{mounts.PYTHON}/home"]
