"""GET /api/web/tasks/:id/stream: its events and its log's bytes, live, each of them once."""

import base64
import contextlib
import queue
import random
import threading
import time
from datetime import timedelta

import pytest
from flask import Flask

from app.api.streams import task_stream
from app.api.streams.open_streams import OpenStream
from app.extensions import db
from app.models import Attempt, Developer, Project, ProjectMember, Task
from app.services.accounts.sessions import DeveloperSession
from app.services.clock import now
from app.services.logs import logs
from tests.app.api.streams.task_stream_world import Listen, do, happen, print_out
from tests.app.api.web.stream_world import ENDS, SECONDS, end_session
from tests.factories import (
    begin_login,
    make_attempt,
    make_developer,
    make_login,
    make_machine,
    make_personal_token,
)


def test_it_begins_where_things_are_and_goes_on_with_events_and_bytes(
    listen: Listen, task: Task
) -> None:
    attempt = make_attempt(task, make_machine())
    happen(task, "before")
    print_out(attempt, b"before")
    listener = listen()
    hello = listener.next()
    assert hello.event == "hello"
    assert hello.data == {"events": 1, "logs": {"1": 6}, "transcripts": {}}
    happen(task, "a note of the machine's")
    message = listener.next()
    assert message.event == "events"
    assert [(e["id"], e["type"], e["message"]) for e in message.data] == [
        (2, "log", "a note of the machine's")
    ]
    print_out(attempt, b"\xff\x1b[0m\n")
    message = listener.next()
    assert (message.event, message.data["attempt"], message.data["offset"]) == ("log", 1, 6)
    assert base64.b64decode(message.data["data"]) == b"\xff\x1b[0m\n"


def test_all_of_it_can_be_had_from_the_beginning_and_lost_bytes_are_left_out(
    listen: Listen, task: Task
) -> None:
    first = make_attempt(task, make_machine())
    print_out(first, b"one")
    logs.record_gap(first, 3, 10)
    print_out(first, b"two")
    logs.record_gap(first, 13, 20)
    first.ended_at, first.outcome = now(), "lost"
    db.session.commit()
    print_out(make_attempt(task, make_machine()), b"three")
    happen(task, "x")
    listener = listen("0:")
    assert listener.next().event == "events"
    chunks = [listener.next().data for _ in range(3)]
    assert [(s["attempt"], s["offset"], base64.b64decode(s["data"])) for s in chunks] == [
        (1, 0, b"one"),
        (1, 10, b"two"),
        (2, 0, b"three"),
    ]
    assert listen(listener.last_id).is_quiet()


@pytest.mark.parametrize(
    "had", ["nonsense", "7:", "-1:", "0:1", "0:1-", "0:1-2-", "0:1-2-3-4-5", "9" * 60_000]
)
def test_who_comes_with_what_leads_nowhere_begins_anew(listen: Listen, had: str) -> None:
    assert listen(had).next().event == "reset"


def test_nothing_is_lost_and_nothing_comes_twice_while_the_client_comes_and_goes(
    listen: Listen, committed_app: Flask, task: Task
) -> None:
    make_attempt(task, make_machine())
    wanted = bytes(random.Random(7).randbytes(60_000))
    task_id = task.id
    listener = listen("0:")

    def write() -> None:
        with committed_app.app_context():
            row = db.session.get_one(Task, task_id)
            attempt = db.session.get_one(Attempt, (task_id, 1))
            for n in range(120):
                print_out(attempt, wanted[n * 500 : n * 500 + 500])
                happen(row, f"{n}")
                do(attempt, f"{n}")
            db.session.remove()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    got, events, entries = b"", [], []

    def receive(seconds: float) -> None:
        nonlocal got
        message = listener._told.get(timeout=seconds)
        if message.event == "events":
            events.extend(event["message"] for event in message.data)
        elif message.event == "transcript":
            entries.extend(entry["title"] for entry in message.data)
        else:
            assert message.data["offset"] == len(got)
            got += base64.b64decode(message.data["data"])

    while len(got) < len(wanted) or len(events) < 120 or len(entries) < 120:
        for _ in range(5):
            with contextlib.suppress(queue.Empty):
                receive(0.5)
        listener.close()
        while not listener.is_quiet():
            receive(0)
        listener = listen(listener.last_id)
    writer.join(SECONDS)
    assert got == wanted
    assert events == entries == [f"{n}" for n in range(120)]


def test_it_ends_with_the_right_to_see_the_task(
    listen: Listen, ada: Developer, project: Project
) -> None:
    listener = listen()
    listener.next()
    db.session.delete(db.session.get_one(ProjectMember, (project.id, ada.id)))
    db.session.commit()
    message = listener.next()
    assert (message.event, message.data) == ("end", {"reason": "signed_out"})
    assert listener.is_over.wait(SECONDS)


@pytest.mark.parametrize("how", ENDS)
def test_it_ends_with_what_the_developer_came_in_with(
    listen: Listen, ada: Developer, how: str
) -> None:
    row, secret = make_personal_token(ada)
    login = begin_login(ada)
    listener = listen(bearer=secret if how.startswith("token") else login.access_token)
    listener.next()
    end_session(ada, how, login, row)
    message = listener.next()
    assert (message.event, message.data) == ("end", {"reason": "signed_out"})
    assert listener.is_over.wait(SECONDS)


def test_it_ends_with_its_access_token(
    listen: Listen, committed_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = timedelta(seconds=3)
    monkeypatch.setitem(committed_app.config, "JWT_ACCESS_TOKEN_EXPIRES", life)
    listener = listen()
    assert listener.next().event == "hello"
    message = listener.next()
    assert (message.event, message.data) == ("end", {"reason": "signed_out"})


def test_it_ends_with_that_right_also_in_the_middle_of_a_long_log(
    committed_app: Flask, ada: Developer, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = make_attempt(task, make_machine())
    for _ in range(20):
        print_out(attempt, b"x" * 100)
    session = DeveloperSession(ada.id, ada.token_generation, make_login(ada).id)
    reading = task_stream.generate(committed_app, session, OpenStream(ada.id, "x"), task.id, "0:")
    assert b"retry" in next(reading)
    assert b"event: log" in next(reading)
    ada.disabled_at = now()
    db.session.commit()
    slowly = time.monotonic() + task_stream.POLL_SECONDS
    monkeypatch.setattr(task_stream.time, "monotonic", lambda: slowly)
    assert b"signed_out" in next(reading)
    assert list(reading) == []


def test_a_log_is_whole_however_often_it_is_looked_who_reads_it(
    listen: Listen, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_stream, "POLL_SECONDS", 0.002)
    monkeypatch.setattr(task_stream, "MIN_POLL_INTERVAL_SECONDS", 0.0)
    attempt = make_attempt(task, make_machine())
    wanted = bytes(random.Random(7).randbytes(20_000))
    for start in range(0, len(wanted), 500):
        print_out(attempt, wanted[start : start + 500])
    listener, got = listen("0:"), b""
    while len(got) < len(wanted):
        chunk = listener.next().data
        assert chunk["offset"] == len(got)
        got += base64.b64decode(chunk["data"])
    assert got == wanted


def test_a_task_that_is_hidden_is_not_there(listen: Listen) -> None:
    assert listen(developer=make_developer()).status == 404
