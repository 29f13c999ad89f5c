"""A conversation's surroundings in memory: the shim's side of its mailbox, and its process."""

from __future__ import annotations

import json
from typing import Any, cast

from muster.worker.agents.runner.agent_process import AgentProcess
from muster.worker.agents.runner.channel import Channel, RequestRefused
from muster.worker.agents.runner.claude_session import ClaudeSession
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.mailbox import Mailbox
from muster.worker.agents.runner.questions import QuestionQueue


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
        self.has_finished = False
        self.ended_with: int | None = None
        self.ends: list[float] = []

    def write(self, data: bytes) -> None:
        self.written += data

    def end_input(self, grace: float) -> None:
        self.has_finished = True

    def schedule_end(self, grace: float = 0.0) -> None:
        self.ends.append(grace)

    @property
    def frames(self) -> list[dict[str, Any]]:
        lines = self.written.split(b"\n")
        assert lines.pop() == b"", "the last line is complete"
        return [json.loads(line) for line in lines]


def entries(updates: list[Update]) -> list[dict[str, Any]]:
    return [each.entry for each in updates if each.entry is not None]


class ClaudeTalk:
    """A session, its `shim`, its `process`, and all updates."""

    def __init__(self, text: str = "Do A.") -> None:
        self.shim, self.process = FakeChannel(), FakeProcess()
        channel = cast(Channel, self.shim)
        self.updates: list[Any] = []
        self.questions = QuestionQueue(channel, self.updates.extend)
        self.mailbox = Mailbox(channel)
        self.session = ClaudeSession({"text": text}, self.questions, self.mailbox)
        self.flush()

    def flush(self) -> None:
        self.session.send_pending(cast(AgentProcess, self.process))
        if self.process.has_finished:
            self.process.ended_with = self.session.status

    def feed(self, *events: dict[str, Any]) -> None:
        for event in events:
            self.updates += self.session.feed(event) or []
            self.flush()

    def send(self, *mail: dict[str, Any]) -> None:
        self.shim.unsolicited += mail
        self.mailbox.process()
        self.questions.process_answers()
        self.flush()

    def write(self, number: int, text: str = "Do B.", when: str = "next") -> None:
        self.send({"message": {"number": number, "text": text, "author": "Ada", "when": when}})

    def interrupt(self, number: int = 1) -> None:
        self.send({"interrupt": {"number": number, "author": "Ada"}})

    def answer(self, **answer: str) -> None:
        self.send({"answer": {"number": self.shim.asked, **answer}})

    def respond_to_interrupt(self) -> None:
        number = self.controls[-1]["request_id"]
        self.feed({"type": "control_response", "response": {"request_id": number}})

    @property
    def controls(self) -> list[dict[str, Any]]:
        return [frame for frame in self.process.frames if frame["type"] == "control_request"]

    @property
    def texts(self) -> list[str]:
        frames = [frame for frame in self.process.frames if frame["type"] == "user"]
        return [frame["message"]["content"][0]["text"] for frame in frames]

    def echo(self, at: int = -1) -> None:
        """claude's repetition of that user frame."""
        frames = [frame for frame in self.process.frames if frame["type"] == "user"]
        self.feed({**frames[at], "isReplay": True})

    @property
    def receipts(self) -> list[int]:
        return [each["number"] for each in self.shim.of_kind("receipt")]

    @property
    def handed(self) -> list[int]:
        return [each["number"] for each in self.shim.of_kind("handed")]
