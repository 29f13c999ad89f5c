"""docs/reference.md: all sections in their order."""

from pathlib import Path

from flask import Flask

from tests.docs import bounds_table
from tests.docs.reference import (
    access,
    audit_actions,
    channel_frames,
    codes,
    commands,
    environment,
    metrics,
    routes,
    schemas,
    settings,
)
from tests.docs.reference.markdown import join_blocks
from tests.docs.reference.texts import format_intro

FILE = Path(__file__).parents[3] / "docs" / "reference.md"
TITLE = "# Reference"


def render(app: Flask) -> str:
    """The page's text."""
    document = app.extensions["api_description"].document
    components = document["components"]
    sections = {
        "Routes": routes.render(app, document),
        "Problem codes": codes.render_problems(components),
        "Field error codes": codes.render_field_errors(),
        "Failure codes": codes.render_failures(),
        "Wait reasons": codes.render_waits(components["schemas"]),
        "Event types": codes.render_events(),
        "Close codes": codes.render_close_codes(),
        "Permissions": access.render_permissions(),
        "Token scopes": access.render_scopes(),
        "Settings": settings.render(),
        "Environment variables": environment.render(),
        "Metrics": metrics.render(app),
        "Audit actions": audit_actions.render(),
        "Frames": channel_frames.render(),
        "Frame limits": join_blocks(format_intro("limits"), bounds_table.table()),
        "Commands": commands.render(),
        "Schemas": schemas.render(components["schemas"]),
    }
    links = "\n".join(f"- [{name}](#{name.lower().replace(' ', '-')})" for name in sections)
    return (
        join_blocks(
            TITLE,
            format_intro("page"),
            links,
            *(f"## {name}\n\n{text}" for name, text in sections.items()),
        )
        + "\n"
    )
