"""What aider writes with `--analytics-log` (as of 0.86): a line for each of its requests, on and on
in one file. What was cached it does not tell, nor most models' names."""

from __future__ import annotations

import os
import time

from muster.worker.agents.runner.formats.fields import amount, count, mapping, total, usage

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

FILE = ".aider.requests.jsonl"


class Aider:
    mark = b'"message_send"'
    is_of_session = False
    needs_session = False

    def __init__(self) -> None:
        self._since = int(time.time())
        self._sum = usage(None, taken=None, cached=None, made=None, reasoning=None, cost=None)
        self._has_sum = False

    def places(self) -> Iterator[str]:
        yield os.getcwd()

    def ending(self, session: str) -> str:
        return FILE

    def note(self, line: dict[str, Any]) -> None:
        if line["event"] != "message_send" or line["time"] < self._since:
            return
        said, known = mapping(line["properties"]), self._sum
        known["inputTokens"] = total(known["inputTokens"], count(said.get("prompt_tokens")))
        known["outputTokens"] = total(known["outputTokens"], count(said.get("completion_tokens")))
        # A price that it does not know counts as nothing.
        cost = amount(said.get("cost")) or None
        known["cost"] = cost if known["cost"] is None else known["cost"] + (cost or 0)
        self._has_sum = True

    def usage(self) -> list[dict[str, Any]]:
        return [{**self._sum}] if self._has_sum else []
