"""A codex app server, in tests: as recorded, or one that says what the test wants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from muster.worker.agents.runner.codex.session import CodexSession
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.mailbox import Message
from muster.worker.agents.runner.output_parser import OutputParser
from tests.muster.worker.agents.runner.fake_people import FakePeople
from tests.muster.worker.agents.runner.parsed_output import ParsedOutput

RECORDED = Path(__file__).parents[5] / "agents" / "recorded" / "codex"
THREAD, TURN = "thread-1", "turn-1"
ASKED = {
    "text": "Do it.",
    "session": None,
    "model": "large",
    "sandbox": "danger-full-access",
    "approvals": "never",
}


class AppServer:
    """`session` is the runner's; `sent` are its messages, in order."""

    def __init__(self, **asked: Any) -> None:
        self.people = FakePeople()
        self.session = CodexSession({**ASKED, **asked}, self.people.questions, self.people.mailbox)
        self.sent: list[dict[str, Any]] = []
        self._parser = OutputParser(self.session)
        self._updates: list[Update] = []
        self._turns = 0
        self.settle()

    @property
    def output(self) -> ParsedOutput:
        return ParsedOutput(self._updates)

    def sent_of(self, method: str) -> list[dict[str, Any]]:
        """The params of our requests."""
        return [each["params"] for each in self.sent if each.get("method") == method]

    def settle(self) -> None:
        """Let the session do what is due."""
        self.people.process_answers()
        self.session.process_due()
        self.people.process_answers()
        self.sent += map(json.loads, self.session.outgoing)
        self.session.outgoing.clear()

    def send(self, message: Any) -> None:
        self._updates += self._parser.feed(json.dumps(message).encode() + b"\n")
        self.settle()

    def notify(self, method: str, **params: Any) -> None:
        self.send({"method": method, "params": {"threadId": THREAD, **params}})

    def respond(self, method: str, **response: Any) -> None:
        """Respond to our last request of that method: with `result` or `error`."""
        number = [each["id"] for each in self.sent if each.get("method") == method][-1]
        self.send({"id": number, **response})

    def start_thread(self, method: str = "thread/start") -> None:
        self.respond("initialize", result={"userAgent": "codex"})
        self.respond(method, result={"thread": {"id": THREAD}, "model": "large"})

    def start_turn(self) -> str:
        """Start the turn that was asked for last; return its ID."""
        self._turns += 1
        turn = f"turn-{self._turns}"
        self.respond("turn/start", result={"turn": {"id": turn}})
        self.notify("turn/started", turn={"id": turn, "status": "inProgress"})
        return turn

    def end_turn(self, status: str = "completed", error: Any = None) -> None:
        turn = {"id": f"turn-{self._turns}", "status": status, "error": error}
        self.notify("turn/completed", turn=turn)

    def read(self, message_id: str) -> None:
        """Put a message into the model's next request."""
        item = {"type": "userMessage", "id": f"i-{message_id}", "clientId": message_id}
        self.notify("item/started", item=item, turnId=TURN)
        self.notify("item/completed", item=item, turnId=TURN)

    def item(self, event: str, kind: str, **fields: Any) -> None:
        self.notify(f"item/{event}", item={"type": kind, **fields}, turnId=TURN)

    def exit(self) -> None:
        self._updates += self._parser.finish()
        self.settle()

    def deliver(self, number: int, text: str = "Stop here.", *, now: bool = False) -> None:
        self.people.recipient.deliver(Message(number, text, "Mei", is_urgent=now))
        self.settle()

    def interrupt(self, number: int = 1) -> None:
        self.people.recipient.interrupt(number, "Mei")
        self.settle()


def started(**asked: Any) -> AppServer:
    """In the middle of its first turn."""
    server = AppServer(**asked)
    server.start_thread()
    server.start_turn()
    return server
