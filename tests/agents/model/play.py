"""One script behind one key: what is said next, what was asked, and what it has cost."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from typing import Any

from tests.agents.model import tools
from tests.agents.model.script import (
    FOREVER,
    Call,
    Part,
    Refusal,
    Seen,
    Step,
    TextPart,
    Turn,
    Usage,
)
from tests.agents.model.wire import Answer, Asked, Called, Json, must

SIDE = Usage(input=100, output=5)
SEARCH = "tool_search"


class Play:
    def __init__(self, key: str, steps: tuple[Step, ...]) -> None:
        self.key = key
        self.seen: list[Seen] = []
        self.problems: list[str] = []  # requests that a vendor would refuse
        self.billed: defaultdict[str, Usage] = defaultdict(Usage)  # by model
        self._steps = list(steps)
        self._refusing: tuple[Refusal, float] | None = None  # and until when
        self._calls = 0
        self._answers = 0
        self._lock = threading.Lock()

    def then(self, *steps: Step) -> None:
        """The script goes on with these."""
        self._steps += steps

    @property
    def left(self) -> int:
        return len(self._steps)

    @property
    def main(self) -> list[Seen]:
        """The requests that used up a turn, or would have."""
        return [seen for seen in self.seen if seen.kind == "main"]

    @property
    def results(self) -> list[str]:
        """What the agent told of its tools' results, in the order of the calls."""
        found: dict[str, str] = {}
        for seen in self.main:
            found |= seen.results
        return list(found.values())

    @property
    def total(self) -> Usage:
        return sum(self.billed.values(), Usage())

    def step(self, asked: Asked) -> Turn | Refusal:
        with self._lock:
            if self._refusing and time.monotonic() < self._refusing[1]:
                return _left_of(*self._refusing)
            self._refusing = None
            if asked.kind != "main":
                return Turn((TextPart(_side_request(asked)),), SIDE)
            must(self._steps, "the script has no more turns")
            if hidden := _hidden(self._steps[0], asked):
                return Turn((Call(SEARCH, {"query": hidden}),), SIDE)
            step = self._steps.pop(0)
            if isinstance(step, Refusal) and step.last is not None:
                self._refusing = step, time.monotonic() + step.last
                return _left_of(*self._refusing)
            return step

    def answer(self, request: Asked, turn: Turn) -> Answer:
        """The turn in the words of the agent's own tools."""
        with self._lock:
            self._answers += 1
            parts = tuple(self._as_answer_part(part, request) for part in turn.parts)
            return Answer(f"{self._answers:04}", parts, turn.usage)

    def _as_answer_part(self, part: Part, asked: Asked) -> Any:
        if not isinstance(part, Call):
            return part
        if asked.in_words:
            return TextPart(tools.in_words(part))
        self._calls += 1
        name, arguments = tools.fit(part, asked)
        return Called(f"{self._calls:04}", name, arguments)

    def bill(self, model: str, usage: Usage) -> None:
        with self._lock:
            self.billed[model] += usage


def _hidden(step: Step, asked: Asked) -> str | None:
    """A tool that the turn calls and that has to be searched for first."""
    if SEARCH not in asked.tools or isinstance(step, Refusal):
        return None
    calls = [part for part in step.parts if isinstance(part, Call)]
    return next((call.tool for call in calls if not tools.is_offered(call, asked)), None)


def _left_of(refusal: Refusal, until: float) -> Refusal:
    """A limit's end stays where it is, however often one asks."""
    left = until - time.monotonic()
    after = refusal.retry_after if until == FOREVER else max(1.0, left)
    return Refusal(refusal.kind, after, refusal.last)


def _side_request(asked: Asked) -> str:
    """A title, or a summary; as JSON where a shape is wanted."""
    words = "Repair the package"
    return json.dumps(_shaped(asked.shape, words)) if asked.shape else words


def _shaped(schema: Json, words: str) -> Any:
    kind = str(schema.get("type", "string")).lower()
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: _shaped(properties[name], words) for name in properties}
    plain = {"boolean": False, "integer": 1, "number": 1, "array": []}
    return plain.get(kind, words)
