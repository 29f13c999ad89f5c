"""The contract's routes, the app's and the OpenAPI document's are the same."""

import re
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

CONTRACT = Path(__file__).with_name("routes.txt")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Beyond the contract.
OURS = {
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /api/openapi.json",
    "GET /api/docs",
    "GET /api/web/tasks/:/logs/raw",
    "GET /api/web/tasks/:/recording",
    "GET /api/web/tasks/:/terminal-inputs",
    "POST /api/web/profile/totp/disable",
    "GET /api/web/profile/notifications",
    "PUT /api/web/profile/notifications",
    "GET /api/web/stream",
    "GET /api/web/tasks/:/stream",
    "PUT /api/admin/bots/:",
    "GET /api/admin/bots/all-bindings",
    "GET /api/admin/deliveries",
    "POST /api/admin/deliveries/:/retry",
    "POST /api/web/profile/chat-token",
    "POST /webhook/slack/events",
    "POST /webhook/slack/interact",
    "POST /webhook/slack/commands",
    "POST /webhook/lark",
}
SOCKETS = {
    "/api/workers/connect",
    "/api/workers/pty/<int:task_id>",
    "/ws/pty/<int:task_id>",
}


def contract() -> set[str]:
    """Names of parts of a path do not matter, and queries are not routes."""
    lines = CONTRACT.read_text().splitlines()
    routes = {re.sub(r":\w+", ":", line.partition("?")[0]) for line in lines}
    assert len(routes) == len(lines) == 75
    return routes


def served(app: Flask) -> set[str]:
    return {
        f"{method} {re.sub('<[^>]+>', ':', rule.rule)}"
        for rule in app.url_map.iter_rules()
        if rule.rule not in SOCKETS
        for method in METHODS
        if method in (rule.methods or ())
    }


def documented(client: FlaskClient) -> set[str]:
    paths = client.get("/api/openapi.json").json["paths"]
    return {
        f"{method.upper()} {re.sub('{[^}]+}', ':', path)}"
        for path, item in paths.items()
        for method in item
        if method.upper() in METHODS
    }


def test_what_is_served_is_the_contract_and_what_is_ours(app: Flask) -> None:
    assert served(app) == contract() | OURS


def test_every_route_that_is_served_is_documented_and_no_other(
    app: Flask, client: FlaskClient
) -> None:
    assert documented(client) == served(app)


def test_the_sockets_are_sockets(app: Flask) -> None:
    assert {rule.rule for rule in app.url_map.iter_rules() if rule.websocket} == SOCKETS
