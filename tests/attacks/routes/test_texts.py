"""Texts that mean something to LIKE."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.task import EventType
from app.extensions import db
from app.models import Task
from app.services.clock import now
from app.services.tasks import history
from tests.contract.rights_fixtures import Furnish
from tests.contract.rights_world import World, make_world
from tests.factories import make_task

TEXTS = ["100% done", "100 done", "a_b", "axb", "back\\slash", "backslash", "it's", "[x]", "x"]
SEARCHES = [
    pytest.param("%", {"100% done"}, id="percent"),
    pytest.param("_", {"a_b"}, id="underscore"),
    pytest.param("\\", {"back\\slash"}, id="backslash"),
    pytest.param("\\%", set(), id="escaped percent"),
    pytest.param("%%", set(), id="two percents"),
    pytest.param("0%", {"100% done"}, id="in the middle"),
    pytest.param("'", {"it's"}, id="quote"),
    pytest.param("[x]", {"[x]"}, id="brackets"),
    pytest.param("' OR '1'='1", set(), id="sql"),
    pytest.param(".*", set(), id="regular expression"),
]


@pytest.fixture(scope="module")
def furnish() -> Furnish:
    """With each text as a task's description, and as the words of an event of the world's task."""

    def furnish(app: Flask) -> World:
        world = make_world(app)
        task = db.session.get_one(Task, int(world.task))
        for text in TEXTS:
            make_task(description=text)
            history.record_event(task, EventType.LOG, text, now())
        return world

    return furnish


@pytest.mark.parametrize(("q", "found"), SEARCHES)
def test_a_filter_of_tasks_means_its_letters(
    client: FlaskClient, world: World, q: str, found: set[str]
) -> None:
    answer = client.get("/api/web/tasks", query_string={"q": q}, headers=world.headers("admin"))
    assert {task["description"] for task in answer.json["items"]} == found


@pytest.mark.parametrize(("search", "found"), SEARCHES)
def test_a_search_in_events_means_its_letters(
    client: FlaskClient, world: World, search: str, found: set[str]
) -> None:
    answer = client.get(
        f"/api/web/tasks/{world.task}/events",
        query_string={"search": search},
        headers=world.headers("admin"),
    )
    # `data` is searched as JSON text, in which these would be found too if they were wildcards.
    assert {event["message"] for event in answer.json["items"]} == found
