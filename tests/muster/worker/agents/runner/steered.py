"""A conversation's surroundings in memory: the shim's side of its mailbox, and its process."""

from __future__ import annotations

import json
from typing import Any

from muster.worker.agents.runner.channel import RequestRefused
from muster.worker.agents.runner.entries import Update


class FakeChannel:
    """`requests` are as sent; `refused` kinds are refused; `waiting` is the answer to `idle`."""

    is_open = True

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
        self.unsolicited: list[dict[str, Any]] = []
        self.refused: set[str] = set()
        self.waiting = 0
        self.asked = 0

    def request(self, kind: str, content: Any) -> int:
        self.requests.append((kind, content))
        if kind in self.refused:
            raise RequestRefused("no")
        if kind == "ask":
            self.asked += 1
            return self.asked
        return self.waiting if kind == "idle" else 0

    def send(self, kind: str, content: Any) -> int | None:
        try:
            return self.request(kind, content)
        except RequestRefused:
            return None

    def of_kind(self, kind: str) -> list[Any]:
        return [content for each, content in self.requests if each == kind]


class FakeProcess:
    """What was written to the agent, and whether it must end."""

    def __init__(self) -> None:
        self.written = b""
        self.is_interrupted = False
        self.exit_status: int | None = None
        self.ends: list[float] = []

    def write(self, data: bytes) -> None:
        self.written += data

    def finish(self, status: int, grace: float = 0.0) -> None:
        self.exit_status = status

    def schedule_end(self, grace: float = 0.0) -> None:
        self.ends.append(grace)

    @property
    def frames(self) -> list[dict[str, Any]]:
        lines = self.written.split(b"\n")
        assert lines.pop() == b"", "the last line is complete"
        return [json.loads(line) for line in lines]


def entries(updates: list[Update]) -> list[dict[str, Any]]:
    return [each.entry for each in updates if each.entry is not None]
