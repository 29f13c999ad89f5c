"""Those who review one change see each other resolve its threads."""

import pytest
from flask import Flask
from sqlalchemy import select

from app.domain.errors import NotFound
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.extensions import db
from app.models import Developer, Event, OutboxEntry, Task
from app.services.reviews import drafts, resolution
from tests.app.services.fake_machine import events_of
from tests.factories import make_developer, make_task


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer(name="ada", role=SystemRole.ADMIN)


@pytest.fixture
def task(ada: Developer) -> Task:
    return make_task(creator=ada)


def test_each_turn_of_a_thread_is_an_event_once(ada: Developer, task: Task) -> None:
    thread = drafts.add_comment(ada, task.id, body="Why?", publish=True).thread
    for turn in (resolution.resolve, resolution.resolve, resolution.reopen, resolution.reopen):
        turn(ada, task.id, thread.id)
    assert events_of(task) == [E.COMMENTED, E.RESOLVED, E.REOPENED]
    query = select(Event).where(Event.task_id == task.id, Event.type == E.RESOLVED)
    event = db.session.scalars(query).one()
    place = {"path": None, "line": None, "side": None}
    assert event.data == place | {"thread": thread.id, "by": ada.id}
    assert event.message == "ada resolved a thread"


def test_nobody_is_notified_of_it(ada: Developer, task: Task) -> None:
    thread = drafts.add_comment(ada, task.id, body="Why?", publish=True).thread
    before = db.session.query(OutboxEntry).count()
    resolution.resolve(ada, task.id, thread.id)
    assert db.session.query(OutboxEntry).count() == before


def test_a_draft_is_not_resolved(ada: Developer, task: Task) -> None:
    thread = drafts.add_comment(ada, task.id, body="mine").thread
    with pytest.raises(NotFound):
        resolution.resolve(ada, task.id, thread.id)
    assert events_of(task) == []
