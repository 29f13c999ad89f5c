"""Rooms as this machine makes them."""

from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import RoomLevel
from muster.worker.layout import Layout
from muster.worker.room.detection import detect
from muster.worker.room.room import Room
from muster.worker.room.view import RoomDirectory

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
