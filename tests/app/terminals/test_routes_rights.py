"""Who gets in, with which token, and what the first frame may be."""

import json
import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.attempt import AttemptPhase
from app.domain.roles import SystemRole
from app.extensions import db
from app.models import (
    Attempt,
    ChannelToken,
)
from app.services.clock import now
from muster.protocol import frames
from muster.protocol import terminal as wire
from muster.protocol.terminal import CloseCode
from tests.app.terminals.conftest import Scene
from tests.app.terminals.endpoints import Viewer, ask_token, close_code, dial, encode
from tests.app.terminals.refusals import refused
from tests.factories import access_token_of, make_developer, make_personal_token, make_project

# ---- tokens --------------------------------------------------------------------------------------


def test_a_lead_may_watch_and_not_control(scene: Scene) -> None:
    lead = access_token_of(make_developer(role=SystemRole.LEAD))
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
    bearer = access_token_of(scene.creator)
    status, body = ask_token(scene.url, scene.task.id, bearer)
    assert (status, body["code"]) == (409, "no_terminal")


def test_a_token_is_stored_as_a_digest_only(scene: Scene) -> None:
    secret = scene.token()["channelToken"]
    stored = db.session.scalars(sa.select(ChannelToken.digest)).all()
    assert secret not in stored
    assert secret.startswith("mst_chan_")


def test_of_many_who_come_with_one_token_at_once_one_gets_in(scene: Scene, right: str) -> None:
    token = scene.token()["channelToken"]
    bearer = access_token_of(scene.creator)
    machine_order = scene.machine.wait_for(frames.OpenTerminal)
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


def test_a_token_is_good_for_its_developer_its_task_and_a_minute(
    scene: Scene, make_scene: Any
) -> None:
    other = make_scene(scene.url)
    mine, theirs = access_token_of(scene.creator), access_token_of(scene.member)
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


def test_a_token_that_is_for_reading_watches_and_does_not_type(scene: Scene) -> None:
    _, reads = make_personal_token(scene.creator, scopes=["read"])
    status, problem = ask_token(scene.url, scene.task.id, reads, "control")
    assert (status, problem["code"]) == (403, "insufficient_scope")
    assert ask_token(scene.url, scene.task.id, reads, None)[1]["mode"] == "watch"
    # Nor with what its owner was given otherwise.
    assert refused(scene, reads, scene.token()["channelToken"]) == CloseCode.UNAUTHENTICATED
    _, works = make_personal_token(scene.creator, scopes=["tasks"])
    assert ask_token(scene.url, scene.task.id, works, None)[1]["mode"] == "control"


def test_a_token_for_other_projects_opens_no_terminal(scene: Scene) -> None:
    _, elsewhere = make_personal_token(scene.creator, projects=[make_project().id])
    assert ask_token(scene.url, scene.task.id, elsewhere, "watch")[0] == 404
    assert refused(scene, elsewhere, scene.token()["channelToken"]) == CloseCode.NO_TASK


def test_a_machine_s_token_opens_no_viewer_socket_and_vice_versa(scene: Scene) -> None:
    token = scene.token()["channelToken"]
    order = scene.machine.wait_for(frames.OpenTerminal)
    bearer = access_token_of(scene.creator)
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
    viewer = scene.view().get_ready()
    for message in messages:
        try:
            viewer.socket.send(message)
        except Exception:
            break
    try:
        viewer.send(wire.Ping())  # unless it is closed already
        viewer.wait_for(wire.Pong, 5)
    except Exception:
        assert viewer.code() == CloseCode.MALFORMED
    viewer.close()
    assert "Traceback" not in pty_servers[0].log
