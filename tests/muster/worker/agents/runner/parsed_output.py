"""What narrators tell of lines, in tests: entries, facts and the terminal's text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from muster.worker.agents.runner.entries import Told
from muster.worker.agents.runner.output_parser import Narration

if TYPE_CHECKING:
    from muster.worker.agents.runner.formats import Format

SGR = re.compile(r"\x1b\[[0-9;:]*m")
WIDTH = 80


class Heard:
    """All that was told of some lines: `entries` in their order, `facts` merged, the `text`."""

    def __init__(self, told: list[Told], width: int = WIDTH) -> None:
        self.entries = [each.entry for each in told if each.entry]
        self.facts: dict[str, Any] = {}
        for each in told:
            self.facts.update(each.facts or {})
        self.text = "".join(each.rendering(width) for each in told if each.rendering)

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


def heard_bytes(spoken: Format, *chunks: bytes) -> Heard:
    narration = Narration(spoken)
    told = [each for chunk in chunks for each in narration.heard(chunk)]
    return Heard([*told, *narration.end()])


def heard(spoken: Format, *events: Any) -> Heard:
    return heard_bytes(spoken, *(json.dumps(event).encode() + b"\n" for event in events))
