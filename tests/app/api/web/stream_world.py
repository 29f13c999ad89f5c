"""A developer with a task, and clients that listen to a stream; what happens, and what ends it."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.api.streams import developer_stream, hub
from app.domain.task import EventType
from app.extensions import db
from app.models import Developer, PersonalToken, Project, Task
from app.services.accounts import auth
from app.services.accounts.logins import TokenPair
from app.services.clock import now
from app.services.tasks import history
from tests.factories import (
    access_token_of,
    make_developer,
    make_project,
    make_task,
)

PATH = "/api/web/stream"
SECONDS = 10.0


@dataclass
class StreamEvent:
    """An event of a stream."""

    event: str
    id: str
    data: Any


class Listener:
    """A client: reads in a thread of its own until it is closed."""

    def __init__(self, app: Flask, bearer: str, last_event_id: str = "", path: str = PATH) -> None:
        headers = {"Authorization": f"Bearer {bearer}"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        self.last_id, self.comments, self.is_over = last_event_id, 0, threading.Event()
        self._told: queue.Queue[StreamEvent] = queue.Queue()
        self._is_closing = False
        self._response = app.test_client().get(path, headers=headers, buffered=False)
        self.status = self._response.status_code
        if self.status == 200:
            self._thread = threading.Thread(target=self._read, daemon=True)
            self._thread.start()

    def _read(self) -> None:
        for piece in self._response.iter_encoded():
            if self._is_closing:
                break
            self._parse(piece.decode())
        self._response.close()
        self.is_over.set()

    def _parse(self, text: str) -> None:
        fields = dict(line.split(": ", 1) for line in text.strip().splitlines())
        self.last_id = fields.get("id", self.last_id)
        self.comments += "" in fields
        if "event" in fields:
            self._told.put(StreamEvent(fields["event"], self.last_id, json.loads(fields["data"])))

    def next(self) -> StreamEvent:
        return self._told.get(timeout=SECONDS)

    def updates(self, count: int) -> list[dict[str, Any]]:
        """The next so many events of tasks."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            found += self.next().data["events"]
        return found

    def is_quiet(self) -> bool:
        return self._told.empty()

    def close(self) -> None:
        """As a client that goes away: seen at the next byte."""
        self._is_closing = True
        self.is_over.wait(SECONDS)


Listen = Callable[..., Listener]


@pytest.fixture
def listen(committed_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listen]:
    monkeypatch.setattr(developer_stream, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(hub, "POLL_SECONDS", 0.2)
    opened: list[Listener] = []

    def start(developer: Developer, last_event_id: str = "", bearer: str = "") -> Listener:
        bearer = bearer or access_token_of(developer)
        opened.append(Listener(committed_app, bearer, last_event_id))
        return opened[-1]

    yield start
    for listener in opened:
        if listener.status == 200:
            listener.close()


@pytest.fixture
def ada(committed_app: Flask) -> Developer:
    return make_developer(name="ada")


@pytest.fixture
def project(ada: Developer) -> Project:
    return make_project(members=[ada])


@pytest.fixture
def task(ada: Developer, project: Project) -> Task:
    return make_task(project=project, creator=ada)


def happen(task: Task, message: str = "x", type_: EventType = EventType.STAGE_STARTED) -> None:
    """An event of the task, committed and told."""
    history.record_event(task, type_, message, now())
    db.session.commit()


def messages(events: list[dict[str, Any]]) -> list[str]:
    return [event["message"] for event in events]


ENDS = ("logout", "disabled", "password", "token revoked", "token expired")


def end_session(developer: Developer, how: str, login: TokenPair, token: PersonalToken) -> None:
    """What ends the right to a stream, by one of ENDS; committed."""
    match how:
        case "logout":
            auth.logout(developer, login.refresh_token)
        case "disabled":
            developer.disabled_at = now()
        case "password":
            developer.token_generation += 1
        case "token revoked":
            token.revoked_at = now()
        case "token expired":
            token.expires_at = now() - timedelta(seconds=1)
    db.session.commit()
