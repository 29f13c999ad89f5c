"""Tunnels as people, a machine and the sweep make them, through the API where people do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.control_channel.tunnels import TunnelOrders
from app.domain.roles import SystemRole
from app.domain.task import EventType
from app.extensions import db
from app.models import AuditEntry, Developer, Event, Project, Task
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import orders
from app.services.tasks import tasks
from app.services.tunnels import tunnels
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_driven
from tests.factories import make_developer, make_project

URL = "https://vscode.dev/tunnel/m1-1-abcdefgh/w"


class Scene:
    """A running task with a workspace, its creator, and its machine's orders."""

    def __init__(self, client: FlaskClient, login: Callable[[Developer], dict[str, str]]) -> None:
        self.client, self.login = client, login
        self.creator, self.member, self.stranger = (make_developer() for _ in range(3))
        stage = {"name": "a", "command": "x", "kind": "agent", "timeout": 60}
        project = make_project(members=[self.creator, self.member], pipeline=[stage])
        self.machine: FakeMachine = make_driven()
        self.told = TunnelOrders()
        self.task: Task = tasks.create(self.creator, project_key=project.key, description="x")
        dispatcher.assign_queued()
        self.machine.report_started(self.task)

    def prepare(self) -> "Scene":
        self.machine.report_on(self.task, frames.WorkspaceFacts("ready", path="/w"))
        return self

    def ask(self, verb: str, who: Developer | None = None, **body: Any) -> Any:
        path = f"/api/web/workspace-tunnel/{self.task.id}/{verb}"
        method = "GET" if verb == "status" else "POST"
        headers = self.login(who or self.creator)
        json = body or None
        answer = self.client.open(path, method=method, headers=headers, json=json)
        return (
            answer.json if answer.status_code == 200 else (answer.status_code, answer.json["code"])
        )

    def state(self) -> str:
        return str(self.ask("status")["state"])

    def orders(self) -> list[tuple[int, str]]:
        wanted = orders.orders_of_machine(self.machine.machine_id, now())
        return [(order.number, order.desired_state) for order in self.told.pop_due(wanted.tunnels)]

    def orders_again(self) -> list[tuple[int, str]]:
        """The orders on a new connection."""
        self.told = TunnelOrders()
        return self.orders()

    def report(self, state: Any, number: int = 1, **about: Any) -> None:
        self.machine.report_on(self.task, frames.TunnelFacts(number, state, **about))

    def story(self) -> list[str]:
        query = db.select(Event.message).where(
            Event.task_id == self.task.id, Event.type == EventType.TUNNEL
        )
        return list(db.session.scalars(query.order_by(Event.number)))


@pytest.fixture
def scene(app: Flask, client: FlaskClient, login: Any) -> Scene:
    return Scene(client, login).prepare()


def test_a_tunnel_is_started_connected_and_stopped(scene: Scene) -> None:
    assert scene.state() == "idle"
    version = scene.machine.row.orders_version
    begun = scene.ask("start", ttlSeconds=600)
    assert (begun["state"], begun["url"], begun["restarts"]) == ("starting", None, 0)
    assert scene.machine.row.orders_version > version
    assert scene.orders() == [(1, "open")]
    scene.report("starting")
    scene.report("connected", url=URL)
    assert scene.ask("status")["url"] == URL
    assert scene.ask("stop")["state"] == "closing"
    assert scene.orders() == [(1, "closed")]
    scene.report("closed")
    ended = scene.ask("status")
    assert (ended["state"], ended["url"], ended["error"]) == ("closed", None, None)
    assert scene.orders_again() == []
    name = scene.creator.name
    assert scene.story() == [
        f"tunnel started by {name}",
        "the tunnel is starting",
        "the tunnel is connected",
        f"tunnel stopped by {name}",
        "the tunnel closed",
    ]
    query = db.select(AuditEntry.action).where(AuditEntry.target_id == str(scene.task.id))
    assert set(db.session.scalars(query)) == {"tunnel.started", "tunnel.stopped"}


def test_starting_twice_and_stopping_what_is_not_open_change_nothing(scene: Scene) -> None:
    assert scene.ask("stop")["state"] == "idle"
    first = scene.ask("start")
    assert scene.ask("start", ttlSeconds=60) == first
    scene.ask("stop")
    assert scene.ask("stop")["state"] == "closing"
    assert len(scene.story()) == 2


def test_a_new_start_is_not_touched_by_words_about_the_one_before(scene: Scene) -> None:
    scene.ask("start")
    scene.ask("stop")
    scene.ask("start")
    assert scene.orders() == [(2, "open")]
    scene.report("closed", number=1)
    assert scene.state() == "starting"
    scene.report("connected", number=2, url=URL)
    assert scene.state() == "connected"


def test_the_address_and_a_log_in_are_for_those_who_may_act(scene: Scene) -> None:
    scene.ask("start")
    scene.report("starting", error="log in at … with the code C98F", waits_for_login=True)
    assert "C98F" in scene.ask("status")["error"]
    assert scene.ask("status", scene.member)["error"] is None
    scene.report("connected", url=URL)
    assert scene.ask("status", scene.member)["url"] is None
    assert scene.ask("status", make_developer(role=SystemRole.ADMIN))["url"] == URL
    assert scene.ask("start", scene.member) == (403, "forbidden")
    assert scene.ask("stop", scene.member) == (403, "forbidden")
    for verb in ("start", "stop", "status"):
        assert scene.ask(verb, scene.stranger) == (404, "not_found")
    assert not any(word in " ".join(scene.story()) for word in (URL, "C98F"))


def test_without_a_workspace_there_is_no_tunnel(
    app: Flask, client: FlaskClient, login: Any
) -> None:
    scene = Scene(client, login)
    assert scene.ask("start") == (409, "no_live_workspace")
    scene.prepare()
    tasks.cancel(scene.creator, scene.task.id)
    assert scene.ask("start") == (409, "no_live_workspace")


def test_where_the_network_is_not_open_there_is_no_tunnel(scene: Scene) -> None:
    """It would be a way out for what an agent has left in the workspace."""
    scene.prepare()
    project = db.session.get_one(Project, scene.task.project_id)
    stage = scene.task.pipeline[0]
    for projects, own in ((["packages.example.com"], None), (None, "none"), ([], None)):
        project.network = projects
        scene.task.pipeline = [{**stage, **({"network": own} if own else {})}]
        db.session.commit()
        assert scene.ask("start") == (409, "network_closed")
    scene.task.pipeline = [{**stage, "network": "open"}]
    db.session.commit()
    assert scene.ask("start")["state"] == "starting"


@pytest.mark.parametrize("seconds", [59, 86_401, "60"])
def test_a_tunnels_life_has_bounds(scene: Scene, seconds: Any) -> None:
    assert scene.ask("start", ttlSeconds=seconds) == (422, "validation_failed")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://vscode.dev/tunnel/x", ""])
def test_only_an_https_address_is_shown(scene: Scene, url: str) -> None:
    scene.ask("start")
    scene.report("connected", url=url)
    assert scene.ask("status")["url"] is None


def test_a_tunnel_ends_with_its_attempt(scene: Scene) -> None:
    scene.ask("start")
    scene.orders()
    scene.report("connected", url=URL)
    tasks.cancel(scene.creator, scene.task.id)
    shown = scene.ask("status")
    assert (shown["state"], shown["url"]) == ("closing", None)
    assert scene.orders() == [(1, "closed")]
    scene.report("closed", error="the attempt has ended")
    assert scene.state() == "closed"
    assert scene.orders() == []


def test_crashes_are_counted_and_the_last_one_is_told(scene: Scene) -> None:
    scene.ask("start")
    scene.report("connected", url=URL)
    scene.report("starting", restarts=1, error="exit code 3")
    shown = scene.ask("status")
    assert (shown["state"], shown["restarts"], shown["url"]) == ("starting", 1, None)
    scene.report("failed", restarts=3, error="exit code 3")
    assert (scene.state(), scene.ask("status")["error"]) == ("failed", "exit code 3")


def test_a_tunnel_that_its_machine_never_takes_up_has_failed_by_the_sweep(scene: Scene) -> None:
    scene.ask("start")
    assert tunnels.sweep(now()) == 0
    assert tunnels.sweep(now() + timedelta(seconds=61)) == 1
    assert scene.state() == "failed"
    assert "hasn't started it" in scene.ask("status")["error"]


def test_what_a_silent_machine_should_have_ended_is_over_and_it_is_still_told(
    scene: Scene,
) -> None:
    scene.ask("start", ttlSeconds=60)
    scene.orders()
    scene.report("connected", url=URL)
    assert tunnels.sweep(now() + timedelta(seconds=91)) == 1
    assert scene.state() == "expired"
    assert scene.orders() == [(1, "closed")]
    assert scene.orders_again() == [(1, "closed")]
    scene.report("closed")
    assert (scene.state(), scene.orders_again()) == ("expired", [])


def test_a_retry_begins_without_a_tunnel(scene: Scene) -> None:
    scene.ask("start")
    tasks.cancel(scene.creator, scene.task.id)
    scene.report("closed")
    scene.machine.report_on(scene.task, frames.Stopped())
    tasks.retry(scene.creator, scene.task.id)
    dispatcher.assign_queued()
    assert scene.state() == "idle"
