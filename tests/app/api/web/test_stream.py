"""GET /api/web/stream: what is committed comes at once, once, and to whom it may."""

import socket
import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import wakeups
from app.api.streams import hub
from app.api.streams.open_streams import OpenStream
from app.domain.roles import SystemRole
from app.domain.snapshot import Snapshot
from app.domain.task import EventType
from app.extensions import redis
from app.models import Developer, Project, Task
from app.services import settings
from app.services.accounts.sessions import DeveloperSession
from app.services.clock import now
from app.services.notify import fan_out, notifications
from tests.app.api.web.stream_world import (
    PATH,
    Listen,
    ada,
    happen,
    listen,
    messages,
    project,
    task,
)
from tests.factories import (
    access_token_of,
    make_developer,
    make_notification,
    make_personal_token,
    make_project,
    make_task,
)

__all__ = ["ada", "listen", "project", "task"]

pytestmark = pytest.mark.usefixtures("committed_app")


def test_it_begins_with_how_things_are_and_goes_on_with_what_happens(
    listen: Listen, ada: Developer, project: Project, task: Task
) -> None:
    make_notification(ada)
    listener = listen(ada)
    hello = listener.next()
    assert (hello.event, hello.data["unreadCount"]) == ("hello", 1)
    happen(task, "here we go")
    message = listener.next()
    assert (message.event, message.data["notifications"]) == ("update", [])
    [event] = message.data["events"]
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
    listener.updates(1)
    fan_out.expand(now())
    update = listener.next().data
    headers = {"Authorization": f"Bearer {access_token_of(ada)}"}
    listed = committed_client.get("/api/web/notifications", headers=headers).json["items"]
    assert (update["notifications"], update["unreadCount"]) == (listed, 1)
    notifications.mark_read(ada, listed[0]["id"])
    nothing: dict[str, Any] = {"events": [], "notifications": [], "machines": [], "activities": []}
    assert listener.next().data == {**nothing, "unreadCount": 0, "inboxChanged": False}


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
            update = stream.next().data
            seen[name] += messages(update["events"]) + [n["title"] for n in update["notifications"]]
    assert {name: sorted(found) for name, found in seen.items()} == {
        "member": ["everybody's", "theirs"],
        "outsider": ["everybody's"],
        "lead": ["everybody's", "theirs"],
        "admin": ["deleted", "everybody's", "the admin's alone", "theirs"],
    }


def test_a_token_for_some_projects_is_told_of_those_alone(
    listen: Listen, ada: Developer, task: Task
) -> None:
    other = make_task(project=make_project(members=[ada]))
    _, secret = make_personal_token(ada, projects=[task.project_id])
    listener = listen(ada, bearer=secret)
    assert listener.next().data["unreadCount"] == 0
    happen(other, "elsewhere")
    make_notification(ada, task_id=other.id, title="elsewhere")
    make_notification(ada, task_id=task.id, title="here")
    wakeups.publish_unread(ada.id)
    happen(task, "here")
    events: list[str] = []
    titles: list[str] = []
    count = 0  # also while the one that is elsewhere is there alone
    while not (events and titles and count):
        update = listener.next().data
        events += messages(update["events"])
        titles += [each["title"] for each in update["notifications"]]
        count = update["unreadCount"] or count
    assert (events, titles, count) == (["here"], ["here"], 1)


def test_how_far_it_is_read_never_goes_back(ada: Developer) -> None:
    """The hub puts what is new, and says only later how far that is."""
    stream = hub.Stream(DeveloperSession(ada.id, 1), OpenStream(ada.id, "x"), Snapshot(1, 1))
    stream.put(hub.Update([], [], 0, Snapshot(2, 2)))
    stream.next(0)
    assert stream.position == Snapshot(2, 2)


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
    headers = {"Authorization": f"Bearer {access_token_of(ada)}"}
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
    monkeypatch.setattr(hub, "MAX_QUEUED_UPDATES", 3)
    begun = Snapshot(1, 1)
    stream = hub.Stream(DeveloperSession(ada.id, 1), OpenStream(ada.id, "x"), begun)
    for _ in range(9):
        stream.put(hub.Update([], [], 0, Snapshot(2, 2)))
    items = [stream.next(0) for _ in range(5)]
    assert [type(item) for item in items] == [hub.Update] * 3 + [hub.StreamEnd, type(None)]
