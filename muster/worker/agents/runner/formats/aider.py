"""What `aider --no-pretty` prints (as of 0.86): text for people alone, of which what it says of its
requests is understood."""

from __future__ import annotations

import re

from muster.worker.agents.runner import failures, updates

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.entries import Told

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
_ANSWERED = re.compile(r"Tokens: [0-9.]+[kM]? sent, ")
_AGAIN = "Retrying in "
_MOST = 10  # lines of an error: it is broken at 80 columns


class Aider:
    """Its standard output is as its errors are elsewhere."""

    def __init__(self) -> None:
        self._kind: str | None = None  # of the request's failure, as long as that is the latest
        self._words: list[str] = []  # of that failure, while more may follow

    def feed(self, event: dict[str, Any]) -> list[Told] | None:
        return None

    def end(self) -> list[Told]:
        return []

    def aside(self, line: str) -> list[Told]:
        if found := _ERROR.match(line):
            self._kind, self._words = _KINDS.get(found[1], "unknown"), [found[2]]
        elif self._kind is not None and _ANSWERED.match(line):
            self._kind, self._words = None, []
            return [updates.recovered()]
        elif self._words and not line.startswith(_AGAIN) and len(self._words) < _MOST:
            self._words.append(line)
        else:
            self._words = []
        return [updates.failing(self._failure(self._kind))] if self._kind and self._words else []

    def _failure(self, kind: str) -> dict[str, Any]:
        message = " ".join(" ".join(self._words).split())
        return failures.failure(kind, message, failures.resets_at(message))
