"""The HTTP API: routes that translate between the contract's JSON and the services."""

import importlib
from typing import Any

import flask_smorest
from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter

from app.api.blueprint import Blueprint
from app.api.openapi import fields
from app.api.openapi.api_description import ApiDescription
from app.api.openapi.problem_responses import Statuses
from app.api.schemas.base import INT8

# The modules with routes; each has a blueprint `blp`.
BLUEPRINT_MODULES = (
    "app.api.ops",
    "app.api.docs",
    "app.api.evidence_keys",
    "app.api.worker_install",
    "app.api.auth.routes",
    "app.api.auth.browser",
    "app.api.auth.oidc",
    "app.api.auth.device",
    "app.api.auth.invitations",
    "app.api.web.tasks",
    "app.api.web.recordings",
    "app.api.web.evidence",
    "app.api.web.transcripts",
    "app.api.web.reviews",
    "app.api.web.follow_ups",
    "app.api.web.messages",
    "app.api.web.diffs",
    "app.api.web.images",
    "app.api.web.usage",
    "app.api.web.workspaces",
    "app.api.web.inbox",
    "app.api.web.getting_started",
    "app.api.web.dashboard",
    "app.api.web.machines",
    "app.api.web.agents",
    "app.api.web.tunnels",
    "app.api.web.projects",
    "app.api.web.dry_runs",
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
    "app.api.admin.invitations",
    "app.api.admin.machines",
    "app.api.admin.projects",
    "app.api.admin.settings",
    "app.api.admin.worker_tokens",
    "app.api.workers.routes",
    "app.api.webhook.routes",
)


class Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest's Api without its error handlers and pages, which `app.errors` and
    `app.api.docs` replace.

    Blueprints are described only on demand. That takes as long as the rest of an app, and most
    processes never need it.
    """

    def __init__(self, app: Flask) -> None:
        self._undocumented: list[Blueprint] = []
        super().__init__(app)

    def register_blueprint(self, blueprint: Blueprint) -> None:
        """Add its routes to the app."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint)
        self._undocumented.append(blueprint)

    def build_document(self) -> dict[str, Any]:
        """Build the OpenAPI document of all blueprints."""
        while self._undocumented:
            blueprint = self._undocumented.pop(0)
            blueprint.register_views_in_doc(
                self, self._app, self.spec, name=blueprint.name, parameters=None
            )
            self.spec.tag({"name": blueprint.name, "description": blueprint.description})
        document: dict[str, Any] = self.spec.to_dict()
        return document

    def _register_error_handlers(self) -> None:
        """Registers nothing."""

    def _register_doc_blueprint(self) -> None:
        """Registers nothing."""


class _BigintConverter(IntegerConverter):
    """An integer in a path, up to Postgres's largest bigint: no row has a larger ID.

    With the converter's own `max`, other routes of the path would answer instead, with a 405.
    """

    def to_python(self, value: str) -> int:
        number: int = super().to_python(value)
        if number > INT8:
            raise NotFound
        return number


def prepare_routing(app: Flask) -> None:
    """Match paths exactly. Werkzeug would redirect some of them, with an HTML page."""
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.converters["int"] = _BigintConverter


def register(app: Flask, statuses: Statuses) -> None:
    """Add every blueprint to the app and to its OpenAPI document.

    `statuses` maps the domain's errors to HTTP statuses.
    """
    api = Api(app)
    fields.register_field_rules(api.ma_plugin.converter)
    app.extensions["api_description"] = ApiDescription(app, api.build_document, statuses)
    for room in BLUEPRINT_MODULES:
        api.register_blueprint(importlib.import_module(room).blp)
