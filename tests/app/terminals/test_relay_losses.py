"""Server processes that stop or die in the middle of it."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from app.terminals import peer
from muster.protocol import frames
from muster.protocol import terminal as wire
from muster.protocol.terminal import CloseCode
from tests.app.terminals.conftest import Scene
from tests.app.terminals.endpoints import Viewer, wait_for
from tests.chaos.proxy import Proxy, ProxyPort
from tests.factories import begin_login
from tests.gunicorns import Gunicorn, gunicorn


@pytest.fixture
def third(pty_environment: dict[str, str], tmp_path: Path, scene: Scene) -> Iterator[Gunicorn]:
    """A server of the test's own, to be ended."""
    with gunicorn(tmp_path, {**pty_environment, "MUSTER_HOME": str(tmp_path)}) as running:
        yield running


@pytest.fixture
def hasty(pty_environment: dict[str, str], tmp_path: Path, scene: Scene) -> Iterator[Gunicorn]:
    """A server that pings three times a second, and gives up who says nothing for two."""
    env = {**pty_environment, "MUSTER_HOME": str(tmp_path)}
    with gunicorn(tmp_path, env, app="tests.app.terminals.short_timeout_app:app") as running:
        yield running


@pytest.fixture
def seldom(pty_environment: dict[str, str], tmp_path: Path, scene: Scene) -> Iterator[Gunicorn]:
    """A server whose own looks come too late for any test."""
    env = {**pty_environment, "MUSTER_HOME": str(tmp_path)}
    with gunicorn(tmp_path, env, app="tests.app.terminals.rare_check_app:app") as running:
        yield running


def test_a_logout_ends_a_socket_at_once_wherever_it_is(scene: Scene, seldom: Gunicorn) -> None:
    scene.both()
    pair, other = begin_login(scene.creator), begin_login(scene.creator)
    gone, stays = (
        Viewer(seldom.url, scene.task.id, each.access_token, scene.token()["channelToken"])
        for each in (pair, other)
    )
    scene.opened += [gone, stays]
    gone.get_ready()
    stays.get_ready()
    body = json.dumps({"refreshToken": pair.refresh_token}).encode()
    headers = {"Authorization": f"Bearer {pair.access_token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{scene.url}/api/auth/logout", body, headers)
    assert urllib.request.urlopen(request, timeout=10).status == 200
    assert gone.code() == CloseCode.FORBIDDEN
    stays.send(wire.Ping())
    stays.wait_for(wire.Pong)


@pytest.fixture
def line(hasty: Gunicorn) -> Iterator[ProxyPort]:
    """The way to it."""
    proxy = Proxy()
    yield proxy.open_port(hasty.port)
    proxy.close()


def test_who_is_idle_is_pinged_and_stays_and_who_has_gone_silent_is_given_up(
    scene: Scene, line: ProxyPort, environment: dict[str, str]
) -> None:
    assert (peer.PING_SECONDS, peer.SILENCE_TIMEOUT_SECONDS) == (20.0, 50.0)
    machine, viewer = scene.both(url=f"http://127.0.0.1:{line.port}")
    for _ in range(10):  # for longer than silence is borne
        viewer.wait_for(wire.Ping)
    assert viewer.wait_for_offset(machine.print(b"still here")) == b"still here"
    with redis.Redis.from_url(environment["REDIS_URL"]) as valkey:
        here = f"muster:terminal:task:{scene.task.id}"
        assert valkey.zcard(here) == 1
        line.swallow("up", "down")  # nobody hangs up
        wait_for(lambda: valkey.zcard(here) == 0)


def test_a_viewer_whose_server_is_killed_misses_nothing(scene: Scene, third: Gunicorn) -> None:
    machine, viewer = scene.both(url=third.url)
    seen = viewer.wait_for_offset(machine.print(b"before "))
    third.process.kill_group()
    machine.print(b"meanwhile ")
    assert viewer.code() == 1006
    again = scene.view(resume_from=viewer.offset).get_ready()
    assert seen + again.wait_for_offset(machine.print(b"after")) == b"before meanwhile after"
    assert again.gaps == []


def test_a_machine_whose_terminal_s_server_is_killed_dials_another(
    scene: Scene, third: Gunicorn
) -> None:
    viewer = scene.view()
    order = scene.machine.wait_for(frames.OpenTerminal)
    machine = scene.dial(order.channel_token, url=third.url)
    viewer.get_ready().wait_for_offset(machine.print(b"before "))
    third.process.kill_group()
    wait_for(lambda: machine.code)
    again = scene.open_again(end=machine.end)
    assert again.ready.offset == machine.end
    assert viewer.wait_for_offset(again.print(b"after")) == b"before after"
    assert viewer.gaps == []


def test_a_server_that_stops_says_so(
    scene: Scene, third: Gunicorn, make_scene: Callable[[str], Scene]
) -> None:
    there = make_scene(scene.url)
    viewer = there.view(url=third.url)
    order = there.machine.wait_for(frames.OpenTerminal)
    machine = there.dial(order.channel_token, url=third.url)
    viewer.get_ready()
    third.process.request_stop()
    assert viewer.code() == wire.CloseCode.GOING_AWAY
    assert wait_for(lambda: machine.code) == wire.CloseCode.GOING_AWAY
