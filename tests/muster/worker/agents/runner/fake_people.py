"""People beside a conversation, in tests: their messages, interrupts and answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from muster.worker.agents.runner.channel import Channel
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.mailbox import Mailbox, Message
from muster.worker.agents.runner.questions import QuestionQueue

if TYPE_CHECKING:
    from muster.worker.agents.runner.mailbox import Recipient


class FakePeople:
    """`log` has what the conversation has reported about messages, in order; `waiting` is how many
    wait in the shim, `refused` the messages that mustn't be handed over. `asked` has its questions;
    `answer` is the answer to them, None: nobody answers.
    """

    def __init__(self) -> None:
        self.log: list[tuple[str, int]] = []
        self.waiting = 0
        self.refused: set[int] = set()
        self.asked: list[dict[str, Any]] = []
        self.answer: dict[str, Any] | None = None
        self.sent: list[Message] = []
        self._channel = cast(Channel, self)
        self.unsolicited: list[dict[str, Any]] = []
        self.is_open = True
        self.updates: list[Update] = []
        self.questions = QuestionQueue(self._channel, self._publish)
        self.mailbox = Mailbox(self._channel)

    @property
    def recipient(self) -> Recipient:
        assert self.mailbox.recipient is not None
        return self.mailbox.recipient

    def act(self, what: dict[str, Any]) -> None:
        """Do as recorded: a `message`, an `interrupt`, or an `answer` to the latest question."""
        match what:
            case {"message": {"number": number, "text": text, "author": author}}:
                self.recipient.deliver(Message(number, text, author))
            case {"interrupt": {"number": number, "author": author}}:
                self.recipient.interrupt(number, author)
            case {"answer": answer}:
                self.unsolicited.append({"answer": {"number": 1, **answer}})

    # ---- the channel to the shim

    def send(self, kind: str, content: dict[str, Any] | None) -> int | None:
        number = (content or {}).get("number", 0)
        if kind == "handed" and number in self.refused:
            return None
        return self.request(kind, content)

    def request(self, kind: str, content: dict[str, Any] | None) -> int:
        if kind == "idle":
            return self.waiting
        if kind == "ask" and content is not None:
            self.asked.append(content)
            if self.answer is not None:
                self.unsolicited.append({"answer": {"number": 1, **self.answer}})
            return 1
        if content is not None:
            self.log.append((kind, content["number"]))
        return 0

    def _publish(self, updates: Iterable[Update]) -> None:
        self.updates += updates

    def process_answers(self) -> None:
        while self.questions.has_answers:
            self.questions.process_answers()
