"""Browsers' reports of policy violations. Normally there are none."""

import json
import threading
import time
from typing import Any

import structlog
from flask import Response, request
from prometheus_client import Counter

MAX_BYTES = 16 * 1024
MAX_PER_MINUTE = 30
"""Maximum reports per minute and server process. The rest are discarded unread."""

_MAX_FIELD_LENGTH = 200  # characters of each logged value
_SOURCES = (
    *("connect", "default", "font", "frame", "img", "manifest"),
    *("media", "object", "script", "style", "worker"),
)
_DIRECTIVES = frozenset(
    f"{kind}-src{part}" for kind in _SOURCES for part in ("", "-attr", "-elem")
) | {"base-uri", "form-action", "frame-ancestors"}
"""Directives with their own counters. Reports may name others, even made-up ones."""

REPORTS = Counter(
    "muster_csp_reports",
    "Resources and scripts blocked by the console's content security policy.",
    ("directive",),
)

log = structlog.get_logger(__name__)


class MinuteLimit:
    """Allows a limited number per minute."""

    def __init__(self, most: int) -> None:
        self._max, self._started_at, self._count = most, 0.0, 0
        self._lock = threading.Lock()

    def allow(self, now: float) -> bool:
        with self._lock:
            if now - self._started_at >= 60:
                self._started_at, self._count = now, 0
            self._count += 1
            return self._count <= self._max


_limit = MinuteLimit(MAX_PER_MINUTE)


def receive_report() -> Response:
    """Answer every request with 204, so that clients learn nothing."""
    if _limit.allow(time.monotonic()) and (report := _parse_report()) is not None:
        directive = _get_field(report, "effective-directive") or _get_field(
            report, "violated-directive"
        )
        REPORTS.labels(directive if directive in _DIRECTIVES else "other").inc()
        log.warning(
            "csp_report",
            directive=directive,
            blocked=_get_field(report, "blocked-uri"),
            page=_get_field(report, "document-uri"),
            source=_get_field(report, "source-file"),
            line=_get_field(report, "line-number"),
        )
    return Response(status=204)


def _parse_report() -> dict[str, Any] | None:
    """Return the report's fields, if it's a valid report."""
    request.max_content_length = MAX_BYTES
    try:
        report = json.loads(request.get_data())["csp-report"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return report if isinstance(report, dict) else None


def _get_field(report: dict[str, Any], name: str) -> str:
    return str(report.get(name, ""))[:_MAX_FIELD_LENGTH]
