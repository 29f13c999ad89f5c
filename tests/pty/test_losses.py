"""Server processes that stop or die in the middle of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocol import frames
from protocol import terminal as wire
from tests.gunicorns import Gunicorn, gunicorn
from tests.pty.conftest import Scene
from tests.pty.ends import until


@pytest.fixture
def third(pty_environment: dict[str, str], tmp_path: Path, scene: Scene) -> Iterator[Gunicorn]:
    """A server of the test's own, to be ended."""
    with gunicorn(tmp_path, {**pty_environment, "MUSTER_HOME": str(tmp_path)}) as running:
        yield running


def test_a_viewer_whose_server_is_killed_misses_nothing(scene: Scene, third: Gunicorn) -> None:
    machine, viewer = scene.both(url=third.url)
    seen = viewer.until_offset(machine.print(b"before "))
    third.process.end()
    machine.print(b"meanwhile ")
    assert viewer.code() == 1006
    again = scene.look(resume_from=viewer.offset).get_ready()
    assert seen + again.until_offset(machine.print(b"after")) == b"before meanwhile after"
    assert again.gaps == []


def test_a_machine_whose_terminal_s_server_is_killed_dials_another(
    scene: Scene, third: Gunicorn
) -> None:
    viewer = scene.look()
    order = scene.machine.until(frames.OpenTerminal)
    machine = scene.dial(order.channel_token, url=third.url)
    viewer.get_ready().until_offset(machine.print(b"before "))
    third.process.end()
    until(lambda: machine.code)
    again = scene.open_again(end=machine.end)
    assert again.ready.offset == machine.end
    assert viewer.until_offset(again.print(b"after")) == b"before after"
    assert viewer.gaps == []


def test_a_server_that_stops_says_so(
    scene: Scene, third: Gunicorn, make_scene: Callable[[str], Scene]
) -> None:
    there = make_scene(scene.url)
    viewer = there.look(url=third.url)
    order = there.machine.until(frames.OpenTerminal)
    machine = there.dial(order.channel_token, url=third.url)
    viewer.get_ready()
    third.process.ask()
    assert viewer.code() == wire.CloseCode.GOING_AWAY
    assert until(lambda: machine.code) == wire.CloseCode.GOING_AWAY
