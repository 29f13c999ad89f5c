"""The routes of docs/reference.md, the app's and the OpenAPI document's are the same.

Who has access, by which scope, and with which status a route succeeds: the tables beside this file.
"""

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.schemas.base import camel_case
from tests.contract import page, rights_table, scopes_table, statuses_table
from tests.contract.page import Line
from tests.contract.rights_table import Access

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# The words of the page's column, as test_rights_matrix tries them.
ACCESS: dict[str, Access] = {
    "anyone": rights_table.ANYBODY,
    "developers": rights_table.DEVELOPER,
    "developers, no PAT": rights_table.SIGNED_IN,
    "its owner": rights_table.MINE,
    "its owner, no PAT": rights_table.MINE_SIGNED_IN,
    "project viewers": rights_table.SEEN,
    "members": rights_table.BY_MEMBERS,
    "task creator": rights_table.BY_CREATOR,
    "task owners": rights_table.BY_OWNERS,
    "task owners, leads": rights_table.BY_OWNERS_AND_LEADS,
    "maintainers": rights_table.BY_MAINTAINERS,
    "leads": rights_table.LEADS,
    "admins": rights_table.ADMINS,
    "admins, no PAT": rights_table.SIGNED_IN_ADMINS,
    "machines": rights_table.WORKER,
    "first frame": rights_table.FIRST_FRAME,
    "chat platforms": rights_table.SIGNATURES,
    "scrapers": rights_table.ADMINS,
}
FUZZ_SETTINGS = Path(__file__).parents[1] / "fuzz" / "schemathesis.toml"
HTTP_LINES = [line for line in page.lines() if line.method != "WS"]


def listed() -> list[str]:
    return [str(line) for line in page.lines()]


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


def test_the_pages_routes_are_those_that_are_served(app: Flask) -> None:
    assert set(listed()) == served(app)


def test_the_page_names_a_route_once() -> None:
    assert [route for route, times in Counter(listed()).items() if times > 1] == []


def test_each_route_is_below_the_heading_of_its_path() -> None:
    headings = {line.group for line in page.lines()}
    for line in page.lines():
        prefixes = {each for each in headings if f"{line.path}/".startswith(f"{each}/")}
        assert line.group == max(prefixes, key=len, default="Other routes"), str(line)


def test_the_page_says_who_has_access() -> None:
    access = {_as_in_rights_table(line): ACCESS[line.access] for line in page.lines()}
    assert access == dict(rights_table.ROUTES)


def _as_in_rights_table(line: Line) -> str:
    method, path = "GET" if line.method == "WS" else line.method, re.sub(r":\w+", "*", line.path)
    return f"{method} {path}"


def test_the_page_explains_each_word_for_access() -> None:
    rows = page.table(page.section("Routes"), "| access | who |")
    assert [access for access, _ in rows] == list(ACCESS)


def test_the_page_says_which_scope_a_token_needs() -> None:
    scopes = {_as_in_rights_table(line): line.scope for line in page.lines() if line.scope}
    assert scopes == {
        route: scopes_table.scope_of(route)
        for route, access in rights_table.ROUTES.items()
        if access.credential_kind == rights_table.DEVELOPERS and access.tokens != 401
    }


@pytest.mark.parametrize("line", HTTP_LINES, ids=str)
def test_a_route_succeeds_with_the_statuses_of_the_table(line: Line) -> None:
    assert line.statuses == statuses_table.expected(_as_in_rights_table(line))


def test_the_table_of_statuses_names_no_other_route() -> None:
    assert statuses_table.STATUSES.keys() <= {*map(_as_in_rights_table, page.lines())}


@pytest.mark.parametrize("line", HTTP_LINES, ids=str)
def test_the_document_names_the_credentials_of_the_rights_table(
    rolled_back_app: Flask, line: Line
) -> None:
    access = rights_table.ROUTES[_as_in_rights_table(line)]
    path = re.sub(r":(\w+)", r"{\1}", line.path)
    document = rolled_back_app.extensions["api_description"].document
    security: list[Any] = document["paths"][path][line.method.lower()]["security"]
    expected = {
        rights_table.OPEN: set(),
        rights_table.SIGNED: set(),
        rights_table.WORKERS: {"workerJwt"},
        rights_table.DEVELOPERS: {"accessToken"},
    }[access.credential_kind]
    if access.credential_kind == rights_table.DEVELOPERS and access.tokens != 401:
        expected = expected | {"personalAccessToken"}
    if line.access == "scrapers":
        expected = expected | {"scrapeToken"}
    assert {name for each in security for name in each} == expected


def test_every_route_that_is_served_is_documented_and_no_other(
    app: Flask, client: FlaskClient
) -> None:
    assert documented(client) == {route for route in served(app) if not route.startswith("WS ")}


def test_the_fuzz_suite_names_only_operations_of_the_document(rolled_back_app: Flask) -> None:
    paths = rolled_back_app.extensions["api_description"].document["paths"].values()
    known = {
        each["operationId"] for path in paths for each in path.values() if "operationId" in each
    }
    rules = tomllib.loads(FUZZ_SETTINGS.read_text())["operations"]
    named = {name for rule in rules for name in rule.get("include-operation-id", ())}
    assert named - known == set()
