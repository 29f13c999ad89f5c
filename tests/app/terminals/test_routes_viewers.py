"""All viewers get the list of viewers; one that acknowledges gets little beyond that."""

import pytest

from muster.protocol import terminal as wire
from tests.app.terminals.conftest import Scene
from tests.app.terminals.endpoints import Viewer, wait_for

ViewerRow = list[tuple[str, str, bool]]


def wait_for_viewers(viewer: Viewer) -> ViewerRow:
    """What the viewer was told next of who looks."""
    people = viewer.wait_for(wire.Viewers).people
    return [(one.name, one.mode, one.is_you) for one in people]


def comes_to(viewer: Viewer, expected: ViewerRow) -> None:
    wait_for(lambda: wait_for_viewers(viewer) == expected)


def test_each_is_told_who_looks_whoever_controls_first(scene: Scene, right: str) -> None:
    _, first = scene.both()
    creator, member = scene.creator.name, scene.member.name
    comes_to(first, [(creator, "control", True)])
    second = scene.view(scene.member, "watch", url=right).get_ready()
    comes_to(second, [(creator, "control", False), (member, "watch", True)])
    comes_to(first, [(creator, "control", True), (member, "watch", False)])
    second.close()
    comes_to(first, [(creator, "control", True)])


def test_a_takeover_changes_what_all_are_told(scene: Scene, right: str) -> None:
    _, first = scene.both()
    second = scene.view(scene.maintainer, url=right).get_ready()
    second.send(wire.Takeover())
    creator, maintainer = scene.creator.name, scene.maintainer.name
    comes_to(first, [(maintainer, "control", False), (creator, "watch", True)])
    comes_to(second, [(maintainer, "control", True), (creator, "watch", False)])


def test_a_controller_may_only_watch_until_it_takes_over_again(scene: Scene) -> None:
    machine, viewer = scene.both()
    name = scene.creator.name
    viewer.send(wire.Watch())
    comes_to(viewer, [(name, "watch", True)])
    viewer.press(b"no")
    assert viewer.wait_for(wire.Refused).code == "watching"
    viewer.send(wire.Takeover())
    viewer.press(b"yes")
    wait_for(lambda: machine.typed == b"yes")
    comes_to(viewer, [(name, "control", True)])


def test_nothing_is_sent_far_beyond_what_is_drawn(scene: Scene) -> None:
    machine, viewer = scene.both()
    start = viewer.offset
    viewer.send(wire.OutputAck(offset=start))
    viewer.send(wire.Ping())
    viewer.wait_for(wire.Pong)
    end = machine.print(bytes(range(256)) * 4096)
    most = wire.SEND_WINDOW_BYTES + wire.MAX_FRAME_BYTES
    wait_for(lambda: bytes_received(viewer) >= wire.SEND_WINDOW_BYTES)
    with pytest.raises(TimeoutError):
        viewer.wait_for_offset(start + most + 1, 0.5)
    viewer.send(wire.OutputAck(offset=end))
    assert viewer.wait_for_offset(end)[-4:] == b"\xfc\xfd\xfe\xff"
    assert viewer.gaps == []


def test_who_draws_too_slowly_goes_on_from_a_screen(scene: Scene) -> None:
    machine, viewer = scene.both()
    start = viewer.offset
    viewer.send(wire.OutputAck(offset=start))
    viewer.send(wire.Ping())
    viewer.wait_for(wire.Pong)
    quick = scene.view(scene.member, "watch").get_ready()
    end = machine.print(b"x" * (6 << 20))
    quick.wait_for_offset(end, 30)
    assert bytes_received(viewer) >= wire.SEND_WINDOW_BYTES
    before = len(viewer.screens)
    viewer.send(wire.OutputAck(offset=viewer.offset))
    wait_for(lambda: bytes_received(viewer) and len(viewer.screens) > before, 30)
    assert viewer.gaps
    viewer.send(wire.OutputAck(offset=viewer.offset))
    viewer.wait_for_offset(end, 30)


def bytes_received(viewer: Viewer) -> int:
    """How many bytes of the terminal have come."""
    viewer.send(wire.Ping())
    viewer.wait_for(wire.Pong)
    return viewer.offset - viewer.start
