"""codex's `sessions/YEAR/MONTH/DAY/rollout-TIME-ID.jsonl` (as of 0.169). A resumed thread keeps its
file, and each figure in it is the thread's total.
"""

from __future__ import annotations

import os

from muster.worker.agents.runner.formats import codex
from muster.worker.agents.runner.formats.fields import require_mapping
from muster.worker.agents.runner.usage_formats import list_newest_first

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Codex:
    marker = b'"token_count"'
    is_session_total = True
    needs_session = True

    def __init__(self) -> None:
        self._usage: list[dict[str, Any]] = []

    def directories(self) -> Iterator[str]:
        home = os.environ.get("CODEX_HOME") or f"{os.environ.get('HOME', '')}/.codex"
        for year in list_newest_first(f"{home}/sessions"):
            for month in list_newest_first(year):
                yield from list_newest_first(month)

    def file_suffix(self, session: str) -> str:
        return f"-{session}.jsonl"

    def add_line(self, line: dict[str, Any]) -> None:
        payload = require_mapping(line["payload"])
        if line["type"] == "event_msg" and payload["type"] == "token_count" and payload["info"]:
            self._usage = [
                codex.usage_from_api(
                    require_mapping(require_mapping(payload["info"])["total_token_usage"])
                )
            ]

    def usage(self) -> list[dict[str, Any]]:
        return self._usage
