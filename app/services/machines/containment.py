"""Whether a machine can contain a stage as far as its project demands, before it is ordered."""

from typing import Any

from app.domain import room
from app.domain.room import RoomLevel
from muster.protocol import frames


def why_not(row: Any, order: frames.RunStage) -> str | None:
    """Why the machine cannot contain the stage, which a worker that knows no rooms would not say;
    None where it can, or will say so itself.
    """
    level = RoomLevel(row.machine_room["level"]) if row.machine_room else None
    if not room.suffices(level, row.room):
        return f"the project demands the room “{row.room}”, and the machine has “{level or 'none'}”"
    if level is None and order.network is not None:
        return "the worker is of a release that cannot keep a stage from the network"
    return None
