"""Two real gunicorns on one database and one Valkey, a task that runs, and who may look into it."""

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Developer, Task
from app.services.accounts import tokens
from muster.protocol import frames
from tests.app.control_channel.simulated_machine import SimulatedMachine
from tests.app.terminals.endpoints import StandInMachine, Viewer, ask_token
from tests.conftest import make_app
from tests.factories import (
    access_token_of,
    make_attempt,
    make_developer,
    make_machine,
    make_project,
    make_task,
)
from tests.gunicorns import Gunicorn, gunicorn


@pytest.fixture(scope="session")
def pty_environment(
    environment: dict[str, str], new_database: Callable[..., str]
) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        **environment,
        "DATABASE_URL": new_database("muster_pty"),
        "MUSTER_HEARTBEAT_SECONDS": "1",
        "MUSTER_WEB_WORKERS": "1",
    }


@pytest.fixture(scope="package")
def pty_servers(
    pty_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Gunicorn, Gunicorn]]:
    """One process each: what is at one is not at the other."""
    with ExitStack() as running:
        servers = []
        for name in ("left", "right"):
            directory: Path = tmp_path_factory.mktemp(name)
            env = {**pty_environment, "MUSTER_HOME": str(directory)}
            servers.append(running.enter_context(gunicorn(directory, env)))
        yield servers[0], servers[1]


@pytest.fixture
def left(pty_servers: tuple[Gunicorn, Gunicorn]) -> str:
    return pty_servers[0].url


@pytest.fixture
def right(pty_servers: tuple[Gunicorn, Gunicorn]) -> str:
    return pty_servers[1].url


@pytest.fixture(scope="session")
def pty_app(pty_environment: dict[str, str]) -> Flask:
    return make_app(pty_environment)


@pytest.fixture
def rows(pty_app: Flask) -> Iterator[Flask]:
    with pty_app.app_context():
        yield pty_app
        db.session.remove()


@dataclass
class Scene:
    """A running task, its machine on the control channel, its creator, and what has been opened."""

    url: str  # where the machine is
    task: Task
    creator: Developer
    member: Developer
    maintainer: Developer
    machine: SimulatedMachine
    opened: list[Any] = field(default_factory=list)

    def token(
        self,
        who: Developer | None = None,
        mode: str | None = "control",
        url: str | None = None,
        terminal: str | None = None,
    ) -> dict[str, Any]:
        bearer = access_token_of(who or self.creator)
        status, body = ask_token(url or self.url, self.task.id, bearer, mode, terminal)
        assert status == 200, body
        return body

    def open(self, **given: Any) -> StandInMachine:
        """The machine's terminal socket, on the order that has come for it."""
        order = self.machine.wait_for(frames.OpenTerminal)
        return self.dial(order.channel_token, **given)

    def open_again(self, **options: Any) -> StandInMachine:
        """Likewise, after the machine has said that its socket has ended. (Said in the second
        after it was asked it is passed over: what ends at once would end at once again.)"""
        frame = frames.TerminalClosed(task_id=self.task.id, attempt=1)
        while True:
            self.machine.send(frame)
            with contextlib.suppress(TimeoutError):
                order = self.machine.wait_for(frames.OpenTerminal, limit=0.3)
                return self.dial(order.channel_token, **options)

    def dial(self, token: str, url: str | None = None, **given: Any) -> StandInMachine:
        jwt = self.machine.worker_jwt
        machine = StandInMachine(url or self.url, jwt, self.task.id, token, **given)
        self.opened.append(machine)
        return machine

    def view(
        self,
        who: Developer | None = None,
        mode: str = "control",
        url: str | None = None,
        terminal: str | None = None,
        **given: Any,
    ) -> Viewer:
        """A viewer that has said auth, and has not heard yet."""
        who = who or self.creator
        token = self.token(who, mode, terminal=terminal)["channelToken"]
        bearer = access_token_of(who)
        viewer = Viewer(url or self.url, self.task.id, bearer, token, **given)
        self.opened.append(viewer)
        return viewer

    def both(self, **given: Any) -> tuple[StandInMachine, Viewer]:
        """A machine and a controller, ready."""
        viewer = self.view(**given)
        machine = self.open()
        return machine, viewer.get_ready()


@pytest.fixture
def make_scene(rows: Flask) -> Iterator[Callable[[str], Scene]]:
    made: list[Scene] = []

    def make(url: str) -> Scene:
        creator, member, maintainer = (make_developer() for _ in range(3))
        project = make_project(members=[creator, member], maintainers=[maintainer])
        row = make_machine(connected=False, status="offline")
        task = make_task(project=project, creator=creator, status=TaskStatus.RUNNING)
        make_attempt(task, row)
        db.session.commit()
        machine = SimulatedMachine(url, str(row.id), tokens.worker_jwt(row)[0])
        machine.connect(
            frames.TrackedAttempt(
                task_id=task.id, attempt=1, stage_index=0, state="working", log_offset=0
            )
        )
        made.append(Scene(url, task, creator, member, maintainer, machine))
        return made[-1]

    yield make
    for scene in made:
        for end in scene.opened:
            end.close()
        scene.machine.disconnect()


@pytest.fixture
def scene(make_scene: Callable[[str], Scene], left: str) -> Scene:
    return make_scene(left)
