"""What a foreign page could have a signed-in browser send: nothing of it does anything.

The browser's cookie opens three routes, which ask where a request comes from. All others take the
access token, in a header that no other page can have sent.
"""

import re
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api.guards import PUBLIC_ROUTES
from tests.factories import make_developer
from tests.factories.developers import PASSWORD

HERE = {"Origin": "http://localhost"}
BROWSERS = "/api/auth/browser/"
FOREIGN = [
    *("https://evil.example", "null", "http://localhost:8080", "http://sub.localhost"),
    "http://localhost.evil.example",
]


@pytest.fixture
def browser(client: FlaskClient) -> FlaskClient:
    """A browser with the cookie of a developer who can do everything."""
    admin = make_developer(role="admin")
    body = {"username": admin.name, "password": PASSWORD}
    assert client.post(f"{BROWSERS}login", json=body, headers=HERE).status_code == 200
    return client


def closed_routes(app: Flask) -> list[tuple[str, str]]:
    """Every route that wants a credential, with a method that it takes."""
    return [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.rule not in PUBLIC_ROUTES and not rule.websocket
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]


def path_of(rule: str) -> str:
    named = {"uuid": str(uuid.uuid4()), "int": "1"}
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: named.get(found[1] or "", "x"), rule)


def test_the_cookie_alone_opens_no_route(app: Flask, browser: FlaskClient) -> None:
    routes = closed_routes(app)
    assert len(routes) > 100
    for method, rule in routes:
        answer = browser.open(path_of(rule), method=method, json={}, headers=HERE)
        assert answer.status_code == 401, f"{method} {rule}"


@pytest.mark.parametrize("route", ["login", "refresh", "logout"])
@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_cannot_use_it_where_it_counts(
    browser: FlaskClient, route: str, origin: str
) -> None:
    answer = browser.post(BROWSERS + route, json={}, headers={"Origin": origin})
    assert (answer.status_code, answer.json["code"]) == (403, "wrong_origin")


@pytest.mark.parametrize("route", ["login", "refresh", "logout"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_nor_can_a_form(browser: FlaskClient, route: str, kind: str) -> None:
    answer = browser.post(BROWSERS + route, data="{}", headers={**HERE, "Content-Type": kind})
    assert answer.status_code == 415


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(browser: FlaskClient) -> None:
    answer = browser.post(f"{BROWSERS}refresh", json={}, headers=HERE)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
