"""The HTTP API: routes that translate between the contract's JSON and the services."""

import importlib

import flask_smorest
from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter

from app.api.openapi import fields
from app.api.openapi.answers import Statuses
from app.api.openapi.described import Described
from app.api.schemas.base import INT8

# The modules with routes; each has a blueprint `blp`.
ROOMS = (
    "app.api.ops",
    "app.api.docs",
    "app.api.evidence_keys",
    "app.api.install",
    "app.api.auth.routes",
    "app.api.auth.browser",
    "app.api.auth.oidc",
    "app.api.auth.device",
    "app.api.web.tasks",
    "app.api.web.recordings",
    "app.api.web.evidence",
    "app.api.web.transcripts",
    "app.api.web.reviews",
    "app.api.web.follow_ups",
    "app.api.web.diffs",
    "app.api.web.usage",
    "app.api.web.workspaces",
    "app.api.web.inbox",
    "app.api.web.dashboard",
    "app.api.web.machines",
    "app.api.web.agents",
    "app.api.web.tunnels",
    "app.api.web.projects",
    "app.api.web.rehearsals",
    "app.api.web.profile",
    "app.api.web.sessions",
    "app.api.web.device",
    "app.api.web.notifications",
    "app.api.web.preferences",
    "app.api.web.stream",
    "app.api.web.search",
    "app.api.web.personal_tokens",
    "app.api.web.drafts",
    "app.api.web.saved_views",
    "app.api.web.second_factor",
    "app.api.admin.audit_logs",
    "app.api.admin.bots",
    "app.api.admin.deliveries",
    "app.api.admin.developers",
    "app.api.admin.identities",
    "app.api.admin.identity_providers",
    "app.api.admin.machines",
    "app.api.admin.projects",
    "app.api.admin.settings",
    "app.api.admin.worker_tokens",
    "app.api.workers.routes",
    "app.api.webhook.routes",
)


class Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest's Api, without its error handlers (`app.errors` has ours) and its pages
    (`app.api.docs` has ours).
    """

    def _register_error_handlers(self) -> None:
        """None of its own."""

    def _register_doc_blueprint(self) -> None:
        """None of its own."""


class _Integer(IntegerConverter):
    """A path's integer, at most Postgres's largest bigint: a larger id can belong to no row.

    With the converter's own `max`, other routes of the path would answer instead, with a 405.
    """

    def to_python(self, value: str) -> int:
        number: int = super().to_python(value)
        if number > INT8:
            raise NotFound
        return number


def prepare_routing(app: Flask) -> None:
    """Match paths as they come. Werkzeug would redirect some of them, with an HTML page."""
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.converters["int"] = _Integer


def register(app: Flask, statuses: Statuses) -> None:
    """Add every blueprint to the app and to its OpenAPI document.

    `statuses` maps the domain's errors to HTTP statuses.
    """
    api = Api(app)
    fields.teach(api.ma_plugin.converter)
    app.extensions["described_api"] = Described(app, api.spec, statuses)
    for room in ROOMS:
        api.register_blueprint(importlib.import_module(room).blp)
