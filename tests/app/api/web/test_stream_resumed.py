"""A client that reconnects to /api/web/stream resumes, or is asked to start again."""

import contextlib
import queue
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.api.streams import developer_stream, hub
from app.api.streams.open_streams import OpenStream
from app.extensions import db
from app.models import Developer, Project, Task
from app.services.accounts.sessions import DeveloperSession
from app.services.clock import now
from app.services.notify import stream_batch
from tests.app.api.web.stream_world import (
    SECONDS,
    Listen,
    ada,
    happen,
    listen,
    messages,
    project,
    task,
)
from tests.app.services.accounts.test_auth_sessions import at_once
from tests.factories import (
    make_login,
    make_notification,
    make_project,
    make_task,
)

__all__ = ["ada", "listen", "project", "task"]

pytestmark = pytest.mark.usefixtures("committed_app")


def test_who_comes_back_gets_what_was_missed_once(
    listen: Listen, ada: Developer, task: Task
) -> None:
    first = listen(ada)
    first.next()
    happen(task, "seen")
    assert messages(first.updates(1)) == ["seen"]
    first.close()
    happen(task, "missed 1")
    happen(task, "missed 2")
    second = listen(ada, first.last_id)
    assert messages(second.updates(2)) == ["missed 1", "missed 2"]
    happen(task, "live")
    assert messages(second.updates(1)) == ["live"]


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
        assert messages(first.updates(1)) == ["early"]
        first.close()
        second = listen(ada, first.last_id)
        second.next()
        happen(task, "more")
        assert messages(second.updates(1)) == ["more"]
        other.commit()
    happen(task, "last")
    assert sorted(messages(second.updates(2))) == ["last", "late"]


@pytest.mark.parametrize("had", ["nonsense", "1:2", "5:3:", "1:9223372036854775807:", "9" * 9000])
def test_who_comes_with_what_leads_nowhere_begins_anew(
    listen: Listen, ada: Developer, had: str
) -> None:
    make_notification(ada)
    message = listen(ada, had).next()
    assert (message.event, message.data["unreadCount"]) == ("reset", 1)


def test_who_missed_too_much_begins_anew(
    listen: Listen, ada: Developer, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = listen(ada)
    first.next()
    first.close()
    happen(task)
    batch = stream_batch.read_since

    def overfull(*given: Any, **more: Any) -> Any:
        return batch(*given, **more)._replace(is_whole=False)

    monkeypatch.setattr(stream_batch, "read_since", overfull)
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


def test_what_was_not_told_before_an_access_token_ended_is_told_to_who_comes_back(
    listen: Listen,
    committed_app: Flask,
    ada: Developer,
    task: Task,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    until = now() + timedelta(hours=1)
    login = make_login(ada).id
    session = DeveloperSession(ada.id, ada.token_generation, login, ends_at=until)
    reading = developer_stream.generate(committed_app, session, OpenStream(ada.id, "x"), None)
    assert [b"retry" in next(reading), b"hello" in next(reading)] == [True, True]
    [stream] = hub.get_hub(committed_app)._streams
    begun = stream.position
    happen(task, "unread")
    deadline = time.monotonic() + SECONDS
    while stream._queue.empty() or stream.position == begun:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with monkeypatch.context() as later:
        later.setattr(developer_stream, "now", lambda: now() + timedelta(hours=2))
        end = next(reading).decode()
    assert "signed_out" in end
    reading.close()
    id_ = dict(line.split(": ", 1) for line in end.strip().splitlines())["id"]
    assert messages(listen(ada, id_).updates(1)) == ["unread"]
