"""The position in an attempt's output, after each frame that sets it."""

import pytest

from muster.cli.attach.position import (
    UNKNOWN_POSITION,
    Position,
    RestartRequired,
    advance_by,
    apply_frame,
)
from muster.protocol import terminal as wire

AT = Position(2, 100)


def ready(attempt: int, offset: int) -> wire.ViewerReady:
    return wire.ViewerReady(mode="control", cols=80, rows=24, offset=offset, attempt=attempt)


@pytest.mark.parametrize(
    ("place", "frame", "found"),
    [
        pytest.param(UNKNOWN_POSITION, ready(2, 40), Position(2, 40), id="the first"),
        pytest.param(AT, ready(2, 100), AT, id="on where one was"),
        pytest.param(AT, ready(2, 300), Position(2, 300), id="further on"),
        pytest.param(AT, wire.Gap(start=100, end=300), Position(2, 300), id="behind a gap"),
        pytest.param(AT, wire.Gap(start=10, end=30), AT, id="a gap that is behind us"),
        pytest.param(
            AT, wire.Screen(offset=50, cols=1, rows=1, data=""), Position(2, 50), id="screen"
        ),
        pytest.param(AT, wire.Resize(cols=1, rows=1), AT, id="what says nothing of it"),
    ],
)
def test_frames_say_where_the_next_byte_is(
    place: Position, frame: wire.TerminalFrame, found: Position
) -> None:
    assert apply_frame(place, frame) == found


@pytest.mark.parametrize(
    "frame",
    [pytest.param(ready(3, 100), id="another attempt"), pytest.param(ready(2, 99), id="less")],
)
def test_another_log_requires_a_restart(frame: wire.ViewerReady) -> None:
    with pytest.raises(RestartRequired):
        apply_frame(AT, frame)


def test_bytes_are_counted_and_nowhere_is_not_resumed() -> None:
    assert advance_by(AT, 20).resume_from == 120
    assert UNKNOWN_POSITION.resume_from is None
