"""What the protocols have in common: what is asked, what is answered, and what is not allowed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from tests.agents.model.script import Refusal, TextPart, ThinkingPart, Usage

Json = dict[str, Any]


class MalformedError(Exception):
    """A request that the vendor would refuse."""


def must(holds: object, message: str) -> None:
    if not holds:
        raise MalformedError(message)


@dataclass(frozen=True)
class Asked:
    """A request as it is understood. Who offers tools is in the main conversation, and who works
    `in_words` alone."""

    model: str
    stream: bool
    tools: Mapping[str, Json] = field(default_factory=dict)  # the schemas of their arguments
    free: frozenset[str] = frozenset()  # tools that take plain text: codex's `apply_patch`
    results: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    counts_only: bool = False
    in_words: bool = False
    shape: Json | None = None  # of the JSON that is wanted as the answer

    @property
    def kind(self) -> Literal["main", "side", "count"]:
        if self.counts_only:
            return "count"
        return "main" if self.tools or self.in_words else "side"


@dataclass(frozen=True)
class Called:
    """A call that has found its tool. `arguments` is text where the tool is free."""

    id: str
    name: str
    arguments: Any


Part = ThinkingPart | TextPart | Called


@dataclass(frozen=True)
class Answer:
    id: str
    parts: tuple[Part, ...]
    usage: Usage

    @property
    def calls(self) -> list[Called]:
        return [part for part in self.parts if isinstance(part, Called)]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(frozen=True)
class Refused:
    status: int
    headers: dict[str, str]
    body: Json


class Vendor(Protocol):
    """A vendor's protocol. `events` are whole blocks of an event stream."""

    name: str

    def speaks(self, path: str) -> bool: ...
    def key(self, headers: Mapping[str, str]) -> str: ...
    def read(self, path: str, headers: Mapping[str, str], body: Json) -> Asked: ...
    def whole(self, asked: Asked, answer: Answer) -> Json: ...
    def events(self, asked: Asked, answer: Answer) -> Iterator[bytes]: ...
    def refused(self, refusal: Refusal, message: str, now: float) -> Refused: ...


def event(data: Json, name: str | None = None) -> bytes:
    """A block of server-sent events."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def pieces(text: str, size: int = 24) -> Iterable[str]:
    """A text as it comes in a stream."""
    return [text[at : at + size] for at in range(0, len(text), size)] or [""]


def paired(called: Iterable[str], answered: Iterable[str]) -> None:
    """Each call of a turn has its result in the next message, and no result is without a call."""
    missing = set(called) ^ set(answered)
    must(not missing, f"calls and results do not pair: {', '.join(sorted(missing))}")


def seconds(span: float) -> str:
    return f"{max(0.0, span):.0f}"
