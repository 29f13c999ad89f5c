"""A terminal as its viewers and its machine see it: real gunicorns, real sockets."""

from muster.protocol import terminal as wire
from tests.app.terminals.conftest import Scene
from tests.app.terminals.endpoints import wait_for


def test_a_viewer_sees_the_screen_and_then_every_byte(scene: Scene) -> None:
    machine, viewer = scene.both()
    assert viewer.ready is not None
    assert (viewer.ready.mode, viewer.ready.offset, viewer.ready.attempt) == ("control", 0, 1)
    assert viewer.wait_for(wire.Screen).data == "\x1b[2Jscreen"
    end = machine.print(b"hello")
    assert viewer.wait_for_offset(end) == b"hello"


def test_what_is_typed_reaches_the_machine_and_its_echo_comes_back(scene: Scene) -> None:
    machine, viewer = scene.both()
    viewer.press(b"ls\r")
    wait_for(lambda: machine.typed == b"ls\r")


def test_the_two_ends_may_be_on_two_servers(scene: Scene, right: str) -> None:
    viewer = scene.view(url=right)
    machine = scene.open()
    viewer.get_ready()
    viewer.press(b"x")
    wait_for(lambda: machine.typed == b"x")
    assert viewer.wait_for_offset(machine.print(b"echo")) == b"echo"


def test_a_resize_is_told_of_before_the_machine_has_sent_a_byte(scene: Scene) -> None:
    viewer = scene.view()
    machine = scene.open(end=100)  # it begins at the end of what there is
    viewer.wait_for(wire.Screen)
    machine.resize(97, 31)
    resize = viewer.wait_for(wire.Resize)
    assert (resize.cols, resize.rows) == (97, 31), "and not of the one that the screen has"
