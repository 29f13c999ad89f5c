"""codex's `sessions/YEAR/MONTH/DAY/rollout-TIME-ID.jsonl` (as of 0.169). A thread that is gone on
with keeps its file, and each figure in it is of the whole thread."""

from __future__ import annotations

import os

from muster.worker.agents.runner.formats import codex
from muster.worker.agents.runner.formats.fields import mapping
from muster.worker.agents.runner.usage_formats import within

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Codex:
    mark = b'"token_count"'
    is_of_session = True
    needs_session = True

    def __init__(self) -> None:
        self._usage: list[dict[str, Any]] = []

    def places(self) -> Iterator[str]:
        home = os.environ.get("CODEX_HOME") or f"{os.environ.get('HOME', '')}/.codex"
        for year in within(f"{home}/sessions"):
            for month in within(year):
                yield from within(month)

    def ending(self, session: str) -> str:
        return f"-{session}.jsonl"

    def note(self, line: dict[str, Any]) -> None:
        said = mapping(line["payload"])
        if line["type"] == "event_msg" and said["type"] == "token_count" and said["info"]:
            self._usage = [codex.used(mapping(mapping(said["info"])["total_token_usage"]))]

    def usage(self) -> list[dict[str, Any]]:
        return self._usage
