"""Who is let in before anybody knows them: connections are counted, and what they send has a
deadline. docs/decisions/0047 has the reasons.
"""

from collections.abc import Mapping
from typing import Any

from app.http_server.anonymous_connections import Visit

STRANGERS_BYTES = 64 * 1024
"""The most that a body may have whose sender nobody knows. So much of any body is read before
anything is done for its request.
"""


def visit_of(environ: Mapping[str, Any]) -> Visit | None:
    """The visit that a request is of; None where nobody counts (in tests, under other servers).

    It comes with the body: gunicorn lets nothing else of ours into a request's environment.
    """
    visit: Visit | None = getattr(environ.get("wsgi.input"), "visit", None)
    return visit


def know(environ: Mapping[str, Any]) -> None:
    """Somebody has authenticated: the connection counts no more among those of strangers."""
    if (visit := visit_of(environ)) is not None:
        visit.know()


def heard(environ: Mapping[str, Any]) -> None:
    """A socket's first frame has come: its client is not waited for, whatever it is worth."""
    if (visit := visit_of(environ)) is not None:
        visit.is_waiting = False
