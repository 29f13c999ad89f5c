"""Runners' updates for lines, in tests: entries, facts and the terminal's text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.output_parser import OutputParser

if TYPE_CHECKING:
    from muster.worker.agents.runner.formats import Format

SGR = re.compile(r"\x1b\[[0-9;:]*m")
WIDTH = 80


class ParsedOutput:
    """All updates for some lines: `entries` in order and as they are at the end, those that ran
    (`started`), `facts` merged, the `text`, and `deltas` with their keys."""

    def __init__(self, updates: list[Update], width: int = WIDTH) -> None:
        self.entries = final_entries(updates)
        self.facts: dict[str, Any] = {}
        for each in updates:
            self.facts.update(each.facts or {})
        shown = (each.draw for each in updates if not each.is_running)
        self.text = "".join(draw(width) for draw in shown if draw)
        self.deltas = [(each.key, *each.delta) for each in updates if each.delta]
        self.started = [each.entry for each in updates if each.is_running and each.entry]

    @property
    def plain(self) -> str:
        return SGR.sub("", self.text)

    @property
    def kinds(self) -> list[str]:
        return [entry["kind"] for entry in self.entries]

    def of_kind(self, kind: str) -> dict[str, Any]:
        """The one entry of the kind."""
        [found] = [entry for entry in self.entries if entry["kind"] == kind]
        return found


def final_entries(updates: list[Update]) -> list[dict[str, Any]]:
    """The last state of each entry, in the order in which they started."""
    found: dict[object, dict[str, Any]] = {}
    for number, each in enumerate(updates):
        if each.entry:
            found[each.key or number] = each.entry
    return list(found.values())


def parse_bytes(spoken: Format, *chunks: bytes) -> ParsedOutput:
    narration = OutputParser(spoken)
    updates = [each for chunk in chunks for each in narration.feed(chunk)]
    return ParsedOutput([*updates, *narration.finish()])


def parse_events(spoken: Format, *events: Any) -> ParsedOutput:
    return parse_bytes(spoken, *(json.dumps(event).encode() + b"\n" for event in events))
