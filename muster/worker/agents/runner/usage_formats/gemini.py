"""gemini's `tmp/PROJECT/chats/session-TIME-ID.jsonl` (as of 0.61), with the first eight characters
of the session's id. A message comes again with what its calls have brought."""

from __future__ import annotations

import os

from muster.worker.agents.runner.formats.fields import count, mapping, string, total, usage
from muster.worker.agents.runner.usage_formats import within

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_MOST = 20_000  # messages


class Gemini:
    mark = b'"tokens"'
    is_of_session = False
    needs_session = True

    def __init__(self) -> None:
        self._messages: dict[str, dict[str, Any]] = {}  # usage of each

    def places(self) -> Iterator[str]:
        for project in within(f"{os.environ.get('HOME', '')}/.gemini/tmp"):
            yield f"{project}/chats"

    def ending(self, session: str) -> str:
        return f"-{session[:8]}.jsonl"

    def note(self, line: dict[str, Any]) -> None:
        name = string(line["id"])
        if line["type"] == "gemini" and (name in self._messages or len(self._messages) < _MOST):
            self._messages[name] = _used(string(line["model"]), mapping(line["tokens"]))

    def usage(self) -> list[dict[str, Any]]:
        models: dict[str, list[dict[str, Any]]] = {}
        for said in self._messages.values():
            models.setdefault(said["model"], []).append(said)
        return [_sum(model, said) for model, said in models.items()]


def _used(model: str, tokens: dict[str, Any]) -> dict[str, Any]:
    """What was made is counted without the thoughts."""
    thoughts = count(tokens.get("thoughts"))
    return usage(
        model,
        taken=count(tokens.get("input")),
        cached=count(tokens.get("cached")),
        made=total(count(tokens.get("output")), thoughts),
        reasoning=thoughts,
        cost=None,
    )


def _sum(model: str, said: list[dict[str, Any]]) -> dict[str, Any]:
    sums = {name: total(*(each[name] for each in said)) for name in said[0] if name != "model"}
    return {"model": model, **sums}
