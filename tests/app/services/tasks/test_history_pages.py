"""A page of a task's events is what counting off all of them gives."""

import random
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.roles import SystemRole
from app.domain.task import EventType
from app.extensions import db
from app.models import Event, Task
from app.services.tasks import history
from tests.app.services.statements import explained
from tests.factories import make_developer, make_task
from tests.factories.rows import now

TYPES = (EventType.LOG, EventType.WARNING, EventType.CHECKPOINT, EventType.ERROR)
WORDS = ("cloned", "100%", "un_der", "pushed")


def make_history(task: Task, chance: random.Random, events: int) -> list[Event]:
    rows = [
        Event(
            task=task,
            project_id=task.project_id,
            number=number,
            type=chance.choices(TYPES, [20, 5, 2, 0])[0],
            attempt=1,
            message=chance.choice(WORDS),
            data={"word": chance.choice(WORDS)},
            created_at=now(),
        )
        for number in range(1, events + 1)
    ]
    db.session.add_all(rows)
    task.events = events
    db.session.commit()
    return rows


@pytest.mark.parametrize("seed", range(3))
def test_a_page_is_what_counting_off_gives(app: Flask, seed: int) -> None:
    chance = random.Random(seed)
    admin, task = make_developer(role=SystemRole.ADMIN), make_task()
    make_history(make_task(), chance, 30)
    events = make_history(task, chance, 90)
    for _ in range(60):
        types = chance.choices(TYPES, k=chance.randint(0, 3))
        search = chance.choice([None, None, "UN_", "%", "nothing"])
        limit, offset = chance.choice([1, 5, 50]), chance.choice([0, 3, 20, 89, 10**12])
        before = chance.choice([None, 1, 2, 50, 10**9])
        matching = [event.number for event in events if matches(event, types, search, before)]
        page = history.read_events(
            admin, task.id, types=types, search=search, before=before, limit=limit, offset=offset
        )
        assert [event.number for event in page.items] == matching[offset : offset + limit]
        assert (page.total, page.searched_from) == (len(matching), None)


def matches(
    event: Event, types: list[EventType], search: str | None, before: int | None = None
) -> bool:
    text = f"{event.message} {event.data['word']}"
    return (
        (not types or event.type in types)
        and (search is None or search.lower() in text)
        and (before is None or event.number < before)
    )


@pytest.mark.parametrize("types", [[], [EventType.LOG, EventType.CHECKPOINT]], ids=str)
def test_who_goes_on_below_where_a_search_ended_finds_everything(
    app: Flask, monkeypatch: pytest.MonkeyPatch, types: list[EventType]
) -> None:
    monkeypatch.setattr(history, "SEARCH_WINDOWS", (7,))
    admin, task = make_developer(role=SystemRole.ADMIN), make_task()
    events = make_history(task, random.Random(7), 40)
    found: list[int] = []
    looks, before = 0, None
    while looks == 0 or before is not None:
        page = history.read_events(admin, task.id, types=types, search="UN_", before=before)
        found = [event.number for event in page.items] + found
        looks, before = looks + 1, page.searched_from
    assert found == [event.number for event in events if matches(event, types, "un_")]
    of_types = [event for event in events if matches(event, types, None)]
    assert looks == -(-len(of_types) // 7), "each look takes seven of the types"


def test_a_search_without_time_looks_through_fewer(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "SEARCH_WINDOWS", (50, 5))
    monkeypatch.setattr(history.statement_timeout, "fetch_rows", lambda _: None)
    admin, task = make_developer(role=SystemRole.ADMIN), make_task()
    make_history(task, random.Random(7), 40)
    page = history.read_events(admin, task.id, search="%")
    assert page.searched_from == 36
    assert all(event.number >= 36 for event in page.items)


@pytest.mark.parametrize("query", [{"offset": 1200}, {"search": "xylophone"}], ids=str)
@pytest.mark.parametrize("types", [[EventType.LOG], [EventType.LOG, EventType.WARNING]], ids=str)
def test_a_deep_page_reads_no_more_than_its_own_rows(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    query: dict[str, Any],
    types: list[EventType],
) -> None:
    monkeypatch.setattr(history, "SEARCH_WINDOWS", (50,))
    admin, task = make_developer(role=SystemRole.ADMIN), make_task()
    make_history(task, random.Random(1), 1500)
    db.session.execute(sa.text("ANALYZE task_events"))
    with explained() as plans:
        history.read_events(admin, task.id, types=types, **query)
    assert 0 < sum(map(rows_read, plans)) < 300


def rows_read(plan: dict[str, Any]) -> int:
    """How many events it went over."""
    waiting, found = [plan], 0
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node.get("Relation Name") == "task_events":
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            found += int(rows * node["Actual Loops"])
    return found


@pytest.mark.parametrize("at_once", [True, False], ids=["in one statement", "one by one"])
def test_events_are_numbered_by_type_whoever_writes_them(app: Flask, at_once: bool) -> None:
    task = make_task()
    events = make_history(task, random.Random(3), 30)
    rows = [(number, chance) for number, chance in enumerate(["log", "error", "log"], 31)]
    insert = sa.text("""
        INSERT INTO task_events (task_id, project_id, number, type, attempt, message, data,
                                 created_at)
        SELECT :task_id, :project_id, n, CAST(t AS event_type), 1, '', '{}', now()
        FROM unnest(CAST(:numbers AS int[]), CAST(:types AS text[])) AS given(n, t) ORDER BY n
    """)
    for part in [rows] if at_once else [[row] for row in rows]:
        numbers, types = map(list, zip(*part, strict=True))
        about = {"task_id": task.id, "project_id": task.project_id}
        db.session.execute(insert, about | {"numbers": numbers, "types": types})
    logs = sum(event.type == "log" for event in events)
    found = db.session.execute(
        sa.select(Event.type, Event.type_number)
        .where(Event.task_id == task.id, Event.number > 30)
        .order_by(Event.number)
    )
    assert [tuple(row) for row in found] == [("log", logs + 1), ("error", 1), ("log", logs + 2)]
