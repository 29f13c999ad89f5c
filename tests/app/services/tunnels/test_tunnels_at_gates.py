"""At a gate, a tunnel may change the work: nobody can answer meanwhile, and it's recorded."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask

from app.control_channel.tunnels import TunnelOrders
from app.domain.errors import DomainError, TunnelOpen
from app.domain.task import EventType, TaskStatus
from app.domain.tunnel import TunnelState
from app.extensions import db
from app.models import Developer, Event, Gate, Machine, Task, Tunnel
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import orders
from app.services.tasks import gates, tasks
from app.services.tunnels import tunnels
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, make_driven, status, warnings_of
from tests.factories import make_developer, make_project

STAGES = [
    {"name": name, "command": "x", "kind": "agent", "timeout": 60, "confirm": name != "develop"}
    for name in ("develop", "check", "ship")
]
BEFORE, AFTER = frames.DiffStat(1, 2, 3), frames.DiffStat(4, 5, 6)


class Scene:
    """A task that waits at the gate before its second stage, and a tunnel into its workspace."""

    def __init__(self) -> None:
        self.ada, self.bob = make_developer(), make_developer()
        project = make_project(maintainers=[self.ada, self.bob], pipeline=STAGES)
        self.machine: FakeMachine = make_driven()
        self.task: Task = tasks.create(
            self.ada,
            project_key=project.key,
            description="x",
            machine_id=self.machine.machine_id,
        )
        dispatcher.assign_queued()
        self.machine.report_started(self.task)
        self.machine.report_on(self.task, frames.WorkspaceFacts("ready", path="/w"))
        self.checkpoint(BEFORE)
        self.machine.report_finished(self.task)

    def checkpoint(self, diff: frames.DiffStat, stage: int = 0, commit: str = "c0ffee") -> None:
        ref = f"refs/muster/{self.task.id}/1/{stage}"
        self.machine.report_on(self.task, frames.Checkpoint(stage, ref, commit, diff))

    def report(self, state: Any) -> None:
        self.machine.report_on(self.task, frames.TunnelFacts(1, state))

    def answer(self, result: str = "confirm") -> None:
        gates.confirm_stage(self.ada, self.task.id, 1, result)

    def files(self) -> int:
        diff = gates.get_pending(self.ada, self.task.id).diff
        assert diff is not None
        return int(diff["filesChanged"])

    def checkpoints(self) -> list[Event]:
        query = db.select(Event).where(
            Event.task_id == self.task.id, Event.type == EventType.CHECKPOINT
        )
        return list(db.session.scalars(query.order_by(Event.number)))


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene()


ANSWERED = {
    TunnelState.STARTING: "Close the tunnel first",
    TunnelState.CONNECTED: "Close the tunnel first",
    TunnelState.CLOSING: "is closing",
    TunnelState.CLOSED: None,
    TunnelState.EXPIRED: None,
    TunnelState.FAILED: None,
}


@pytest.mark.parametrize("state", ANSWERED)
@pytest.mark.parametrize("result", ["confirm", "reject"])
def test_an_answer_waits_until_the_tunnel_is_over(
    scene: Scene, state: TunnelState, result: str
) -> None:
    tunnels.start(scene.bob, scene.task.id)
    db.session.get_one(Tunnel, (scene.task.id, 1)).state = state
    db.session.commit()
    words = ANSWERED[state]
    if words is None:
        scene.answer(result)
        assert status(scene.task) is not TaskStatus.SUSPENDED
        return
    with pytest.raises(TunnelOpen, match=words):
        scene.answer(result)
    db.session.rollback()
    assert status(scene.task) is TaskStatus.SUSPENDED
    assert gates.get_pending(scene.ada, scene.task.id).stage_index == 1


@pytest.mark.parametrize("is_there", [True, False])
def test_an_end_that_the_server_assumed_counts_only_where_its_machine_is_away(
    scene: Scene, is_there: bool
) -> None:
    tunnels.start(scene.bob, scene.task.id)
    scene.report("connected")
    tunnels.stop(scene.bob, scene.task.id)
    db.session.get_one(Machine, scene.machine.machine_id).connected = is_there
    db.session.commit()
    assert tunnels.sweep(now() + timedelta(minutes=2)) == 1
    if is_there:
        with pytest.raises(TunnelOpen, match="is closing"):
            scene.answer()
        db.session.rollback()
        scene.checkpoint(AFTER)
        scene.report("closed")
        assert scene.files() == 4
    scene.answer()
    assert gates_open(scene.task) == 0


def gates_open(task: Task) -> int:
    query = db.select(db.func.count()).select_from(Gate)
    return db.session.scalar(query.where(Gate.task_id == task.id, Gate.answered_at.is_(None))) or 0


def test_what_the_tunnel_changed_is_a_checkpoint_of_the_stage_and_the_gates_diff(
    scene: Scene,
) -> None:
    assert scene.files() == 1
    tunnels.start(scene.bob, scene.task.id)
    scene.report("connected")
    tunnels.stop(scene.bob, scene.task.id)
    scene.checkpoint(AFTER, commit="beef")
    scene.report("closed")
    assert scene.files() == 4
    db.session.refresh(scene.task)
    assert scene.task.checkpoints["0"] == {
        "ref": f"refs/muster/{scene.task.id}/1/0",
        "commit": "beef",
        "diff": {"filesChanged": 4, "insertions": 5, "deletions": 6},
    }
    first, again = scene.checkpoints()
    assert (again.stage_index, again.data["by"], "by" in first.data) == (0, scene.bob.id, False)
    assert again.message == (
        f"checkpoint of stage “develop”, updated: {scene.bob.name} has changed it through a tunnel"
    )
    scene.answer()
    assert status(scene.task) is TaskStatus.ASSIGNED


@pytest.mark.parametrize("stage", [1, 2], ids=["the stage that waits", "a later one"])
def test_a_checkpoint_of_another_stage_is_ignored_at_the_gate(scene: Scene, stage: int) -> None:
    scene.checkpoint(AFTER, stage=stage)
    assert scene.files() == 1
    assert len(scene.checkpoints()) == 1
    (warning,) = warnings_of(scene.task)
    assert "ignored checkpoint" in warning


def test_a_checkpoint_that_comes_after_the_answer_changes_nothing(scene: Scene) -> None:
    scene.answer()
    scene.checkpoint(AFTER, commit="late")
    db.session.refresh(scene.task)
    assert scene.task.checkpoints["0"]["commit"] == "c0ffee"
    assert len(warnings_of(scene.task)) == 1


def test_the_order_says_in_whose_name_changes_are_committed(scene: Scene) -> None:
    tunnels.start(scene.bob, scene.task.id)

    def sent() -> list[frames.Tunnel]:
        found = orders.orders_of_machine(scene.machine.machine_id, now()).tunnels
        return TunnelOrders().pop_due(found)

    (order,) = sent()
    assert order.opened_by == frames.Author(scene.bob.git_name, scene.bob.git_email)


def at_once(app: Flask, *acts: Callable[[], object]) -> list[str]:
    """What became of these acts, done at the same moment: a problem's code, or `done`."""
    start = threading.Barrier(len(acts))

    def outcome(act: Callable[[], object]) -> str:
        with app.app_context():
            start.wait(10)
            try:
                act()
            except DomainError as error:
                return error.code
            return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(outcome, acts))


def developer(developer_id: int) -> Developer:
    return db.session.get_one(Developer, developer_id)


def test_an_answer_never_misses_a_tunnel_that_is_opened_at_the_same_time(
    committed_app: Flask,
) -> None:
    for _ in range(10):
        scene = Scene()
        at, ada, bob = scene.task.id, scene.ada.id, scene.bob.id
        answered, opened = at_once(
            committed_app,
            partial(lambda at, ada: gates.confirm_stage(developer(ada), at, 1, "confirm"), at, ada),
            partial(lambda at, bob: tunnels.start(developer(bob), at), at, bob),
        )
        db.session.rollback()
        waits = status(scene.task) is TaskStatus.SUSPENDED
        assert (answered, opened) == ("tunnel_open" if waits else "done", "done")
