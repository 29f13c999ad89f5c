"""What is asked of people in the middle of a run: one question after the other, over the channel.

An answer is an object: `choice` or `input`; neither where nobody has answered in time; `refused`
with the reason where nobody could be asked.
"""

from __future__ import annotations

from muster.worker.agents.runner import updates
from muster.worker.agents.runner.channel import Refused

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from muster.worker.agents.runner.channel import Channel
    from muster.worker.agents.runner.entries import Told


class Question:
    """`then` is called with the answer, once."""

    __slots__ = ("choices", "text", "then")

    def __init__(
        self, text: str, choices: list[str], then: Callable[[dict[str, Any]], None]
    ) -> None:
        self.text, self.choices, self.then = text, choices, then


class Questions:
    def __init__(self, channel: Channel, tell: Callable[[Iterable[Told]], None]) -> None:
        """`tell` takes what there is to tell of a question, and of its answer."""
        self._channel = channel
        self._tell = tell
        self._waiting: list[Question] = []
        self._open: Question | None = None
        self._number = -1  # of the open one

    @property
    def is_due(self) -> bool:
        """Whether there is something for `settle` that the channel has already."""
        return bool(self._channel.came) or (self._open is not None and not self._channel.is_open)

    def ask(self, question: Question) -> None:
        """Asks it as soon as those before it are answered."""
        self._waiting.append(question)
        self._ask_next()

    def drop(self, question: Question) -> None:
        """Nobody waits for the answer to that question any more, if anybody does."""
        if question in self._waiting:
            self._waiting.remove(question)
        elif question is self._open:
            self._open = None
            self._channel.tell("ask", None)
            self._ask_next()

    def settle(self) -> None:
        """Takes what has come over the channel."""
        came, self._channel.came = self._channel.came, []
        for message in came:
            answer = message.get("answer")
            if isinstance(answer, dict) and answer.get("number") == self._number:
                self._close(answer)
        if not self._channel.is_open:
            self._close({"refused": "the channel is broken"})
        self._ask_next()

    def _close(self, answer: dict[str, Any]) -> None:
        question, self._open = self._open, None
        if question is None:
            return
        said = answer.get("choice") or answer.get("input")
        if isinstance(said, str):
            self._tell(updates.heard(said))
        question.then(answer)

    def _ask_next(self) -> None:
        while self._waiting and self._open is None:
            question = self._waiting.pop(0)
            try:
                said = {"question": question.text, "choices": question.choices}
                self._number = self._channel.require("ask", said)
            except Refused as why:
                question.then({"refused": str(why)})
                continue
            self._open = question
            self._tell(updates.question(question.text, question.choices))
