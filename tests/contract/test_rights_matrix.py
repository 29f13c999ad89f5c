"""Every route with every kind of credential, against the one table of `rights_table`. What else is
asked of each route: tests/attacks/routes/.
"""

from typing import Any

import pytest
from flask.testing import FlaskClient

import config
from app.api import guards, scopes
from app.factory import create_app
from tests.conftest import NOWHERE, SECRETS
from tests.contract.rights_fixtures import app, furnish, world
from tests.contract.rights_requests import Ask, ask, routes_of, wrong_answers
from tests.contract.rights_table import (
    DEVELOPERS,
    FRAMES,
    ROUTES,
    expected,
)
from tests.contract.rights_world import World
from tests.contract.scopes_table import SCOPES, scope_of

__all__ = ["app", "ask", "furnish", "world"]  # fixtures

HERE = routes_of(create_app(config.load({**SECRETS, **NOWHERE})))
ASKED = sorted(
    route for route in HERE if route in ROUTES and ROUTES[route].credential_kind != FRAMES
)


def test_every_route_has_a_line_and_every_line_a_route() -> None:
    assert sorted(HERE.keys() - ROUTES.keys()) == []
    assert sorted(ROUTES.keys() - HERE.keys()) == []


def test_every_route_of_personal_tokens_has_one_scope() -> None:
    taking = {
        route: rule
        for route, rule in HERE.items()
        if guards.accepts_personal_tokens(route.split()[0], rule.rule)
    }
    by_hand = [route for route, _ in SCOPES]
    assert len(by_hand) == len(set(by_hand))
    assert set(by_hand) == {
        route for route in taking if not route.split()[1].startswith(scopes.ADMIN_PREFIXES)
    }
    for route, rule in taking.items():
        assert scopes.required_scope(route.split()[0], rule.rule) == scope_of(route), route


def test_a_route_without_a_scope_takes_no_narrowed_token() -> None:
    assert scopes.required_scope("GET", "/api/web/new") is None
    assert scopes.required_scope("DELETE", "/api/web/tasks") is None


@pytest.mark.parametrize("route", ASKED)
def test_a_route_takes_whom_its_line_says(ask: Ask, world: World, route: str) -> None:
    # Of narrowed tokens the admin's, whom nothing else is in the way; the others' are asked in
    # tests/attacks/routes/test_scopes.py.
    some = [name for name in world.bearers if not name.startswith("member's ")]
    assert wrong_answers(ask, world, route, [*some, "member's token"]) == {}


def test_what_is_hidden_looks_like_what_is_not_there(ask: Ask, world: World) -> None:
    for route in ("GET /api/web/tasks/*", "POST /api/web/tasks/*/cancel"):
        hidden, absent = ask(world, route, "outsider"), ask(world, route, "outsider", absent=True)
        assert hidden.status_code == absent.status_code == 404
        assert hidden.json["code"] == absent.json["code"]
        assert ask(world, route, "nothing", method="OPTIONS").status_code == 401


def test_a_project_that_is_hidden_cannot_be_told_from_none_by_its_key(
    client: FlaskClient, world: World
) -> None:
    for person in ("outsider", "stranger"):
        headers = world.headers(person)
        for method, path, field in (
            ("POST", "/api/web/tasks", "json"),
            ("GET", "/api/web/tasks", "query_string"),
        ):
            texts = []
            for key in (world.key, "NOPE"):
                name = "projectKey"
                sent = {name: key} if method == "GET" else {name: key, "description": "x"}
                answer = client.open(path, method=method, headers=headers, **{field: sent})
                texts.append((answer.status_code, answer.text.replace(key, "…")))
            assert texts[0] == texts[1]


# What differs between people; in the world, each holds the key of the member's project.
LISTS = [
    "GET /api/web/tasks",
    "GET /api/web/projects",
    "GET /api/web/machines/*/tasks",
    "GET /api/web/profile/tokens",
    "GET /api/web/profile/drafts",
    "GET /api/web/profile/views",
    "GET /api/web/dashboard/recent-tasks",
    "GET /api/web/dashboard/recent-activity",
    "GET /api/web/notifications",
    "GET /api/web/inbox",
    "GET /api/web/search",
    "GET /api/web/usage",
]
WHO_SEES = {
    "member": True,
    "outsider": False,
    "stranger": False,
    "member's token here": True,
    "member's token elsewhere": False,
    "admin's token elsewhere": False,
}
# Numbers, and what all see.
NO_LISTS = {
    *("GET /api/web/dashboard/stats", "GET /api/web/profile", "GET /api/web/profile/budget"),
    # A stream has no end to be compared; tests/app/api/web/test_stream.py says what is in it.
    *("GET /api/web/profile/notifications", "GET /api/web/profile/sessions"),
    "GET /api/web/stream",
    # Its steps name your projects: tests/app/api/web/test_getting_started.py.
    "GET /api/web/getting-started",
    "GET /api/web/machines/-/samples",
    *("GET /api/web/agents", "GET /api/web/machines", "GET /api/web/projects/-/developers"),
}


@pytest.mark.parametrize("route", LISTS)
def test_lists_show_nothing_of_other_projects(
    client: FlaskClient, world: World, route: str
) -> None:
    path = route.split()[1].replace("*", world.machine_id)
    # Not the key itself, which comes back in the answer.
    query = {"q": world.key.swapcase()} if route.endswith("/search") else {}
    shown = {}
    for credential in WHO_SEES:
        answer = client.get(path, query_string=query, headers=world.headers(credential))
        if not expected(route, credential):
            assert answer.status_code == 200, answer.text
            shown[credential] = f'"{world.key}"' in answer.text
    assert shown == {credential: WHO_SEES[credential] for credential in shown}


def test_every_list_is_among_them() -> None:
    open_to_all = {
        route for route in ASKED if route.startswith("GET /api/web/") and "*" not in route
    }
    assert open_to_all == {route for route in LISTS if "*" not in route} | NO_LISTS


def test_the_numbers_count_nothing_of_other_projects(client: FlaskClient, world: World) -> None:
    for person, seen in WHO_SEES.items():
        answer = client.get("/api/web/dashboard/stats", headers=world.headers(person))
        assert (answer.status_code, answer.json["tasks"]["suspended"]) == (200, seen), person


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"gitName": "New Name", "gitEmail": "new@example.org"}, 200),
        ({"disabled": True}, 200),
        ({"disabled": False}, 403),
        ({"password": "a password of the thief"}, 403),
        ({"role": "admin"}, 403),
        ({"gitName": "x", "role": "developer"}, 403),
    ],
    ids=str,
)
@pytest.mark.parametrize("whose", ["its own", "another"])
def test_a_token_changes_nothing_about_an_account_that_would_outlive_it(
    client: FlaskClient, world: World, whose: str, changes: dict[str, Any], status: int
) -> None:
    own = client.get("/api/web/profile", headers=world.headers("admin")).json["id"]
    target = own if whose == "its own" else world.target
    path = f"/api/admin/developers/{target}"
    answer = client.put(path, json=changes, headers=world.headers("admin's token"))
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json["code"] == "session_required"
        assert client.put(path, json=changes, headers=world.headers("admin")).status_code < 410


def test_routes_take_developers_credentials_by_default() -> None:
    """Only what is listed here by hand is open, whatever the table says."""
    open_ = {route for route, access in ROUTES.items() if access.credential_kind != DEVELOPERS}
    assert {route.split()[1].split("/")[2] for route in open_ if "/api/" in route} == {
        "auth",
        "workers",
        "openapi.json",
        "docs",
    }
