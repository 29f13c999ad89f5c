"""What browsers report that the policy has stopped. In an ordinary run nothing comes."""

import json
import threading
import time
from typing import Any

import structlog
from flask import Response, request
from prometheus_client import Counter

MOST_BYTES = 16 * 1024
MOST_A_MINUTE = 30
"""So many are looked at, by each server process. What comes beyond them is thrown away unread."""

_CUT = 200  # characters of each word that is logged
_SOURCES = (
    *("connect", "default", "font", "frame", "img", "manifest"),
    *("media", "object", "script", "style", "worker"),
)
_DIRECTIVES = frozenset(
    f"{kind}-src{part}" for kind in _SOURCES for part in ("", "-attr", "-elem")
) | {"base-uri", "form-action", "frame-ancestors"}
"""Of which there is a count each; browsers' reports, and made-up ones, may name others."""

REPORTS = Counter("muster_csp_reports", "What the console's policy stopped.", ("directive",))

log = structlog.get_logger(__name__)


class Minute:
    """Lets so many pass in each minute."""

    def __init__(self, most: int) -> None:
        self._most, self._began, self._passed = most, 0.0, 0
        self._lock = threading.Lock()

    def lets_pass(self, now: float) -> bool:
        with self._lock:
            if now - self._began >= 60:
                self._began, self._passed = now, 0
            self._passed += 1
            return self._passed <= self._most


_minute = Minute(MOST_A_MINUTE)


def take() -> Response:
    """Whatever is sent is answered with 204: nobody learns anything here."""
    if _minute.lets_pass(time.monotonic()) and (said := _said()) is not None:
        directive = _word(said, "effective-directive") or _word(said, "violated-directive")
        REPORTS.labels(directive if directive in _DIRECTIVES else "other").inc()
        log.warning(
            "csp_report",
            directive=directive,
            blocked=_word(said, "blocked-uri"),
            page=_word(said, "document-uri"),
            source=_word(said, "source-file"),
            line=_word(said, "line-number"),
        )
    return Response(status=204)


def _said() -> dict[str, Any] | None:
    """The report's own fields, where it is one."""
    request.max_content_length = MOST_BYTES
    try:
        said = json.loads(request.get_data())["csp-report"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _word(said: dict[str, Any], name: str) -> str:
    return str(said.get(name, ""))[:_CUT]
