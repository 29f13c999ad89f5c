"""Cursors that were tampered with, or are another list's."""

import base64
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.task import EventType
from app.extensions import db
from app.models import Bot, Developer, Machine, Project, Task
from app.services import audit
from app.services.clock import now
from app.services.tasks import history
from tests.attacks.routes.openapi_bodies import QUERIES
from tests.contract.rights_fixtures import Furnish
from tests.contract.rights_table import ROUTES
from tests.contract.rights_world import World, make_world
from tests.factories import (
    add_member,
    make_attempt,
    make_binding,
    make_bot,
    make_delivery,
    make_developer,
    make_draft,
    make_enrollment_token,
    make_follow_up,
    make_gate,
    make_identity,
    make_invitation,
    make_login,
    make_machine,
    make_message,
    make_notification,
    make_personal_token,
    make_project,
    make_provider,
    make_review,
    make_review_thread,
    make_saved_view,
    make_task,
    make_terminal_input,
    make_transcript,
    make_usage,
    make_viewed_file,
)
from tests.factories.changes import make_change

LISTS = sorted(
    route
    for route, names in QUERIES.items()
    if route in ROUTES and route.startswith("GET ") and "cursor" in names
)
OTHERS = "Az."


@pytest.fixture(scope="module")
def furnish() -> Furnish:
    return furnished


def furnished(app: Flask) -> World:
    """With at least two of everything, in the admin's eyes."""
    world = make_world(app)
    project = db.session.query(Project).filter_by(key=world.key).one()
    admin = db.session.query(Developer).filter_by(name="admin").one()
    machine = db.session.get(Machine, world.machine_id)
    assert machine is not None
    bot = db.session.get_one(Bot, int(world.bot))
    files = [{"path": f"{number}"} for number in range(3)]
    make_change(db.session.get_one(Task, int(world.task)), files, stage_index=1)
    for number in range(3):
        task = make_task(project=project, machine_id=machine.id)
        history.record_event(task, EventType.CREATED, "made", now())
        audit.record("developer.updated", "developer", number, actor=admin)
        make_gate(task)
        make_draft(admin)
        make_saved_view(admin, name=f"{number}", position=number)
        make_bot()
        make_binding(bot)
        make_delivery(task, bot)
        make_notification(admin)
        make_terminal_input(admin, task_id=int(world.task))
        make_transcript(int(world.task), first=number)
        make_follow_up(db.session.get_one(Task, int(world.task)))
        make_message(db.session.get_one(Task, int(world.task)))
        make_review(db.session.get_one(Task, int(world.task)))
        make_review_thread(db.session.get_one(Task, int(world.task)))
        make_viewed_file(db.session.get_one(Task, int(world.task)), admin, path=f"{number}")
        make_attempt(task, machine)
        make_usage(task, project_id=make_project().id, input_tokens=1)
        make_machine()
        make_personal_token(admin)
        make_login(admin)
        make_enrollment_token(creator=admin)
        make_invitation(admin)
        make_identity(db.session.get_one(Developer, world.target), make_provider())
        add_member(project, make_developer())
    return world


def page(client: FlaskClient, world: World, route: str, who: str = "admin", **query: Any) -> Any:
    path = route.split()[1].replace("*", world.named_in(route)[0])
    return client.get(path, query_string=query, headers=world.headers(who))


def cursor_of(client: FlaskClient, world: World, route: str) -> str:
    first = page(client, world, route, limit=1)
    assert first.status_code == 200, first.text
    cursor: str = first.json["nextCursor"]
    assert cursor, route
    return cursor


@pytest.mark.parametrize("route", LISTS)
def test_a_cursor_with_another_letter_is_refused(
    client: FlaskClient, world: World, route: str
) -> None:
    """At each place; of the letters that could stand there each list is given another one."""
    cursor = cursor_of(client, world, route)
    for position, letter in enumerate(cursor, LISTS.index(route)):
        at = position - LISTS.index(route)
        other = next(one for one in OTHERS[position % 3 :] + OTHERS if one != letter)
        forged = cursor[:at] + other + cursor[at + 1 :]
        # Base64's last letter has bits that mean nothing.
        is_same = at == len(cursor) - 1 and _same_bytes(forged, cursor)
        status = page(client, world, route, cursor=forged).status_code
        assert status == 422 or (is_same and status == 200), forged
    for forged in (cursor[:-1], cursor * 2, "." + cursor, cursor.upper()):
        assert page(client, world, route, cursor=forged).status_code == 422, forged


def _same_bytes(one: str, other: str) -> bool:
    signatures = [text.rpartition(".")[2] + "=" for text in (one, other)]
    first, second = (base64.urlsafe_b64decode(text) for text in signatures)
    return first == second


def test_a_cursor_of_another_list_shows_nothing_more(client: FlaskClient, world: World) -> None:
    """Two lists of the same rows may share cursors: these are places, not rights."""
    cursors = [cursor_of(client, world, route) for route in LISTS]
    for route in LISTS:
        seen = page(client, world, route, "member", limit=200)
        for cursor in cursors:
            answer = page(client, world, route, "member", cursor=cursor)
            if seen.status_code != 200:
                assert answer.status_code == seen.status_code, route
                continue
            assert answer.status_code in (200, 422), route
            if answer.status_code == 200:
                assert all(item in seen.json["items"] for item in answer.json["items"]), route
