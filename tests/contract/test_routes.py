"""The routes of docs/contract.md, the app's and the OpenAPI document's are the same."""

import re
from collections import Counter

from flask import Flask
from flask.testing import FlaskClient

from app.api.schemas.base import camel_case
from tests.contract import page, rights_table
from tests.contract.rights_table import Access

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# The words of the contract's column, as test_rights_matrix tries them.
WHO: dict[str, Access] = {
    "anybody": rights_table.ANYBODY,
    "signed in": rights_table.DEVELOPER,
    "session": rights_table.SIGNED_IN,
    "own": rights_table.MINE,
    "own, session": rights_table.MINE_SIGNED_IN,
    "seeing": rights_table.SEEN,
    "members": rights_table.BY_MEMBERS,
    "creators": rights_table.BY_CREATOR,
    "owners": rights_table.BY_OWNERS,
    "owners, leads": rights_table.BY_OWNERS_AND_LEADS,
    "maintainers": rights_table.BY_MAINTAINERS,
    "leads": rights_table.LEADS,
    "admins": rights_table.ADMINS,
    "admins, session": rights_table.SIGNED_IN_ADMINS,
    "scrapers": rights_table.ADMINS,
    "machine": rights_table.WORKER,
    "first frame": rights_table.FIRST_FRAME,
    "platform": rights_table.SIGNATURES,
}


def contract() -> list[str]:
    return [f"{row.method} {row.path}" for row in page.rows()]


def served(app: Flask) -> set[str]:
    return {
        f"{method} {_path(rule.rule)}"
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith("console.")  # tests/app/console has its own claims
        for method in (("WS",) if rule.websocket else METHODS)
        if rule.websocket or method in (rule.methods or ())
    }


def _path(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: f":{camel_case(found[1])}", rule)


def documented(client: FlaskClient) -> set[str]:
    paths = client.get("/api/openapi.json").json["paths"]
    return {
        f"{method.upper()} {path.replace('{', ':').replace('}', '')}"
        for path, item in paths.items()
        for method in item
        if method.upper() in METHODS
    }


def test_the_contracts_table_is_what_is_served(app: Flask) -> None:
    assert set(contract()) == served(app)


def test_the_contract_names_a_route_once() -> None:
    assert [route for route, times in Counter(contract()).items() if times > 1] == []


def test_each_route_has_its_line_in_the_section_that_the_table_says() -> None:
    described = [(line.method, line.path, line.section) for line in page.lines()]
    listed = [(row.method, row.path, row.section) for row in page.rows()]
    assert sorted(described) == sorted(listed)


def test_the_contract_says_who_is_let_in() -> None:
    access = {_as_in_rights_table(row): WHO[row.who] for row in page.rows()}
    tried = {route: access.get(route) for route in rights_table.ROUTES}
    assert tried == dict(rights_table.ROUTES)


def _as_in_rights_table(row: page.Row) -> str:
    method, path = "GET" if row.method == "WS" else row.method, re.sub(r":\w+", "*", row.path)
    return f"{method} {path}"


def test_the_contract_explains_each_word_for_who() -> None:
    assert [who for who, _ in page.table(15, "| who |")] == list(WHO)


def test_every_route_that_is_served_is_documented_and_no_other(
    app: Flask, client: FlaskClient
) -> None:
    assert documented(client) == {route for route in served(app) if not route.startswith("WS ")}
