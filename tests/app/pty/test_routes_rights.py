"""Who gets in, how, how often, and until when."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from app.domain.attempt import AttemptPhase
from app.domain.roles import SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import (
    Attempt,
    ChannelToken,
    Developer,
    ProjectMember,
    StoredSetting,
    Task,
    TerminalInput,
)
from app.services.clock import now
from app.services.logs import sizes
from app.services.people import auth, personal_tokens, tokens
from app.services.tasks import tasks
from muster.protocol import frames
from muster.protocol import terminal as wire
from muster.protocol.terminal import CloseCode
from tests.app.pty.conftest import Scene
from tests.app.pty.ends import LIMIT, Viewer, ask_token, close_code, dial, encode, until
from tests.factories import make_developer, make_personal_token


def typed_by(scene: Scene) -> list[TerminalInput]:
    db.session.rollback()
    mine = TerminalInput.task_id == scene.task.id
    return list(db.session.scalars(sa.select(TerminalInput).where(mine)))


# ---- tokens --------------------------------------------------------------------------------------


def test_a_lead_may_watch_and_not_control(scene: Scene) -> None:
    lead = tokens.access_token(make_developer(role=SystemRole.LEAD))
    assert ask_token(scene.url, scene.task.id, lead, "watch")[0] == 200
    assert ask_token(scene.url, scene.task.id, lead, None)[1]["mode"] == "watch"
    assert ask_token(scene.url, scene.task.id, lead, "control")[0] == 403


def test_a_member_watches_and_the_creator_and_maintainers_control(scene: Scene) -> None:
    assert scene.token(scene.member, None)["mode"] == "watch"
    assert scene.token(scene.creator, None)["mode"] == "control"
    assert scene.token(scene.maintainer, None)["mode"] == "control"


@pytest.mark.parametrize("phase", [AttemptPhase.GATE, AttemptPhase.PUBLISH])
def test_there_is_no_terminal_where_no_stage_runs(scene: Scene, phase: AttemptPhase) -> None:
    db.session.execute(
        sa.update(Attempt).where(Attempt.task_id == scene.task.id).values(phase=phase)
    )
    db.session.commit()
    bearer = tokens.access_token(scene.creator)
    status, body = ask_token(scene.url, scene.task.id, bearer)
    assert (status, body["code"]) == (409, "no_terminal")


def test_a_token_is_stored_as_a_digest_only(scene: Scene) -> None:
    secret = scene.token()["channelToken"]
    stored = db.session.scalars(sa.select(ChannelToken.digest)).all()
    assert secret not in stored
    assert secret.startswith("mst_chan_")


def test_of_many_who_come_with_one_token_at_once_one_gets_in(scene: Scene, right: str) -> None:
    token = scene.token()["channelToken"]
    bearer = tokens.access_token(scene.creator)
    machine_order = scene.machine.until(frames.OpenTerminal)
    scene.dial(machine_order.channel_token)
    codes: list[Any] = []
    barrier = threading.Barrier(8)

    def come(url: str) -> None:
        barrier.wait()
        viewer = Viewer(url, scene.task.id, bearer, token)
        scene.opened.append(viewer)
        try:
            codes.append(viewer.get_ready() and "ready")
        except Exception:
            codes.append(viewer.code())

    callers = [
        threading.Thread(target=come, args=(url,)) for url in (scene.url, right) for _ in range(4)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)
    assert sorted(map(str, codes)) == [str(CloseCode.UNAUTHENTICATED)] * 7 + ["ready"]


def refused(scene: Scene, bearer: str, channel_token: str, task_id: int | None = None) -> int:
    viewer = Viewer(scene.url, task_id or scene.task.id, bearer, channel_token)
    scene.opened.append(viewer)
    return viewer.code()


def test_a_token_is_good_for_its_developer_its_task_and_a_minute(
    scene: Scene, make_scene: Any
) -> None:
    other = make_scene(scene.url)
    mine, theirs = tokens.access_token(scene.creator), tokens.access_token(scene.member)
    assert refused(scene, theirs, scene.token()["channelToken"]) == CloseCode.UNAUTHENTICATED
    elsewhere = scene.token()["channelToken"]
    assert refused(scene, mine, elsewhere, other.task.id) == CloseCode.NO_TASK
    late = scene.token()["channelToken"]
    db.session.execute(sa.update(ChannelToken).values(expires_at=now()))
    db.session.commit()
    assert refused(scene, mine, late) == CloseCode.UNAUTHENTICATED


def test_the_credential_must_be_good_too(scene: Scene) -> None:
    token = scene.token()["channelToken"]
    assert refused(scene, "garbage", token) == CloseCode.UNAUTHENTICATED
    assert refused(scene, scene.machine.worker_jwt, token) == CloseCode.UNAUTHENTICATED


def test_a_personal_access_token_does(scene: Scene) -> None:
    _, secret = make_personal_token(scene.creator)
    viewer = Viewer(scene.url, scene.task.id, secret, scene.token()["channelToken"])
    scene.opened.append(viewer)
    scene.open()
    viewer.get_ready()


def test_a_machine_s_token_opens_no_viewer_s_door_and_the_other_way_round(scene: Scene) -> None:
    token = scene.token()["channelToken"]
    order = scene.machine.until(frames.OpenTerminal)
    bearer = tokens.access_token(scene.creator)
    assert refused(scene, bearer, order.channel_token) == CloseCode.UNAUTHENTICATED
    machine = dial(scene.url, f"/api/workers/pty/{scene.task.id}")
    auth = wire.MachineAuth(worker_jwt=scene.machine.worker_jwt, channel_token=token)
    machine.send(encode(auth))
    assert close_code(machine) == CloseCode.UNAUTHENTICATED


# ---- the first frame, and bad ones ---------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ws/pty/{}", "/api/workers/pty/{}"])
def test_who_says_nothing_for_five_seconds_is_hung_up_on(scene: Scene, path: str) -> None:
    begun = time.monotonic()
    assert close_code(dial(scene.url, path.format(scene.task.id))) == CloseCode.NO_AUTH
    assert time.monotonic() - begun > 4.9


def test_another_page_may_not_open_terminals(scene: Scene) -> None:
    path = f"/ws/pty/{scene.task.id}"
    foreign = dial(scene.url, path, origin="https://evil.example.org")
    assert close_code(foreign) == CloseCode.FORBIDDEN
    own = dial(scene.url, path, origin=scene.url)
    own.send("{")
    assert close_code(own) == CloseCode.MALFORMED


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("{", id="no JSON"),
        pytest.param(b"keys", id="bytes"),
        pytest.param('{"type":"ping"}', id="a ping"),
        pytest.param('{"type":"auth","token":1,"channelToken":"x"}', id="wrong types"),
        pytest.param('{"type":"auth","token":"\\ud800","channelToken":"x"', id="half a character"),
        pytest.param("[" * 60_000, id="deep"),
    ],
)
def test_whatever_is_no_auth_is_malformed(scene: Scene, message: str | bytes) -> None:
    viewer = dial(scene.url, f"/ws/pty/{scene.task.id}")
    viewer.send(message)
    assert close_code(viewer) == CloseCode.MALFORMED


@pytest.mark.parametrize("message", ["x" * 70_000, b"x" * 70_000], ids=["text", "bytes"])
def test_a_frame_that_is_too_large_ends_the_socket(scene: Scene, message: str | bytes) -> None:
    _, viewer = scene.both()
    viewer.socket.send(message)
    assert viewer.code() == CloseCode.TOO_BIG


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FRAMES = st.fixed_dictionaries(
    {"type": st.sampled_from(["auth", "resize", "ping", "takeover", "at", "screen", "x"])},
    optional={
        name: JSON | st.integers(-(2**70), 2**70)
        for name in ("cols", "rows", "token", "offset", "data", "by")
    },
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(FRAMES.map(json.dumps) | st.text(max_size=50) | st.binary(max_size=99), max_size=4))
def test_no_nonsense_gets_more_than_a_close_code(
    scene: Scene, pty_servers: Any, messages: list[str | bytes]
) -> None:
    if not scene.opened:
        scene.both()
    viewer = scene.look().get_ready()
    for message in messages:
        try:
            viewer.socket.send(message)
        except Exception:
            break
    try:
        viewer.send(wire.Ping())  # unless it is closed already
        viewer.until(wire.Pong, 5)
    except Exception:
        assert viewer.code() == CloseCode.MALFORMED
    viewer.hang_up()
    assert "Traceback" not in pty_servers[0].log


# ---- modes ---------------------------------------------------------------------------------------


def test_who_watches_cannot_type_and_stays(scene: Scene) -> None:
    machine, _ = scene.both()
    watching = scene.look(scene.member, "watch").get_ready()
    watching.press(b"rm -rf /\r")
    assert watching.until(wire.Refused).code == "watching"
    watching.send(wire.Resize(cols=10, rows=10))
    watching.until(wire.Refused)
    watching.send(wire.Takeover())
    watching.until(wire.Refused)
    assert watching.until_offset(machine.print(b"on")) == b"on"
    assert (machine.typed, machine.sizes) == (b"", [])


def test_several_may_control_until_one_takes_over(scene: Scene, right: str) -> None:
    machine, first = scene.both()
    second = scene.look(scene.maintainer, url=right).get_ready()
    first.press(b"1")
    until(lambda: machine.typed == b"1")
    second.press(b"2")
    until(lambda: machine.typed == b"12")
    second.send(wire.Takeover())
    assert first.until(wire.Takeover).by == scene.maintainer.name
    first.press(b"3")
    assert first.until(wire.Refused).code == "watching"
    second.press(b"4")
    until(lambda: machine.typed == b"124")
    first.send(wire.Takeover())
    assert second.until(wire.Takeover).by == scene.creator.name
    first.press(b"5")
    until(lambda: machine.typed == b"1245")


def test_the_size_follows_the_controller_and_viewers_are_told(scene: Scene, right: str) -> None:
    machine, controller = scene.both()
    watching = scene.look(scene.member, "watch", url=right).get_ready()
    controller.send(wire.Resize(cols=90, rows=20))
    until(lambda: machine.sizes == [(90, 20)])
    for viewer in (controller, watching):
        told = viewer.until(wire.Resize)
        while (told.cols, told.rows) != (90, 20):  # an earlier one may come first
            told = viewer.until(wire.Resize)


def test_sizes_are_kept_for_the_recording(scene: Scene) -> None:
    machine, viewer = scene.both()
    viewer.until_offset(machine.print(b"seen"))
    viewer.send(wire.Resize(cols=90, rows=20))
    viewer.until(wire.Resize)
    until(lambda: sizes_of(scene) == [(0, 100, 30), (4, 90, 20)])


def sizes_of(scene: Scene) -> list[tuple[int, int, int]]:
    db.session.rollback()
    return sizes.of_attempt(scene.task.id, 1)


def test_a_paste_of_a_megabyte_arrives_whole_and_is_told_as_bytes_not_as_keys(
    scene: Scene,
) -> None:
    machine, viewer = scene.both()
    paste = b"".join(b"%07d\n" % number for number in range(1 << 17))
    viewer.press(paste)
    until(lambda: len(machine.typed) == len(paste), 30)
    assert machine.typed == paste
    viewer.hang_up()
    until(lambda: sum(row.bytes for row in typed_by(scene)) == len(paste))
    (developer,) = {row.developer_id for row in typed_by(scene)}
    assert developer == scene.creator.id


def test_who_typed_how_much_is_told_of_each(scene: Scene, right: str) -> None:
    machine, first = scene.both()
    second = scene.look(scene.maintainer, url=right).get_ready()
    begun = now()
    first.press(b"a secret word")
    second.press(b"and\r")
    until(lambda: len(machine.typed) == 17)
    until(lambda: len(typed_by(scene)) == 2)
    by = {row.developer_id: row for row in typed_by(scene)}
    assert {who: row.bytes for who, row in by.items()} == {
        scene.creator.id: 13,
        scene.maintainer.id: 4,
    }
    assert all(begun <= row.begun_at <= row.ended_at <= now() for row in by.values())
    request = urllib.request.Request(
        f"{scene.url}/api/web/tasks/{scene.task.id}/terminal-inputs",
        headers={"Authorization": f"Bearer {tokens.access_token(scene.maintainer)}"},
    )
    with urllib.request.urlopen(request, timeout=LIMIT) as answer:
        told = answer.read().decode()
    assert scene.creator.name in told
    assert "secret" not in told


def test_at_a_gate_nothing_takes_what_is_typed(scene: Scene) -> None:
    _machine, viewer = scene.both()
    db.session.execute(
        sa.update(Attempt).where(Attempt.task_id == scene.task.id).values(phase=AttemptPhase.GATE)
    )
    db.session.commit()

    def is_refused() -> bool:
        viewer.press(b"y")
        try:
            return viewer.until(wire.Refused, 0.3).code == "gate"
        except TimeoutError:
            return False

    until(is_refused)


# ---- while it is open ----------------------------------------------------------------------------


def test_who_is_disabled_signed_out_or_put_out_is_hung_up_on(scene: Scene) -> None:
    _, one = scene.both()
    two = scene.look(scene.maintainer).get_ready()
    three = scene.look(scene.member, "watch").get_ready()
    _, secret = make_personal_token(scene.creator)
    four = Viewer(scene.url, scene.task.id, secret, scene.token()["channelToken"])
    scene.opened.append(four)
    four.get_ready()
    stays = scene.look().get_ready()
    personal_tokens.revoke_all(scene.creator, now())
    db.session.get_one(Developer, scene.maintainer.id).token_generation += 1
    mine = ProjectMember.developer_id == scene.member.id
    db.session.execute(sa.delete(ProjectMember).where(mine))
    db.session.commit()
    for viewer in (two, three, four):
        assert viewer.code() == CloseCode.FORBIDDEN
    one.send(wire.Ping())
    one.until(wire.Pong)
    db.session.get_one(Developer, scene.creator.id).disabled_at = now()
    db.session.commit()
    assert stays.code() == CloseCode.FORBIDDEN
    assert one.code() == CloseCode.FORBIDDEN


def test_who_signs_out_is_hung_up_on_where_they_came_from_there(scene: Scene) -> None:
    _, elsewhere = scene.both()
    gone, stays = (auth.begin_family(scene.creator, now()) for _ in range(2))
    db.session.commit()
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
        viewer.until(wire.Pong)


def test_a_task_s_end_ends_its_sockets(scene: Scene) -> None:
    machine, viewer = scene.both()
    tasks.cancel(make_developer(role=SystemRole.ADMIN), scene.task.id)
    assert viewer.code() == CloseCode.ENDED
    assert until(lambda: machine.code) == CloseCode.ENDED
    assert (
        refused(scene, tokens.access_token(scene.creator), "mst_chan_x")
        == CloseCode.UNAUTHENTICATED
    )


def test_an_attempt_s_end_sends_viewers_for_another_token(scene: Scene) -> None:
    _, viewer = scene.both()
    attempt = db.session.get_one(Attempt, (scene.task.id, 1))
    attempt.ended_at, attempt.outcome = now(), "lost"
    db.session.get_one(Task, scene.task.id).status = TaskStatus.QUEUED
    db.session.commit()
    assert viewer.code() == CloseCode.NO_TERMINAL


def test_the_exit_of_a_stage_is_told_behind_its_last_byte(scene: Scene) -> None:
    machine, viewer = scene.both()
    held = frames.HeldAttempt(
        task_id=scene.task.id, attempt=1, stage_index=0, state="working", log_offset=4
    )
    scene.machine.write(held, b"last")
    scene.machine.say(held, frames.StageFinished(stage_index=0, log_end=4, how="exit", code=3))
    scene.machine.until_acked()
    machine.print(b"last")
    assert viewer.until(wire.Exit) == wire.Exit(code=3, stage_index=0)
    assert viewer.data == b"last"
    assert viewer.code() == CloseCode.ENDED


def is_refused(scene: Scene, who: Developer | None = None) -> bool:
    """Whether one socket more is one too many."""
    viewer = scene.look(who, "watch")
    try:
        viewer.get_ready().hang_up()
    except ConnectionClosed:
        return viewer.code() == CloseCode.TOO_MANY
    return False


@pytest.fixture
def at_most_two(request: pytest.FixtureRequest, rows: object) -> Iterator[None]:
    """Sockets, by the setting that is the fixture's parameter."""
    admin = make_developer(role=SystemRole.ADMIN)
    stored = StoredSetting(key=request.param, value=2, updated_at=now(), updated_by=admin.id)
    db.session.add(stored)
    db.session.commit()
    yield
    db.session.delete(stored)
    db.session.commit()
    gone = time.monotonic()
    until(lambda: time.monotonic() > gone + 1.1)  # servers know settings for a second


@pytest.mark.parametrize("at_most_two", ["terminalsPerTask"], indirect=True)
@pytest.mark.usefixtures("at_most_two")
def test_a_task_has_so_many_sockets_and_no_more_whoever_comes(
    scene: Scene, right: str, make_scene: Callable[[str], Scene]
) -> None:
    scene.both()
    scene.look(scene.member, "watch", url=right).get_ready()
    until(lambda: is_refused(scene, scene.maintainer))  # settings are fresh to the second
    make_scene(right).both()  # another task's


@pytest.mark.parametrize("at_most_two", ["terminalsPerDeveloper"], indirect=True)
@pytest.mark.usefixtures("at_most_two")
def test_a_developer_has_so_many_sockets_and_no_more_over_all_servers(
    scene: Scene, right: str
) -> None:
    scene.both()
    second = scene.look(url=right).get_ready()
    until(lambda: is_refused(scene))  # settings are fresh to the second
    assert not is_refused(scene, scene.member)  # who has none open yet
    second.hang_up()
    until(lambda: not is_refused(scene))


def test_a_machine_that_does_not_know_terminals_is_not_asked(scene: Scene) -> None:
    old = scene.machine
    old.dial()
    hello = old.hello(frames.HeldAttempt(scene.task.id, 1, 0, "working", 0))
    hello.protocol = 1
    old.send(hello)
    assert old.until(frames.Welcome).protocol == 1
    scene.token()
    assert old.hears_nothing(frames.OpenTerminal, 1)


def test_a_terminal_that_nobody_opens_is_no_terminal(scene: Scene) -> None:
    assert scene.look().code(25) == CloseCode.NO_TERMINAL
