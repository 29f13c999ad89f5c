"""gemini's `tmp/PROJECT/chats/session-TIME-ID.jsonl` (as of 0.61), with the first eight characters
of the session's ID. A message is repeated with the results of its calls.
"""

from __future__ import annotations

import os

from muster.worker.agents.runner.formats.fields import (
    make_usage,
    parse_count,
    require_mapping,
    require_string,
    sum_known,
)
from muster.worker.agents.runner.usage_formats import list_newest_first

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_MAX_MESSAGES = 20_000  # messages


class Gemini:
    marker = b'"tokens"'
    is_session_total = False
    needs_session = True

    def __init__(self) -> None:
        self._messages: dict[str, dict[str, Any]] = {}  # usage of each

    def directories(self) -> Iterator[str]:
        for project in list_newest_first(f"{os.environ.get('HOME', '')}/.gemini/tmp"):
            yield f"{project}/chats"

    def file_suffix(self, session: str) -> str:
        return f"-{session[:8]}.jsonl"

    def add_line(self, line: dict[str, Any]) -> None:
        name = require_string(line["id"])
        if line["type"] == "gemini" and (
            name in self._messages or len(self._messages) < _MAX_MESSAGES
        ):
            self._messages[name] = _message_usage(
                require_string(line["model"]), require_mapping(line["tokens"])
            )

    def usage(self) -> list[dict[str, Any]]:
        models: dict[str, list[dict[str, Any]]] = {}
        for message in self._messages.values():
            models.setdefault(message["model"], []).append(message)
        return [_model_usage(model, messages) for model, messages in models.items()]


def _message_usage(model: str, tokens: dict[str, Any]) -> dict[str, Any]:
    """The output count excludes thoughts."""
    thoughts = parse_count(tokens.get("thoughts"))
    return make_usage(
        model,
        taken=parse_count(tokens.get("input")),
        cached=parse_count(tokens.get("cached")),
        made=sum_known(parse_count(tokens.get("output")), thoughts),
        reasoning=thoughts,
        cost=None,
    )


def _model_usage(model: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    sums = {
        name: sum_known(*(each[name] for each in messages))
        for name in messages[0]
        if name != "model"
    }
    return {"model": model, **sums}
