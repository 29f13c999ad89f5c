"""Rooms as this machine makes them."""

from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import RoomLevel
from muster.worker.layout import Layout
from muster.worker.sandbox.detection import detect
from muster.worker.sandbox.mounts import RoomDirectory
from muster.worker.sandbox.sandbox import Room

KEY = AttemptKey(7, 1)


def room_in(home: Path, *directories: RoomDirectory, level: RoomLevel = "full") -> Room:
    """The room of an attempt of the worker with this home, which shows these directories."""
    layout = Layout(home)
    layout.make()
    for path in (layout.attempt(KEY), layout.workspace(KEY), layout.home_of(KEY)):
        path.mkdir()
    (layout.credentials / "token").write_text("secret")
    rooms = detect(layout, most=level, directories=directories)
    assert rooms.level == level, rooms.lacks
    return rooms.of(KEY, None, layout.mirrors)
