"""GET /api/web/stream: what is committed comes at once, once, and to whom it may."""

import contextlib
import json
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.api.live import feed, hub
from app.api.live.places import StreamPlace
from app.domain.roles import SystemRole
from app.domain.snapshot import Snapshot
from app.domain.task import EventType
from app.extensions import db, redis
from app.models import Developer, PersonalToken, Project, ProjectMember, Task
from app.services import settings
from app.services.clock import now
from app.services.notify import fan_out, news, notifications
from app.services.people import auth, tokens
from app.services.people.sessions import DeveloperSession
from app.services.tasks import history
from tests.app.services.people.test_auth_sessions import at_once
from tests.factories import (
    make_developer,
    make_notification,
    make_personal_token,
    make_project,
    make_task,
)

PATH = "/api/web/stream"
SECONDS = 10.0

pytestmark = pytest.mark.usefixtures("committed_app")


@dataclass
class Told:
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
        self._told: queue.Queue[Told] = queue.Queue()
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
            self._take(piece.decode())
        self._response.close()
        self.is_over.set()

    def _take(self, text: str) -> None:
        fields = dict(line.split(": ", 1) for line in text.strip().splitlines())
        self.last_id = fields.get("id", self.last_id)
        self.comments += "" in fields
        if "event" in fields:
            self._told.put(Told(fields["event"], self.last_id, json.loads(fields["data"])))

    def next(self) -> Told:
        return self._told.get(timeout=SECONDS)

    def news(self, count: int) -> list[dict[str, Any]]:
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
    monkeypatch.setattr(feed, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.2)
    opened: list[Listener] = []

    def start(developer: Developer, last_event_id: str = "", bearer: str = "") -> Listener:
        bearer = bearer or tokens.access_token(developer)
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
    history.record(task, type_, message, now())
    db.session.commit()


def begin_login(developer: Developer) -> auth.Pair:
    login = auth.begin_family(developer, now())
    db.session.commit()
    return login


def messages(events: list[dict[str, Any]]) -> list[str]:
    return [event["message"] for event in events]


def test_it_begins_with_how_things_are_and_goes_on_with_what_happens(
    listen: Listen, ada: Developer, project: Project, task: Task
) -> None:
    make_notification(ada)
    listener = listen(ada)
    hello = listener.next()
    assert (hello.event, hello.data["unreadCount"]) == ("hello", 1)
    happen(task, "here we go")
    told = listener.next()
    assert (told.event, told.data["notifications"]) == ("news", [])
    [event] = told.data["events"]
    assert event == {
        "taskId": task.id,
        "projectKey": project.key,
        "id": 1,
        "type": "stage_started",
        "attempt": 0,
        "stageIndex": None,
        "message": "here we go",
        "data": {},
        "createdAt": event["createdAt"],
    }
    assert event["createdAt"].endswith("Z")


def test_a_notification_comes_as_it_is_listed_and_reading_it_is_seen_everywhere(
    listen: Listen, ada: Developer, task: Task, committed_client: FlaskClient
) -> None:
    listener = listen(ada)
    listener.next()
    happen(task, "it failed", EventType.FAILED)
    listener.news(1)
    fan_out.expand(now())
    told = listener.next().data
    headers = {"Authorization": f"Bearer {tokens.access_token(ada)}"}
    listed = committed_client.get("/api/web/notifications", headers=headers).json["items"]
    assert (told["notifications"], told["unreadCount"]) == (listed, 1)
    notifications.read(ada, listed[0]["id"])
    assert listener.next().data == {"events": [], "notifications": [], "unreadCount": 0}


def test_everybody_gets_what_they_may_see_and_nothing_else(
    listen: Listen, ada: Developer, task: Task
) -> None:
    people = {
        "member": ada,
        "outsider": make_developer(),
        "lead": make_developer(role=SystemRole.LEAD),
        "admin": make_developer(role=SystemRole.ADMIN),
    }
    streams = {name: listen(person) for name, person in people.items()}
    for stream in streams.values():
        stream.next()
    of_all = make_task(project=make_project(members=list(people.values())))
    hidden = make_task(project=make_project(deleted_at=now()))
    happen(task, "theirs")
    happen(hidden, "deleted")
    make_notification(people["admin"], title="the admin's alone")
    happen(of_all, "everybody's")
    seen: dict[str, list[str]] = {name: [] for name in streams}
    for name, stream in streams.items():
        while "everybody's" not in seen[name]:
            said = stream.next().data
            seen[name] += messages(said["events"]) + [n["title"] for n in said["notifications"]]
    assert {name: sorted(found) for name, found in seen.items()} == {
        "member": ["everybody's", "theirs"],
        "outsider": ["everybody's"],
        "lead": ["everybody's", "theirs"],
        "admin": ["deleted", "everybody's", "the admin's alone", "theirs"],
    }


# ---- going on where one was ----------------------------------------------------------------------


def test_who_comes_back_gets_what_was_missed_once(
    listen: Listen, ada: Developer, task: Task
) -> None:
    first = listen(ada)
    first.next()
    happen(task, "seen")
    assert messages(first.news(1)) == ["seen"]
    first.close()
    happen(task, "missed 1")
    happen(task, "missed 2")
    second = listen(ada, first.last_id)
    assert messages(second.news(2)) == ["missed 1", "missed 2"]
    happen(task, "live")
    assert messages(second.news(1)) == ["live"]


def test_what_is_committed_late_is_not_skipped(
    listen: Listen, ada: Developer, project: Project, task: Task
) -> None:
    """It has an earlier number of a transaction, and comes after one that was read."""
    late = make_task(project=project, creator=ada)
    row = {"task": late.id, "project": late.project_id, "now": now()}
    first = listen(ada)
    first.next()
    with db.engine.connect() as other:
        other.execute(
            sa.text(
                "INSERT INTO task_events (task_id, number, type, attempt, message, data,"
                " created_at, project_id) VALUES (:task, 1, 'warning', 0, 'late', '{}', :now,"
                " :project)"
            ),
            row,
        )
        happen(task, "early")
        assert messages(first.news(1)) == ["early"]
        first.close()
        second = listen(ada, first.last_id)
        second.next()
        happen(task, "more")
        assert messages(second.news(1)) == ["more"]
        other.commit()
    happen(task, "last")
    assert sorted(messages(second.news(2))) == ["last", "late"]


@pytest.mark.parametrize("had", ["nonsense", "1:2", "5:3:", "1:9223372036854775807:", "9" * 9000])
def test_who_comes_with_what_leads_nowhere_begins_anew(
    listen: Listen, ada: Developer, had: str
) -> None:
    make_notification(ada)
    told = listen(ada, had).next()
    assert (told.event, told.data["unreadCount"]) == ("reset", 1)


def test_who_missed_too_much_begins_anew(
    listen: Listen, ada: Developer, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = listen(ada)
    first.next()
    first.close()
    happen(task)
    batch = news.since

    def overfull(*given: Any, **more: Any) -> Any:
        return batch(*given, **more)._replace(is_whole=False)

    monkeypatch.setattr(news, "since", overfull)
    assert listen(ada, first.last_id).next().event == "reset"


def test_nothing_is_lost_and_nothing_comes_twice_while_many_write_and_the_client_comes_and_goes(
    listen: Listen, committed_app: Flask, ada: Developer
) -> None:
    project = make_project(members=[ada])
    ids = [make_task(project=project, creator=ada).id for _ in range(4)]
    listener = listen(ada)
    listener.next()

    def write(number: int) -> None:
        for n in range(60):
            with committed_app.app_context():
                task = db.session.get_one(Task, ids[number], with_for_update=True)
                happen(task, f"{number}-{n}")
                db.session.remove()

    writers = threading.Thread(target=at_once, args=(committed_app, 4, write), daemon=True)
    writers.start()
    got: list[str] = []
    while len(got) < 240:
        for _ in range(3):
            with contextlib.suppress(queue.Empty):
                got += messages(listener._told.get(timeout=0.5).data["events"])
        listener.close()
        while not listener.is_quiet():  # what came before it was gone
            got += messages(listener.next().data["events"])
        listener = listen(ada, listener.last_id)
    writers.join(SECONDS)
    assert sorted(got) == sorted(f"{t}-{n}" for t in range(4) for n in range(60))
    for number in range(4):  # and a task's own in order
        mine = [text for text in got if text.startswith(f"{number}-")]
        assert mine == [f"{number}-{n}" for n in range(60)]


# ---- rights that end -----------------------------------------------------------------------------


def test_who_is_no_member_any_more_gets_nothing_more(
    listen: Listen, ada: Developer, task: Task
) -> None:
    listener = listen(ada)
    listener.next()
    member = db.session.get_one(ProjectMember, (task.project_id, ada.id))
    db.session.delete(member)
    db.session.commit()
    happen(task, "not for her")
    happen(make_task(project=make_project(members=[ada])), "for her")
    assert messages(listener.news(1)) == ["for her"]


ENDS = ("logout", "disabled", "password", "token revoked", "token expired")


def end_session(developer: Developer, how: str, login: auth.Pair, token: PersonalToken) -> None:
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


@pytest.mark.parametrize("how", ENDS)
def test_a_stream_ends_with_the_right_to_it(listen: Listen, ada: Developer, how: str) -> None:
    row, secret = make_personal_token(ada)
    login = begin_login(ada)
    listener = listen(ada, bearer=secret if how.startswith("token") else login.access_token)
    listener.next()
    end_session(ada, how, login, row)
    told = listener.next()
    assert (told.event, told.data) == ("end", {"reason": "signed_out"})
    assert listener.is_over.wait(SECONDS)


def test_another_login_s_end_ends_no_stream(
    listen: Listen, ada: Developer, project: Project, task: Task
) -> None:
    gone, stays = begin_login(ada), begin_login(ada)
    ended, listener = (listen(ada, bearer=login.access_token) for login in (gone, stays))
    assert [ended.next().event, listener.next().event] == ["hello", "hello"]
    auth.refresh(stays.refresh_token)  # which is the same login
    auth.logout(ada, gone.refresh_token)
    assert ended.next().data == {"reason": "signed_out"}
    happen(task, "still told")
    assert messages(listener.news(1)) == ["still told"]


def test_who_has_signed_out_gets_no_stream_with_what_is_left_of_an_access_token(
    listen: Listen, ada: Developer
) -> None:
    login = begin_login(ada)
    auth.logout(ada, login.refresh_token)
    told = listen(ada, bearer=login.access_token).next()
    assert (told.event, told.data) == ("end", {"reason": "signed_out"})


def test_a_stream_ends_with_its_access_token(
    listen: Listen, committed_app: Flask, ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = timedelta(seconds=1)
    monkeypatch.setitem(committed_app.config, "JWT_ACCESS_TOKEN_EXPIRES", life)
    listener = listen(ada)
    assert listener.next().event == "hello"
    told = listener.next()
    assert (told.event, told.data) == ("end", {"reason": "signed_out"})


def test_what_was_not_told_before_an_access_token_ended_is_told_to_who_comes_back(
    listen: Listen,
    committed_app: Flask,
    ada: Developer,
    task: Task,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    until = now() + timedelta(hours=1)
    session = DeveloperSession(ada.id, ada.token_generation, ends_at=until)
    reading = feed.read(committed_app, session, StreamPlace(ada.id, "x"), None)
    assert [b"retry" in next(reading), b"hello" in next(reading)] == [True, True]
    [stream] = hub.of(committed_app)._streams
    begun = stream.seen
    happen(task, "unread")
    deadline = time.monotonic() + SECONDS
    while stream._waiting.empty() or stream.seen == begun:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with monkeypatch.context() as later:
        later.setattr(feed, "now", lambda: now() + timedelta(hours=2))
        end = next(reading).decode()
    assert "signed_out" in end
    reading.close()
    id_ = dict(line.split(": ", 1) for line in end.strip().splitlines())["id"]
    assert messages(listen(ada, id_).news(1)) == ["unread"]


def test_how_far_it_is_read_never_goes_back(ada: Developer) -> None:
    """The hub puts what is new, and says only later how far that is."""
    stream = hub.Stream(DeveloperSession(ada.id, 1), StreamPlace(ada.id, "x"), Snapshot(1, 1))
    stream.put(hub.News([], [], 0, Snapshot(2, 2)))
    stream.next(0)
    assert stream.seen == Snapshot(2, 2)


# ---- bounds --------------------------------------------------------------------------------------


def test_a_developer_has_so_many_streams_and_no_more(listen: Listen, ada: Developer) -> None:
    settings.update(make_developer(role=SystemRole.ADMIN), {"streamsPerDeveloper": 2})
    first, second = listen(ada), listen(ada)
    assert (first.status, second.status) == (200, 200)
    assert listen(ada).status == 429
    assert listen(make_developer()).status == 200
    first.close()
    assert listen(ada).status == 200
    assert redis.client.zcard(f"muster:streams:{ada.id}") == 2


@pytest.mark.parametrize("of_task", [False, True], ids=["news", "a task"])
def test_the_kernel_gives_up_on_a_client_that_takes_nothing(
    committed_app: Flask, ada: Developer, task: Task, of_task: bool
) -> None:
    path = f"/api/web/tasks/{task.id}/stream" if of_task else PATH
    headers = {"Authorization": f"Bearer {tokens.access_token(ada)}"}
    with socket.socket() as line:
        environ = {"gunicorn.socket": line}
        committed_app.test_client().get(path, headers=headers, environ_overrides=environ).close()
        given_up_after = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert given_up_after == 60_000


def test_silence_is_broken_by_a_sign_of_life_that_says_how_far_it_is_read(
    listen: Listen, ada: Developer
) -> None:
    listener = listen(ada)
    hello = listener.next()
    happen(make_task(), "nobody's business")
    deadline = threading.Event()
    while listener.last_id == hello.id or not listener.comments:
        assert not deadline.wait(0.02)
    assert listener.is_quiet()


def test_a_client_that_reads_nothing_is_told_to_come_back(
    ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MOST_UNREAD", 3)
    begun = Snapshot(1, 1)
    stream = hub.Stream(DeveloperSession(ada.id, 1), StreamPlace(ada.id, "x"), begun)
    for _ in range(9):
        stream.put(hub.News([], [], 0, Snapshot(2, 2)))
    items = [stream.next(0) for _ in range(5)]
    assert [type(item) for item in items] == [hub.News] * 3 + [hub.End, type(None)]
