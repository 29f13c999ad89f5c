"""A developer with a task, who listens to its stream."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.api.streams import task_stream
from app.models import Developer, Project, Task
from tests.app.api.streams.task_stream_world import Listen
from tests.app.api.web.stream_world import Listener
from tests.factories import access_token_of, make_developer, make_project, make_task


@pytest.fixture
def ada(committed_app: Flask) -> Developer:
    return make_developer()


@pytest.fixture
def project(ada: Developer) -> Project:
    return make_project(members=[ada])


@pytest.fixture
def task(ada: Developer, project: Project) -> Task:
    return make_task(project=project, creator=ada)


@pytest.fixture
def listen(
    committed_app: Flask, ada: Developer, task: Task, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Listen]:
    monkeypatch.setattr(task_stream, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(task_stream, "POLL_SECONDS", 0.1)
    opened: list[Listener] = []
    path = f"/api/web/tasks/{task.id}/stream"

    def start(last_event_id: str = "", developer: Developer = ada, bearer: str = "") -> Listener:
        bearer = bearer or access_token_of(developer)
        opened.append(Listener(committed_app, bearer, last_event_id, path))
        return opened[-1]

    yield start
    for listener in opened:
        if listener.status == 200:
            listener.close()
