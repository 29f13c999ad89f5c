"""Why a turn ended without success."""

from __future__ import annotations

import json

from muster.worker.agents.runner import failures, updates
from muster.worker.agents.runner.formats.fields import optional_string

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any

    from muster.worker.agents.runner.entries import Update

_AUTH_REQUIRED = -32000
_STOP_REASON_TEXT = {
    "max_tokens": "The agent reached its token limit.",
    "max_turn_requests": "The agent reached the limit of model requests in one turn.",
    "refusal": "The agent refuses to continue.",
    "cancelled": "The agent was cancelled.",
}


def stop_update(reason: str) -> Update:
    """Return the update for a stop reason other than the turn's end."""
    kind = "refused" if reason == "refusal" else "unknown"
    return failure_update(_STOP_REASON_TEXT.get(reason, reason), kind)


def failure_update(text: str, kind: str = "unknown") -> Update:
    return updates.error(text, failures.make_failure(kind, text))


def error_text(error: dict[str, Any]) -> str:
    text = optional_string(error.get("message")) or "The agent refuses and gives no reason."
    if more := error.get("data"):
        text = f"{text} {more if isinstance(more, str) else json.dumps(more)}"
    return text


def error_failure(error: dict[str, Any]) -> dict[str, Any]:
    """Return the fact for an error response."""
    failure = failures.failure_from_message(error_text(error))
    if error.get("code") == _AUTH_REQUIRED:
        failure["kind"] = "auth"
    return failure
