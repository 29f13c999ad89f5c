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
    """All updates for some lines: `entries` in order, `facts` merged, the `text`."""

    def __init__(self, updates: list[Update], width: int = WIDTH) -> None:
        self.entries = [each.entry for each in updates if each.entry]
        self.facts: dict[str, Any] = {}
        for each in updates:
            self.facts.update(each.facts or {})
        self.text = "".join(each.draw(width) for each in updates if each.draw)

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


def parse_bytes(spoken: Format, *chunks: bytes) -> ParsedOutput:
    narration = OutputParser(spoken)
    updates = [each for chunk in chunks for each in narration.feed(chunk)]
    return ParsedOutput([*updates, *narration.finish()])


def parse_events(spoken: Format, *events: Any) -> ParsedOutput:
    return parse_bytes(spoken, *(json.dumps(event).encode() + b"\n" for event in events))
