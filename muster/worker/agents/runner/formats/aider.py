"""The output of `aider --no-pretty` (as of 0.86): text for people, of which only reports about
requests are parsed.
"""

from __future__ import annotations

import re

from muster.worker.agents.runner import failures, updates

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.entries import Update

_ERROR = re.compile(r"litellm\.(\w+): (.*)")
_KINDS = {
    "AuthenticationError": "auth",
    "PermissionDeniedError": "auth",
    "RateLimitError": "rate_limit",
    "ServiceUnavailableError": "overloaded",
    "InternalServerError": "overloaded",
    "BadGatewayError": "overloaded",
    "ContentPolicyViolationError": "refused",
}
_RECOVERED = re.compile(r"Tokens: [0-9.]+[kM]? sent, ")
_RETRY_PREFIX = "Retrying in "
_MAX_ERROR_LINES = 10  # lines of an error, which is wrapped at 80 columns


class Aider:
    """Its standard output has the errors that others write to standard error."""

    def __init__(self) -> None:
        self._kind: str | None = None  # of the request's failure, while that is the latest
        self._message_lines: list[str] = []  # of that failure, while more lines may follow

    def feed(self, event: dict[str, Any]) -> list[Update] | None:
        return None

    def finish(self) -> list[Update]:
        return []

    def feed_text_line(self, line: str) -> list[Update]:
        if found := _ERROR.match(line):
            self._kind, self._message_lines = _KINDS.get(found[1], "unknown"), [found[2]]
        elif self._kind is not None and _RECOVERED.match(line):
            self._kind, self._message_lines = None, []
            return [updates.recovery()]
        elif (
            self._message_lines
            and not line.startswith(_RETRY_PREFIX)
            and len(self._message_lines) < _MAX_ERROR_LINES
        ):
            self._message_lines.append(line)
        else:
            self._message_lines = []
        return (
            [updates.possible_failure(self._failure(self._kind))]
            if self._kind and self._message_lines
            else []
        )

    def _failure(self, kind: str) -> dict[str, Any]:
        message = " ".join(" ".join(self._message_lines).split())
        return failures.make_failure(kind, message, failures.parse_reset_time(message))
