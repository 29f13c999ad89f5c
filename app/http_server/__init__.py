"""Who is let in before anybody knows them: connections are counted, and what they send has a
deadline. docs/decisions/0047 has the reasons.
"""

from collections.abc import Mapping
from typing import Any

from app.http_server.anonymous_connections import AnonymousConnection

MAX_ANONYMOUS_BODY_BYTES = 64 * 1024
"""The most that a body may have whose sender nobody knows. So much of any body is read before
anything is done for its request.
"""


def get_connection(environ: Mapping[str, Any]) -> AnonymousConnection | None:
    """The visit that a request is of; None where nobody counts (in tests, under other servers).

    It comes with the body: gunicorn lets nothing else of ours into a request's environment.
    """
    visit: AnonymousConnection | None = getattr(environ.get("wsgi.input"), "connection", None)
    return visit


def mark_authenticated(environ: Mapping[str, Any]) -> None:
    """Somebody has authenticated: the connection counts no more among those of strangers."""
    if (visit := get_connection(environ)) is not None:
        visit.mark_authenticated()


def mark_frame_received(environ: Mapping[str, Any]) -> None:
    """A socket's first frame has come: its client is not waited for, whatever it is worth."""
    if (visit := get_connection(environ)) is not None:
        visit.is_waiting = False
