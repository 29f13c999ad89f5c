"""Whatever is in a body or a query: a field that is not the client's is refused by its name, and
nothing is a 500. Tried on every route that the OpenAPI document has."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.extensions import db
from tests.attacks.routes.conftest import Undone
from tests.attacks.routes.openapi_bodies import BODIES, QUERIES, resolved
from tests.contract.rights_bodies import body_of, query_of
from tests.contract.rights_table import ROUTES, WORKER
from tests.contract.rights_world import World

# fmt: off
NOT_THE_CLIENTS = [
    "id", "role", "disabled", "disabledAt", "createdBy", "createdAt", "status", "passwordHash",
    "password_hash", "tokenGeneration", "isAdmin", "projectId", "developerId", "machineId",
    "ownerId", "slotsUsed", "secretNames", "revokedAt", "digest", "prefix", "events", "attempt",
    "round", "queue", "__proto__", "__class__", "constructor",
]
# fmt: on
ODD = [
    pytest.param(value, id=name)
    for name, value in {
        "nul": "a\0b",
        "half a surrogate": "\ud800",
        "the other half": "x\udfff",
        "null": None,
        "true": True,
        "huge": 10**30,
        "very negative": -(10**30),
        "float": 1e308,
        "long": "x" * 300_000,
        "digits": "9" * 400,
        "list": [],
        "deep list": json.loads("[" * 200 + "]" * 200),
        "object": {"a": {"\0": "\0"}},
        "first moment": "0001-01-01T00:00:00+23:59",
        "last moment": "9999-12-31T23:59:59.999999-23:59",
        "no offset there is": "2030-01-01T00:00:00+99:99",
        "markup": "<script>%27'\";--",
        "line breaks": "a\r\nSet-Cookie: x=1",
        "direction": "\u202e\u2066\ufeff",
    }.items()
]
Send = Callable[..., Any]


@pytest.fixture
def send(world: World, client: FlaskClient, undone: Undone) -> Send:
    """Sends it as somebody who may; `text` in place of a body."""

    def send(route: str, body: Any = None, query: Any = None, text: str | None = None) -> Any:
        verb, path = route.split()
        access = ROUTES[route]
        people = [name for name in ("admin", "member", "creator") if name in access.allowed]
        who = "worker" if access is WORKER else people[0]
        text = json.dumps(body) if text is None and body is not None else text
        with undone():
            return client.open(
                path.replace("*", world.named_in(route)[0]),
                method=verb,
                data=None if text is None else text.encode(),
                content_type=None if text is None else "application/json",
                query_string=query_of(route, world) if query is None else query,
                headers=world.headers(who),
            )

    return send


def rows() -> dict[str, str | None]:
    """What every table holds, as a digest."""
    return {
        table.name: db.session.scalar(
            sa.text(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table.name} t")
        )
        for table in db.metadata.sorted_tables
    }


@pytest.mark.parametrize("route", sorted(BODIES))
def test_a_field_that_is_not_the_clients_is_refused_and_nothing_changes(
    world: World, client: FlaskClient, route: str
) -> None:
    known = BODIES[route].get("properties", {})
    headers = world.headers("member" if "/profile/tokens/" in route else "admin")
    before = rows()
    verb, path = route.split()
    for name in NOT_THE_CLIENTS:
        if name in known:
            continue
        answer = client.open(
            path.replace("*", world.named_in(route)[0]),
            method=verb,
            json={**(body_of(route, world) or {}), name: "1"},
            headers=headers,
        )
        assert answer.status_code == 422, (name, answer.text)
        assert list(answer.json["errors"]) == [name]
    assert rows() == before


@pytest.mark.parametrize("value", ODD)
def test_no_value_of_any_field_breaks_a_route(send: Send, world: World, value: Any) -> None:
    broken = []
    for route, schema in BODIES.items():
        for name in _fields(schema):
            answer = send(route, {**(body_of(route, world) or {}), **_at(name, value)})
            if answer.status_code >= 500 or _is_html(answer):
                broken.append((route, name, answer.status_code))
    assert broken == []


@pytest.mark.parametrize("value", [each for each in ODD if isinstance(each.values[0], str | int)])
def test_no_value_in_a_query_breaks_a_route(send: Send, world: World, value: Any) -> None:
    text = str(value).encode("utf-8", "surrogatepass").decode("utf-8", "replace")[:5000]
    broken = []
    for route, names in QUERIES.items():
        for name in names:
            answer = send(route, body_of(route, world), {**query_of(route, world), name: text})
            if answer.status_code >= 500 or (_is_html(answer) and not _leads_home(answer)):
                broken.append((route, name, answer.status_code))
    assert broken == []


@pytest.mark.parametrize(
    "bytes_", ["%00", "%ED%A0%80", "%FF", "%C0%80", "%0d%0aX-Evil:1", "%2e%2e"]
)
def test_no_bytes_in_a_path_or_query_break_a_route(
    world: World, client: FlaskClient, undone: Undone, bytes_: str
) -> None:
    for route in {**ROUTES}:
        verb, path = route.split()
        if "*" in path and "pty" not in path:
            who = "worker" if path.startswith("/api/workers/") else "admin"
            with undone():
                answer = client.open(
                    path.replace("*", bytes_), method=verb, headers=world.headers(who)
                )
            refused = answer.status_code in (400, 403, 404, 405, 415, 422)
            assert refused or _leads_home(answer), (path, answer.status_code)
            assert "X-Evil" not in answer.headers
    for route, names in QUERIES.items():
        there = route.split()[1].replace("*", world.named_in(route)[0])
        for name in names:
            with undone():
                answer = client.get(f"{there}?{name}={bytes_}", headers=_admin(world))
            assert answer.status_code < 500, (route, name)


@pytest.mark.parametrize("route", sorted(BODIES))
@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000 + "]" * 50_000,
        '{"a":' * 50_000 + "1" + "}" * 50_000,
        '{"a": ' + "1" * 100_000 + "}",
        '{"a": 1e999999}',
        '{"a": NaN}',
        '{"a": "\\ud800"}',
        "\ufeff{}",
        "",
        "{}{}",
    ],
    ids=["deep list", "deep object", "digits", "1e999999", "NaN", "surrogate", "BOM", "", "two"],
)
def test_no_text_in_place_of_a_body_breaks_a_route(send: Send, route: str, text: str) -> None:
    answer = send(route, text=text)
    assert answer.status_code < 500, answer.text


def test_of_a_field_that_comes_twice_the_last_is_judged_and_taken(
    world: World, client: FlaskClient
) -> None:
    """As by every JSON parser in use; what matters is that both see the same one."""
    twice = '{"gitName": "Mallory", "gitName": "<bad>"}'
    answer = client.put(
        "/api/web/profile",
        data=twice,
        content_type="application/json",
        headers=world.headers("member"),
    )
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["gitName"])


@pytest.mark.parametrize(
    ("route", "body", "field"),
    [
        ("PUT /api/web/projects/*", {"pipeline": [{"name": "a", "command": "b", "id": 1}]}, "id"),
        (
            "POST /api/workers/register",
            {"hardware": {"cpuCount": 1, "slotsUsed": 2}},
            "slotsUsed",
        ),
        (
            "POST /api/workers/register",
            {"capabilities": [{"agentType": "claude", "role": "admin"}]},
            "role",
        ),
    ],
    ids=["a stage", "hardware", "a capability"],
)
def test_inner_objects_are_as_strict(
    send: Send, world: World, route: str, body: dict[str, Any], field: str
) -> None:
    answer = send(route, {**(body_of(route, world) or {}), **body})
    assert answer.status_code == 422
    assert [name.rpartition(".")[2] for name in answer.json["errors"]] == [field]


def _admin(world: World) -> dict[str, str]:
    return world.headers("admin")


def _leads_home(answer: Any) -> bool:
    """Whether it sends a browser, which comes from a provider, on to a page of ours."""
    to = answer.headers.get("Location", "")
    return answer.status_code == 303 and to.startswith("/") and not to.startswith(("//", "/\\"))


def _is_html(answer: Any) -> bool:
    return "html" in (answer.mimetype or "")


def _fields(schema: Any) -> list[str]:
    """`name`, and `pipeline.name` for what is in the objects of a list or in an object."""
    found = []
    for name, definition in schema.get("properties", {}).items():
        found.append(name)
        inner = resolved(definition.get("items", definition)).get("properties", {})
        kind = "[]" if "items" in definition else ""
        found += [f"{name}{kind}.{below}" for below in inner]
    return found


def _at(path: str, value: Any) -> dict[str, Any]:
    name, _, below = path.partition(".")
    if not below:
        return {name: value}
    return {name[:-2]: [{below: value}]} if name.endswith("[]") else {name: {below: value}}
