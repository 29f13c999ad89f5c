"""A machine takes what demands its level of room, or less."""

import pytest

from app.domain import sandbox
from app.domain.sandbox import RoomLevel

NONE, PROCESSES, FULL = RoomLevel


@pytest.mark.parametrize(
    ("demanded", "sufficient"),
    [
        (None, {None, NONE, PROCESSES, FULL}),
        (NONE, {None, NONE, PROCESSES, FULL}),
        (PROCESSES, {PROCESSES, FULL}),
        (FULL, {FULL}),
    ],
)
def test_a_level_takes_what_demands_no_more(
    demanded: RoomLevel | None, sufficient: set[RoomLevel | None]
):
    found = {level for level in (None, *RoomLevel) if sandbox.suffices(level, demanded)}
    assert found == sufficient
