"""Classify an agent's failure by its fields, or by the status of an API's response."""

from __future__ import annotations

import re
import time

from muster.worker.agents.runner.entries import MAX_TEXT_BYTES, truncate_utf8
from muster.worker.agents.runner.sanitizer import sanitize

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

MAX_MESSAGE_BYTES = MAX_TEXT_BYTES // 8  # bytes of a message

# 529 is Anthropic's own.
_KIND_BY_STATUS = {
    401: "auth",
    403: "auth",
    402: "quota",
    429: "rate_limit",
    503: "overloaded",
    529: "overloaded",
}
_STATUS = re.compile(
    r'(?:\bstatus(?: ?code)?|"code"|\bcode|\bgot status)[:=]? ?"?(\d{3})\b', re.IGNORECASE
)
# The APIs' names of errors, in a text that quotes them.
_KIND_BY_NAME = {
    "authentication_error": "auth",
    "permission_error": "auth",
    "invalid_api_key": "auth",
    "UNAUTHENTICATED": "auth",
    "PERMISSION_DENIED": "auth",
    "API_KEY_INVALID": "auth",
    "insufficient_quota": "quota",
    "billing_error": "quota",
    "rate_limit_error": "rate_limit",
    "rate_limit_exceeded": "rate_limit",
    "RESOURCE_EXHAUSTED": "rate_limit",
    "overloaded_error": "overloaded",
    "UNAVAILABLE": "overloaded",
}


_QUOTA_USED_UP = re.compile(
    "(?<!not your )usage limit|exhausted your (daily )?(quota|capacity)", re.IGNORECASE
)
_KIND_BY_PHRASE = {
    "rate limit": "rate_limit",
    "too many requests": "rate_limit",
    "overloaded": "overloaded",
    "at capacity": "overloaded",
    "invalid api key": "auth",
    "incorrect api key": "auth",
    "unauthorized": "auth",
}
_RETRY_AFTER = re.compile(r"(?:retry|try again) (?:after|in) (\d{1,7})(?:\.\d+)? ?s", re.IGNORECASE)
_RETRY_AT = re.compile(r"try again at (\d{1,2}):(\d\d) ([AP]M)", re.IGNORECASE)


def make_failure(kind: str, message: str, resets_at: int | None = None) -> dict[str, Any]:
    """Return the fact: auth, rate_limit, overloaded, quota, refused or unknown; unix seconds. A
    subscription's limit has the status of a rate limit, and differs only in its text.
    """
    if kind == "rate_limit" and _QUOTA_USED_UP.search(message):
        kind = "quota"
    return {
        "kind": kind,
        "message": truncate_utf8(sanitize(message), MAX_MESSAGE_BYTES),
        "resetsAt": resets_at,
    }


def kind_of_status(status: object) -> str | None:
    """Return the kind of an HTTP status, if there is one."""
    return _KIND_BY_STATUS.get(status) if isinstance(status, int) else None


def failure_from_message(message: str) -> dict[str, Any]:
    """Return the fact if there is only a message."""
    return make_failure(kind_of_message(message), message, parse_reset_time(message))


def kind_of_message(message: str) -> str:
    """Return the kind by the quoted status or API error name; else by the message's text."""
    for name, kind in _KIND_BY_NAME.items():
        if name in message:
            return kind
    for found in _STATUS.finditer(message):
        if of_it := kind_of_status(int(found[1])):
            return of_it
    if _QUOTA_USED_UP.search(message):
        return "quota"
    lower = message.lower()
    return next((kind for words, kind in _KIND_BY_PHRASE.items() if words in lower), "unknown")


def parse_reset_time(message: str, now: float | None = None) -> int | None:
    """Return when the limit resets, in unix seconds, if the message has a time. A time of day is
    the machine's.
    """
    now = time.time() if now is None else now
    if found := _RETRY_AFTER.search(message):
        return int(now) + int(found[1])
    if found := _RETRY_AT.search(message):
        return _next_local_time(
            int(found[1]) % 12 + 12 * (found[3].upper() == "PM"), int(found[2]), now
        )
    return None


def _next_local_time(hour: int, minute: int, now: float) -> int:
    """Return the next time at which a clock shows this."""
    today = time.localtime(now)
    day = (today.tm_year, today.tm_mon, today.tm_mday)
    then = time.mktime((*day, hour, minute, 0, 0, 0, -1))
    if then < now:
        then = time.mktime((*day[:2], day[2] + 1, hour, minute, 0, 0, 0, -1))
    return int(then)
