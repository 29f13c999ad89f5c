"""Until when one may stay, how many sockets there may be, and where no terminal comes."""

import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from websockets.exceptions import ConnectionClosed

from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Developer, ProjectMember, StoredSetting, Task
from app.services.accounts import auth, personal_tokens
from app.services.clock import now
from app.services.tasks import tasks
from muster.protocol import frames
from muster.protocol import terminal as wire
from muster.protocol.terminal import CloseCode
from tests.app.terminals.conftest import Scene
from tests.app.terminals.endpoints import Viewer, wait_for
from tests.app.terminals.refusals import refused
from tests.factories import access_token_of, begin_login, make_developer, make_personal_token


def test_who_is_disabled_signed_out_or_put_out_is_hung_up_on(scene: Scene) -> None:
    _, one = scene.both()
    two = scene.view(scene.maintainer).get_ready()
    three = scene.view(scene.member, "watch").get_ready()
    _, secret = make_personal_token(scene.creator)
    four = Viewer(scene.url, scene.task.id, secret, scene.token()["channelToken"])
    scene.opened.append(four)
    four.get_ready()
    stays = scene.view().get_ready()
    personal_tokens.revoke_all(scene.creator, now())
    db.session.get_one(Developer, scene.maintainer.id).token_generation += 1
    mine = ProjectMember.developer_id == scene.member.id
    db.session.execute(sa.delete(ProjectMember).where(mine))
    db.session.commit()
    for viewer in (two, three, four):
        assert viewer.code() == CloseCode.FORBIDDEN
    one.send(wire.Ping())
    one.wait_for(wire.Pong)
    db.session.get_one(Developer, scene.creator.id).disabled_at = now()
    db.session.commit()
    assert stays.code() == CloseCode.FORBIDDEN
    assert one.code() == CloseCode.FORBIDDEN


def test_who_signs_out_is_hung_up_on_where_they_came_from_there(scene: Scene) -> None:
    _, elsewhere = scene.both()
    gone, stays = (begin_login(scene.creator) for _ in range(2))
    first, second = (
        Viewer(scene.url, scene.task.id, pair.access_token, scene.token()["channelToken"])
        for pair in (gone, stays)
    )
    scene.opened += [first, second]
    first.get_ready()
    second.get_ready()
    auth.refresh(stays.refresh_token)  # which is the same login
    auth.logout(scene.creator, gone.refresh_token)
    assert first.code() == CloseCode.FORBIDDEN
    for viewer in (second, elsewhere):
        viewer.send(wire.Ping())
        viewer.wait_for(wire.Pong)


def test_a_task_s_end_ends_its_sockets(scene: Scene) -> None:
    machine, viewer = scene.both()
    tasks.cancel(make_developer(role=SystemRole.ADMIN), scene.task.id)
    assert viewer.code() == CloseCode.ENDED
    assert wait_for(lambda: machine.code) == CloseCode.ENDED
    assert refused(scene, access_token_of(scene.creator), "mst_chan_x") == CloseCode.UNAUTHENTICATED


def test_an_attempt_s_end_sends_viewers_for_another_token(scene: Scene) -> None:
    _, viewer = scene.both()
    attempt = db.session.get_one(Attempt, (scene.task.id, 1))
    attempt.ended_at, attempt.outcome = now(), "lost"
    db.session.get_one(Task, scene.task.id).status = TaskStatus.QUEUED
    db.session.commit()
    assert viewer.code() == CloseCode.NO_TERMINAL


def test_the_exit_of_a_stage_is_told_behind_its_last_byte(scene: Scene) -> None:
    machine, viewer = scene.both()
    held = frames.TrackedAttempt(
        task_id=scene.task.id, attempt=1, stage_index=0, state="working", log_offset=4
    )
    scene.machine.write(held, b"last")
    scene.machine.report(held, frames.StageFinished(stage_index=0, log_end=4, how="exit", code=3))
    scene.machine.wait_until_acked()
    machine.print(b"last")
    assert viewer.wait_for(wire.Exit) == wire.Exit(code=3, stage_index=0)
    assert viewer.data == b"last"
    assert viewer.code() == CloseCode.ENDED


def is_refused(scene: Scene, who: Developer | None = None) -> bool:
    """Whether one socket more is one too many."""
    viewer = scene.view(who, "watch")
    try:
        viewer.get_ready().close()
    except ConnectionClosed:
        return viewer.code() == CloseCode.TOO_MANY
    return False


@pytest.fixture
def limit_of_two(request: pytest.FixtureRequest, rows: object) -> Iterator[None]:
    """Sockets, by the setting that is the fixture's parameter."""
    admin = make_developer(role=SystemRole.ADMIN)
    stored = StoredSetting(key=request.param, value=2, updated_at=now(), updated_by=admin.id)
    db.session.add(stored)
    db.session.commit()
    yield
    db.session.delete(stored)
    db.session.commit()
    gone = time.monotonic()
    wait_for(lambda: time.monotonic() > gone + 1.1)  # servers know settings for a second


@pytest.mark.parametrize("limit_of_two", ["terminalsPerTask"], indirect=True)
@pytest.mark.usefixtures("limit_of_two")
def test_a_task_has_so_many_sockets_and_no_more_whoever_comes(
    scene: Scene, right: str, make_scene: Callable[[str], Scene]
) -> None:
    scene.both()
    scene.view(scene.member, "watch", url=right).get_ready()
    wait_for(lambda: is_refused(scene, scene.maintainer))  # settings are fresh to the second
    make_scene(right).both()  # another task's


@pytest.mark.parametrize("limit_of_two", ["terminalsPerDeveloper"], indirect=True)
@pytest.mark.usefixtures("limit_of_two")
def test_a_developer_has_so_many_sockets_and_no_more_over_all_servers(
    scene: Scene, right: str
) -> None:
    scene.both()
    second = scene.view(url=right).get_ready()
    wait_for(lambda: is_refused(scene))  # settings are fresh to the second
    assert not is_refused(scene, scene.member)  # who has none open yet
    second.close()
    wait_for(lambda: not is_refused(scene))


def test_a_terminal_that_nobody_opens_is_no_terminal(scene: Scene) -> None:
    assert scene.view().code(25) == CloseCode.NO_TERMINAL
