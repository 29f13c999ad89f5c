"""What the model is to say, in words of no vendor's: turns, and what one is made of.

A request of the main conversation uses up one turn, whatever the turn is. Side requests (titles,
summaries, probes) use up none.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Literal

# What a call is for; `tools.py` finds the tool of the agent at hand that does it. Any other word is
# the name of a tool itself, or the end of one: `ask_human` finds `mcp__muster__ask_human`.
ToolWord = Literal["run", "read", "write", "edit"] | str


@dataclass(frozen=True)
class TextPart:
    text: str


@dataclass(frozen=True)
class ThinkingPart:
    text: str


@dataclass(frozen=True)
class Call:
    """A tool's call: `run(command)`, `read(path)`, `write(path, text)`, `edit(path, old, new)`."""

    tool: ToolWord
    arguments: dict[str, Any]


Part = ThinkingPart | TextPart | Call


@dataclass(frozen=True)
class Usage:
    """Tokens. `input` does not count those that were `cached`; `output` counts the `reasoning`."""

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.cached + other.cached,
            self.output + other.output,
            self.reasoning + other.reasoning,
        )


@dataclass(frozen=True)
class Turn:
    """An answer. Its events come `pace` seconds apart; after `events` of them the connection is
    `cut`, or nothing more comes (`hang`). It is not given before `after` is set."""

    parts: tuple[Part, ...] = ()
    usage: Usage = Usage(input=1000, output=50)
    pace: float = 0.0
    problem: Literal["cut", "hang"] | None = None
    events: int = 2
    after: Event | None = None


Problem = Literal["unauthorized", "rate_limited", "quota", "overloaded", "broken", "malformed"]


@dataclass(frozen=True)
class Refusal:
    """An answer that is none. `retry_after` and `resets_in` are in seconds from the request.

    It answers one request, or, if it is to `last` so many seconds, all from its first one until
    then: the limit that was hit at one moment and ends at another.
    """

    kind: Problem
    retry_after: float | None = None
    last: float | None = None


Step = Turn | Refusal
FOREVER = float("inf")


def turn(*parts: Part | str, **how: Any) -> Turn:
    """Words alone are said."""
    return Turn(tuple(TextPart(part) if isinstance(part, str) else part for part in parts), **how)


def call(tool: ToolWord, **arguments: Any) -> Call:
    return Call(tool, arguments)


@dataclass
class Seen:
    """A request, as it came (`at`, in unix seconds) and as it was understood."""

    protocol: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    kind: Literal["main", "side", "count", "refused"]
    model: str = ""
    text: str = ""  # what the last user or tool message says
    results: dict[str, str] = field(default_factory=dict)  # of tools, by the call's id
    at: float = field(default_factory=time.time)
