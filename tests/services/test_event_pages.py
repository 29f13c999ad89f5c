"""A page of a task's events is what counting off all of them gives."""

import random

import pytest
from flask import Flask

from app.domain.roles import SystemRole
from app.domain.task import EventType
from app.extensions import db
from app.models import Event, Task
from app.services import history
from tests.factories import make_developer, make_task
from tests.factories.rows import now

TYPES = (EventType.LOG, EventType.WARNING, EventType.CHECKPOINT, EventType.ERROR)
WORDS = ("cloned", "100%", "un_der", "pushed")


def make_history(task: Task, chance: random.Random, events: int) -> list[Event]:
    told = [
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
    db.session.add_all(told)
    task.events = events
    db.session.commit()
    return told


@pytest.mark.parametrize("seed", range(3))
def test_a_page_is_what_counting_off_gives(app: Flask, seed: int) -> None:
    chance = random.Random(seed)
    admin, task = make_developer(role=SystemRole.ADMIN), make_task()
    make_history(make_task(), chance, 30)
    told = make_history(task, chance, 90)
    for _ in range(60):
        types = chance.choices(TYPES, k=chance.randint(0, 3))
        search = chance.choice([None, None, "UN_", "%", "nothing"])
        limit, offset = chance.choice([1, 5, 50]), chance.choice([0, 3, 20, 89, 10**12])
        matching = [
            event.number
            for event in told
            if (not types or event.type in types)
            and (search is None or search.lower() in f"{event.message} {event.data['word']}")
        ]
        page, total = history.events(
            admin, task.id, types=types, search=search, limit=limit, offset=offset
        )
        assert [event.number for event in page] == matching[offset : offset + limit]
        assert total == len(matching)
