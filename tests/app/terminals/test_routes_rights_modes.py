"""What those who are in may do: watching, controlling, taking over; who typed is kept."""

import urllib.request

import sqlalchemy as sa

from app.domain.attempt import AttemptPhase
from app.extensions import db
from app.models import Attempt, TerminalInput
from app.services.clock import now
from app.services.logs import terminal_sizes
from muster.protocol import terminal as wire
from tests.app.terminals.conftest import Scene
from tests.app.terminals.endpoints import LIMIT, wait_for
from tests.factories import access_token_of


def typed_by(scene: Scene) -> list[TerminalInput]:
    db.session.rollback()
    mine = TerminalInput.task_id == scene.task.id
    return list(db.session.scalars(sa.select(TerminalInput).where(mine)))


def test_who_watches_cannot_type_and_stays(scene: Scene) -> None:
    machine, _ = scene.both()
    watching = scene.view(scene.member, "watch").get_ready()
    watching.press(b"rm -rf /\r")
    assert watching.wait_for(wire.Refused).code == "watching"
    watching.send(wire.Resize(cols=10, rows=10))
    watching.wait_for(wire.Refused)
    watching.send(wire.Takeover())
    watching.wait_for(wire.Refused)
    assert watching.wait_for_offset(machine.print(b"on")) == b"on"
    assert (machine.typed, machine.sizes) == (b"", [])


def test_several_may_control_until_one_takes_over(scene: Scene, right: str) -> None:
    machine, first = scene.both()
    second = scene.view(scene.maintainer, url=right).get_ready()
    first.press(b"1")
    wait_for(lambda: machine.typed == b"1")
    second.press(b"2")
    wait_for(lambda: machine.typed == b"12")
    second.send(wire.Takeover())
    assert first.wait_for(wire.Takeover).by == scene.maintainer.name
    first.press(b"3")
    assert first.wait_for(wire.Refused).code == "watching"
    second.press(b"4")
    wait_for(lambda: machine.typed == b"124")
    first.send(wire.Takeover())
    assert second.wait_for(wire.Takeover).by == scene.creator.name
    first.press(b"5")
    wait_for(lambda: machine.typed == b"1245")


def test_the_size_follows_the_controller_and_viewers_are_told(scene: Scene, right: str) -> None:
    machine, controller = scene.both()
    watching = scene.view(scene.member, "watch", url=right).get_ready()
    controller.send(wire.Resize(cols=90, rows=20))
    wait_for(lambda: machine.sizes == [(90, 20)])
    for viewer in (controller, watching):
        resize = viewer.wait_for(wire.Resize)
        while (resize.cols, resize.rows) != (90, 20):  # an earlier one may come first
            resize = viewer.wait_for(wire.Resize)


def test_sizes_are_kept_for_the_recording(scene: Scene) -> None:
    machine, viewer = scene.both()
    viewer.wait_for_offset(machine.print(b"seen"))
    viewer.send(wire.Resize(cols=90, rows=20))
    viewer.wait_for(wire.Resize)
    wait_for(lambda: sizes_of(scene) == [(0, 100, 30), (4, 90, 20)])


def sizes_of(scene: Scene) -> list[tuple[int, int, int]]:
    db.session.rollback()
    return terminal_sizes.sizes_of_attempt(scene.task.id, 1)


def test_a_paste_of_a_megabyte_arrives_whole_and_is_told_as_bytes_not_as_keys(
    scene: Scene,
) -> None:
    machine, viewer = scene.both()
    paste = b"".join(b"%07d\n" % number for number in range(1 << 17))
    viewer.press(paste)
    wait_for(lambda: len(machine.typed) == len(paste), 30)
    assert machine.typed == paste
    viewer.close()
    wait_for(lambda: sum(row.bytes for row in typed_by(scene)) == len(paste))
    (developer,) = {row.developer_id for row in typed_by(scene)}
    assert developer == scene.creator.id


def test_who_typed_how_much_is_told_of_each(scene: Scene, right: str) -> None:
    machine, first = scene.both()
    second = scene.view(scene.maintainer, url=right).get_ready()
    begun = now()
    first.press(b"a secret word")
    second.press(b"and\r")
    wait_for(lambda: len(machine.typed) == 17)
    wait_for(lambda: len(typed_by(scene)) == 2)
    by = {row.developer_id: row for row in typed_by(scene)}
    assert {who: row.bytes for who, row in by.items()} == {
        scene.creator.id: 13,
        scene.maintainer.id: 4,
    }
    assert all(begun <= row.started_at <= row.ended_at <= now() for row in by.values())
    request = urllib.request.Request(
        f"{scene.url}/api/web/tasks/{scene.task.id}/terminal-inputs",
        headers={"Authorization": f"Bearer {access_token_of(scene.maintainer)}"},
    )
    with urllib.request.urlopen(request, timeout=LIMIT) as answer:
        text = answer.read().decode()
    assert scene.creator.name in text
    assert "secret" not in text


def test_at_a_gate_nothing_takes_what_is_typed(scene: Scene) -> None:
    _machine, viewer = scene.both()
    db.session.execute(
        sa.update(Attempt).where(Attempt.task_id == scene.task.id).values(phase=AttemptPhase.GATE)
    )
    db.session.commit()

    def is_refused() -> bool:
        viewer.press(b"y")
        try:
            return viewer.wait_for(wire.Refused, 0.3).code == "gate"
        except TimeoutError:
            return False

    wait_for(is_refused)
