"""Asking each route with somebody's credential, and what is wrong about the answer."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app.extensions import db
from tests.contract.rights_bodies import FILES, body_of, query_of
from tests.contract.rights_table import expected
from tests.contract.rights_world import World

BY_ITSELF = {"HEAD", "OPTIONS"}  # Flask answers these for every route
_NAMED = re.compile(r"<[^>]*>")


def routes_of(app: Flask) -> dict[str, Rule]:
    """What is routed: `GET /api/web/tasks/*` → its rule."""
    return {
        f"{method} {_NAMED.sub('*', rule.rule)}": rule
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith("console.")  # no rights: pages and files are anybody's
        for method in (rule.methods or {"GET"}) - BY_ITSELF
    }


Ask = Callable[..., Any]


@pytest.fixture
def ask(app: Flask, client: FlaskClient) -> Ask:
    """Sends a route its least request, and takes back what that has done."""

    def send(
        world: World, route: str, credential: str, *, absent: bool = False, method: str = ""
    ) -> Any:
        verb, path = route.split()
        there, nowhere = world.named_in(route)
        before: Any = db.engine
        savepoint = before.begin_nested()
        try:
            return client.open(
                path.replace("*", nowhere if absent else there),
                method=method or verb,
                json=body_of(route, world),
                data=FILES.get(route),
                query_string=query_of(route, world),
                headers=world.headers(credential),
                environ_base={"REMOTE_ADDR": "203.0.113.7"},  # not this host
            )
        finally:
            db.session.remove()
            savepoint.rollback()

    return send


def wrong_answers(ask: Ask, world: World, route: str, credentials: Iterable[str]) -> dict[str, Any]:
    """Who gets another answer than the table says."""
    wrong = {}
    for credential in credentials:
        answer = ask(world, route, credential)
        wanted = expected(route, credential)
        refused = answer.status_code in (401, 403, 404)
        # Whoever is let in has asked for something that can be done: else the table says nothing.
        is_right = answer.status_code == wanted if wanted else not refused and _could(answer)
        if not is_right:
            wrong[credential] = (answer.status_code, wanted or "allowed", answer.text[:200])
    return wrong


def _could(answer: Any) -> bool:
    """409: allowed, but not as things stand. /readyz misses a dispatcher here, and a device is let
    in by somebody else first.
    """
    elsewhere = answer.request.path in ("/readyz", "/api/auth/device/token")
    return answer.status_code < 400 or answer.status_code == 409 or elsewhere
