"""aider's file of `--analytics-log` (as of 0.86): one line per request, in one growing file. It has
no counts of cached tokens, and lacks most models' names.
"""

from __future__ import annotations

import os
import time

from muster.worker.agents.runner.formats.fields import (
    make_usage,
    parse_amount,
    parse_count,
    require_mapping,
    sum_known,
)

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

USAGE_FILE = ".aider.requests.jsonl"


class Aider:
    marker = b'"message_send"'
    is_session_total = False
    needs_session = False

    def __init__(self) -> None:
        self._since = int(time.time())
        self._total = make_usage(
            None, taken=None, cached=None, made=None, reasoning=None, cost=None
        )
        self._has_total = False

    def directories(self) -> Iterator[str]:
        yield os.getcwd()

    def file_suffix(self, session: str) -> str:
        return USAGE_FILE

    def add_line(self, line: dict[str, Any]) -> None:
        if line["event"] != "message_send" or line["time"] < self._since:
            return
        properties, known = require_mapping(line["properties"]), self._total
        known["inputTokens"] = sum_known(
            known["inputTokens"], parse_count(properties.get("prompt_tokens"))
        )
        known["outputTokens"] = sum_known(
            known["outputTokens"], parse_count(properties.get("completion_tokens"))
        )
        # An unknown price is reported as 0.
        cost = parse_amount(properties.get("cost")) or None
        known["cost"] = cost if known["cost"] is None else known["cost"] + (cost or 0)
        self._has_total = True

    def usage(self) -> list[dict[str, Any]]:
        return [{**self._total}] if self._has_total else []
