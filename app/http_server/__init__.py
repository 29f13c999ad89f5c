"""Limits before authentication: connections are counted, and their input has a deadline.

docs/decisions/0047 has the reasons.
"""

from collections.abc import Mapping
from typing import Any

from app.http_server.anonymous_connections import AnonymousConnection

MAX_ANONYMOUS_BODY_BYTES = 64 * 1024
"""Maximum body size for anonymous clients. This much of any body is read before its request is
handled.
"""


def get_connection(environ: Mapping[str, Any]) -> AnonymousConnection | None:
    """Return the anonymous connection of a request; None if they aren't counted (in tests, under
    other servers).

    It comes with the body: gunicorn passes nothing else of ours into a request's environment.
    """
    visit: AnonymousConnection | None = getattr(environ.get("wsgi.input"), "connection", None)
    return visit


def mark_authenticated(environ: Mapping[str, Any]) -> None:
    """Mark the client as authenticated: its connection no longer counts as anonymous."""
    if (visit := get_connection(environ)) is not None:
        visit.mark_authenticated()


def mark_frame_received(environ: Mapping[str, Any]) -> None:
    """Record that a socket's first frame has arrived: we no longer wait for its client, valid or
    not.
    """
    if (visit := get_connection(environ)) is not None:
        visit.is_waiting = False
