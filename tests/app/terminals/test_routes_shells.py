"""The terminal of a shell: who opens it, and that it never mixes with the stage's."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from app.domain.task import EventType, TaskStatus
from app.extensions import db
from app.models import AuditEntry, ChannelToken, Event, Machine, TerminalInput
from muster.protocol import frames
from muster.protocol import terminal as wire
from muster.protocol.terminal import CloseCode
from tests.app.terminals.conftest import Scene
from tests.app.terminals.endpoints import ask_token, close_code, wait_for
from tests.factories import access_token_of


@pytest.fixture
def shell_scene(make_scene: Callable[[str], Scene], left: str) -> Scene:
    """A scene whose machine opens shells."""
    scene = make_scene(left)
    db.session.execute(sa.update(Machine).values(opens_shells=True))
    db.session.commit()
    return scene


def refusal(scene: Scene, who: object, mode: str | None = None) -> tuple[int, str]:
    status, body = ask_token(scene.url, scene.task.id, access_token_of(who), mode, "shell")
    return status, body.get("code", "")


def counted(scene: Scene) -> list[tuple[int, str]]:
    db.session.rollback()
    mine = sa.select(TerminalInput).where(TerminalInput.task_id == scene.task.id)
    return [(row.bytes, row.terminal) for row in db.session.scalars(mine)]


def order_of(scene: Scene, *, shell: bool) -> frames.OpenTerminal:
    order = scene.machine.wait_for(frames.OpenTerminal)
    assert order.shell is shell
    return order


def test_a_shell_is_typed_into_and_counted(shell_scene: Scene) -> None:
    scene = shell_scene
    viewer = scene.view(terminal="shell")
    machine = scene.dial(order_of(scene, shell=True).channel_token)
    viewer.get_ready()
    viewer.press(b"pwd\n")
    wait_for(lambda: bytes(machine.typed) == b"pwd\n")
    assert viewer.wait_for_offset(machine.print(b"/workspace\r\n")).endswith(b"/workspace\r\n")
    viewer.close()
    assert wait_for(lambda: counted(scene)) == [(4, "shell")]


def test_its_opener_is_recorded_once(shell_scene: Scene) -> None:
    scene = shell_scene
    for who in (scene.creator, scene.maintainer):
        assert refusal(scene, who) == (200, "")
    db.session.rollback()
    events = db.session.scalars(sa.select(Event).where(Event.task_id == scene.task.id)).all()
    opened = [event.message for event in events if event.type is EventType.SHELL]
    assert opened == [f"{scene.creator.name} opened a shell"]
    about = AuditEntry.action == "terminal.shell_opened", AuditEntry.target_id == str(scene.task.id)
    audited = db.session.scalars(sa.select(AuditEntry).where(*about)).all()
    assert [entry.actor_id for entry in audited] == [scene.creator.id]


@pytest.mark.parametrize("mode", ["control", "watch", None])
def test_who_may_only_watch_gets_no_shell(shell_scene: Scene, mode: str | None) -> None:
    assert refusal(shell_scene, shell_scene.member, mode) == (403, "forbidden")


def test_an_older_machine_opens_none(shell_scene: Scene) -> None:
    db.session.execute(sa.update(Machine).values(opens_shells=False))
    db.session.commit()
    assert refusal(shell_scene, shell_scene.creator) == (409, "no_shell")


def test_there_is_none_without_a_stage(shell_scene: Scene) -> None:
    shell_scene.task.status = TaskStatus.COMPLETED
    db.session.commit()
    assert refusal(shell_scene, shell_scene.creator) == (409, "no_terminal")


def test_shell_and_stage_share_no_byte(shell_scene: Scene) -> None:
    scene = shell_scene
    stage_machine, stage = scene.both()
    shell = scene.view(terminal="shell")
    shell_machine = scene.dial(order_of(scene, shell=True).channel_token)
    shell.get_ready()
    stage.press(b"to the stage")
    shell.press(b"to the shell")
    wait_for(lambda: bytes(stage_machine.typed) == b"to the stage")
    wait_for(lambda: bytes(shell_machine.typed) == b"to the shell")
    ends = stage_machine.print(b"from the stage"), shell_machine.print(b"from the shell")
    assert stage.wait_for_offset(ends[0]) == b"from the stage"
    assert shell.wait_for_offset(ends[1]) == b"from the shell"


def test_the_end_of_a_shell_ends_its_viewers_and_the_next_starts_another(
    shell_scene: Scene,
) -> None:
    scene = shell_scene
    viewer = scene.view(terminal="shell")
    machine = scene.dial(order_of(scene, shell=True).channel_token)
    viewer.get_ready()
    end = machine.print(b"exit\r\n")
    machine.end_shell("the shell has exited with code 0")
    assert viewer.wait_for_offset(end) == b"exit\r\n"
    machine.close()
    assert close_code(viewer.socket) == CloseCode.SHELL_ENDED
    assert viewer.socket.close_reason == "the shell has exited with code 0"
    scene.machine.send(frames.TerminalClosed(scene.task.id, 1, shell=True))
    with pytest.raises(TimeoutError):
        scene.machine.wait_for(frames.OpenTerminal, limit=1.0)
    again = scene.view(terminal="shell")
    scene.dial(order_of(scene, shell=True).channel_token, end=end)
    again.get_ready()


def test_an_end_that_arrives_together_with_the_close_counts(shell_scene: Scene) -> None:
    scene = shell_scene
    viewer = scene.view(terminal="shell")
    machine = scene.dial(order_of(scene, shell=True).channel_token)
    viewer.get_ready()
    machine.end_shell_and_close("the shell has exited with code 0")
    assert close_code(viewer.socket) == CloseCode.SHELL_ENDED
    with pytest.raises(TimeoutError):
        scene.machine.wait_for(frames.OpenTerminal, limit=1.0)


def test_a_machine_can_end_only_a_shell(shell_scene: Scene) -> None:
    machine, _ = shell_scene.both()
    machine.end_shell("no")
    wait_for(lambda: machine.code == CloseCode.MALFORMED)


def test_a_viewer_leaves_with_the_stage_or_the_right(shell_scene: Scene) -> None:
    scene = shell_scene
    viewer = scene.view(terminal="shell")
    scene.dial(order_of(scene, shell=True).channel_token)
    viewer.get_ready()
    scene.task.status, scene.task.suspend_reason = TaskStatus.SUSPENDED, "gate"
    db.session.commit()
    assert close_code(viewer.socket) == CloseCode.SHELL_ENDED
    assert viewer.socket.close_reason == "the stage has ended"


def test_a_token_opens_only_its_own_terminal(shell_scene: Scene) -> None:
    """The token decides, and neither end can choose another terminal with it."""
    scene = shell_scene
    for terminal in ("stage", "shell"):
        scene.token(terminal=terminal)
    db.session.rollback()
    mine = ChannelToken.task_id == scene.task.id, ChannelToken.developer_id.is_not(None)
    tokens = db.session.scalars(sa.select(ChannelToken).where(*mine).order_by(ChannelToken.id))
    assert [token.is_shell for token in tokens] == [False, True]
    assert not hasattr(wire.ViewerAuth, "terminal")
