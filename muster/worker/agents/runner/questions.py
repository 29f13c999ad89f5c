"""Ask people questions during a run: one at a time, over the channel.

An answer is an object: `choice` or `input`; neither if nobody answered in time; `refused` with the
reason if the question couldn't be asked.
"""

from __future__ import annotations

from muster.worker.agents.runner import updates
from muster.worker.agents.runner.channel import RequestRefused

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from muster.worker.agents.runner.channel import Channel
    from muster.worker.agents.runner.entries import Update


class Question:
    """`then` is called with the answer, once. `about` has more fields for the shim: `interrupt`,
    the number of the interrupt after which we ask; `permission`, what the agent wants to do."""

    __slots__ = ("about", "choices", "on_answer", "text")

    def __init__(
        self, text: str, choices: list[str], then: Callable[[dict[str, Any]], None], **about: Any
    ) -> None:
        self.text, self.choices, self.on_answer, self.about = text, choices, then, about


class QuestionQueue:
    def __init__(self, channel: Channel, tell: Callable[[Iterable[Update]], None]) -> None:
        """`tell` publishes the updates for a question and its answer."""
        self._channel = channel
        self._publish = tell
        self._waiting: list[Question] = []
        self._open: Question | None = None
        self._number = -1  # of the open one

    @property
    def has_answers(self) -> bool:
        """Whether the channel already has input for `process_answers`."""
        return any("answer" in each for each in self._channel.unsolicited) or (
            self._open is not None and not self._channel.is_open
        )

    def ask(self, question: Question) -> None:
        """Ask a question once the earlier ones are answered."""
        self._waiting.append(question)
        self._ask_next()

    def cancel(self, question: Question) -> None:
        """Withdraw a question, if it is still waiting."""
        if question in self._waiting:
            self._waiting.remove(question)
        elif question is self._open:
            self._open = None
            self._channel.send("ask", None)
            self._ask_next()

    def count_waiting(self) -> int:
        """Return how many questions wait until the open one is answered."""
        return len(self._waiting)

    def report_denied(self) -> None:
        """Count a permission request that is denied without asking."""
        self._channel.send("denied", {})

    def process_answers(self) -> None:
        """Handle the answers that came over the channel."""
        came = self._channel.unsolicited
        self._channel.unsolicited = [each for each in came if "answer" not in each]
        for message in came:
            answer = message.get("answer")
            if isinstance(answer, dict) and answer.get("number") == self._number:
                self._resolve_open(answer)
        if not self._channel.is_open:
            self._resolve_open({"refused": "the channel is broken"})
        self._ask_next()

    def _resolve_open(self, answer: dict[str, Any]) -> None:
        question, self._open = self._open, None
        if question is None:
            return
        text = answer.get("choice") or answer.get("input")
        if "permission" in question.about:
            self._publish(updates.permission_answer(answer))
        elif isinstance(text, str):
            self._publish(updates.user_message(text))
        question.on_answer(answer)

    def _ask_next(self) -> None:
        while self._waiting and self._open is None:
            question = self._waiting.pop(0)
            try:
                fields = {"question": question.text, "choices": question.choices, **question.about}
                self._number = self._channel.request("ask", fields)
            except RequestRefused as why:
                question.on_answer({"refused": str(why)})
                continue
            self._open = question
            self._publish(updates.question(question.text, question.choices))
