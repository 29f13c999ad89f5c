"""GET /api/web/tasks/:id/stream: what the agent does, live, each entry once."""

import pytest
from flask import Flask

from app.api.streams import task_stream
from app.extensions import db
from app.models import Developer, Task
from app.services.clock import now
from app.services.logs import transcripts
from tests.app.api.streams.task_stream_world import Listen, do, finish, happen, print_out, start
from tests.app.api.web.stream_world import SECONDS
from tests.factories import access_token_of, make_attempt, make_machine


def test_what_the_agent_does_is_told_as_in_the_list(
    listen: Listen, committed_app: Flask, ada: Developer, task: Task
) -> None:
    attempt = make_attempt(task, make_machine())
    do(attempt, "before")
    listener = listen()
    assert listener.next().data == {"events": 0, "logs": {}, "transcripts": {"1": 1}}
    do(attempt, "a", "b")
    message = listener.next()
    assert (message.event, message.id) == ("transcript", "0:1-0-3")
    headers = {"Authorization": f"Bearer {access_token_of(ada)}"}
    path = f"/api/web/tasks/{task.id}/transcript"
    listed = committed_app.test_client().get(path, headers=headers).json
    assert message.data == listed["items"][1:]


def test_who_is_behind_gets_the_entries_in_order_and_each_once(
    listen: Listen, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcripts, "STREAM_BYTES", 200)  # some entries a message
    first = make_attempt(task, make_machine())
    for n in range(0, 30, 3):
        do(first, f"{n}", f"{n + 1}", f"{n + 2}")
    print_out(first, b"one")
    first.ended_at, first.outcome = now(), "lost"
    db.session.commit()
    do(make_attempt(task, make_machine()), "x")
    listener = listen("0:1-0-1")
    entries: list[tuple[int, int, str]] = []
    messages = 0
    while (message := listener.next()).event == "transcript":
        entries += [(e["attempt"], e["number"], e["title"]) for e in message.data]
        messages += 1
    assert entries == [(1, n, f"{n}") for n in range(1, 30)] + [(2, 0, "x")]
    assert 3 < messages < 15
    assert (message.event, message.id) == ("log", "0:1-3-30,2-0-1")
    again = listen(listener.last_id)
    happen(task, "nothing comes before this")
    assert again.next().event == "events"


def test_who_waits_is_woken_by_an_entry(
    listen: Listen, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = make_attempt(task, make_machine())
    monkeypatch.setattr(task_stream, "POLL_SECONDS", 10 * SECONDS)
    listener = listen()
    assert listener.next().event == "hello"
    do(attempt, "a")
    assert [entry["title"] for entry in listener.next().data] == ["a"]
    listener._is_closing = True
    do(attempt, "b")
    assert listener.is_over.wait(SECONDS)


def test_who_was_away_gets_the_changed_entry_again(listen: Listen, task: Task) -> None:
    attempt = make_attempt(task, make_machine())
    start(attempt, "make")
    do(attempt, "a", "b")
    finish(attempt, 0, "make")
    listener = listen("0:1-0-2")
    found = [listener.next() for _ in range(2)]
    assert [[(e["number"], e["state"]) for e in each.data] for each in found] == [
        [(0, "done")],
        [(2, None)],
    ]
    assert listener.last_id == "0:1-0-3-1"
    again = listen(listener.last_id)
    happen(task, "nothing comes before this")
    assert again.next().event == "events"


def test_a_change_comes_live_and_once(listen: Listen, task: Task) -> None:
    attempt = make_attempt(task, make_machine())
    listener = listen()
    assert listener.next().event == "hello"
    start(attempt, "make")
    assert [(e["number"], e["state"]) for e in listener.next().data] == [(0, "running")]
    finish(attempt, 0, "make")
    (entry,) = listener.next().data
    assert (entry["number"], entry["state"], entry["startedAt"]) == (0, "done", entry["at"])
    assert entry["finishedAt"] is not None
    happen(task, "nothing comes before this")
    assert listener.next().event == "events"


def test_many_changes_are_read_in_parts(
    listen: Listen, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcripts, "STREAM_BYTES", 200)
    attempt = make_attempt(task, make_machine())
    for number in range(20):
        start(attempt, f"{number}")
    for number in reversed(range(20)):
        finish(attempt, number, f"{number}")
    listener = listen("0:1-0-20")
    numbers: list[int] = []
    while len(numbers) < 20:
        message = listener.next()
        numbers += [entry["number"] for entry in message.data]
    assert numbers == list(range(20))
    assert message.id == "0:1-0-20-20"


def test_a_cursor_of_before_there_were_transcripts_goes_on(listen: Listen, task: Task) -> None:
    attempt = make_attempt(task, make_machine())
    print_out(attempt, b"one")
    do(attempt, "a")
    assert listen("0:1-3").next().event == "transcript"
