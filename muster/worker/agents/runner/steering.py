"""What people want of an agent that works: its waiting messages, and interrupts.

A conversation asks it what to do next: whether to stop the running step, what to ask people after
that, and which messages to hand over.
"""

from __future__ import annotations

from muster.worker.agents.runner.questions import Question

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from muster.worker.agents.runner.mailbox import Mailbox, Message
    from muster.worker.agents.runner.questions import QuestionQueue

STOP_SECONDS = 10.0
"""Seconds for the agent to stop its step."""


class _Pause:
    """An interrupt by a person, until they are asked what to do instead."""

    def __init__(self, number: int, author: str) -> None:
        self.number, self.author = number, author
        self.is_ignored = False


class Steering:
    """`advance` is called after each change."""

    def __init__(
        self, mailbox: Mailbox | None, questions: QuestionQueue | None, advance: Callable[[], None]
    ) -> None:
        self._mailbox, self._questions, self._advance = mailbox, questions, advance
        self._waiting: list[Message] = []
        self._pauses: list[_Pause] = []
        self._question: Question | None = None
        self._instruction: str | None = None
        if mailbox is not None:
            mailbox.recipient = self

    # ---- mailbox's recipient

    def deliver(self, message: Message) -> None:
        self._waiting.append(message)
        self._advance()

    def interrupt(self, number: int, author: str) -> None:
        self._pauses.append(_Pause(number, author))
        if self._question is not None and self._questions is not None:
            # It has stopped already: the same question, with another number.
            self._questions.cancel(self._question)
            self._question = None
        self._advance()

    # ---- for the conversation

    @property
    def is_asking(self) -> bool:
        """Whether people are asked what to do; the agent has to wait for the answer."""
        return self._question is not None

    @property
    def has_pauses(self) -> bool:
        return bool(self._pauses)

    @property
    def has_to_stop(self) -> bool:
        """Whether the running step has to stop first."""
        is_urgent = any(message.is_urgent for message in self._waiting)
        return is_urgent or any(not pause.is_ignored for pause in self._pauses)

    def can_end(self) -> bool:
        """Whether nothing more comes, when the turn has ended and nothing waits here."""
        return self._mailbox is None or not self._mailbox.has_waiting()

    def take_messages(self, max_bytes: int | None = None) -> list[Message]:
        """Return the messages to hand over now: all, or as many as fit. They count as handed over
        from here on."""
        if self._mailbox is None:
            return []
        count = len(self._waiting) if max_bytes is None else self._count_fitting(max_bytes)
        messages, self._waiting = self._waiting[:count], self._waiting[count:]
        return [each for each in messages if self._mailbox.mark_handed(each.number)]

    def take_instruction(self) -> list[str]:
        """Return what the agent has to read first, if people have answered after an interrupt."""
        instruction, self._instruction = self._instruction, None
        return [] if instruction is None else [instruction]

    def confirm_receipt(self, message: Message) -> None:
        assert self._mailbox is not None
        self._mailbox.confirm_receipt(message.number)

    def mark_stopped(self) -> None:
        """The step has stopped: no message needs that any more."""
        for message in self._waiting:
            message.is_urgent = False

    def give_up_stopping(self) -> None:
        """The agent ignores us: report it, and let messages wait for its next step."""
        self.mark_stopped()
        for pause in self._pauses:
            if not pause.is_ignored and self._mailbox is not None:
                pause.is_ignored = True
                self._mailbox.report_ignored(pause.number)

    def ask_instead(self) -> None:
        """Ask once, whoever has interrupted: with the last interrupt's number."""
        assert self._questions is not None
        pause, self._pauses = self._pauses[-1], []
        text = stop_question(pause.author)
        self._question = Question(text, [], self._on_instead, interrupt=pause.number)
        self._questions.ask(self._question)

    def _on_instead(self, answer: dict[str, Any]) -> None:
        self._question = None
        text = answer.get("input") or answer.get("choice")
        self._instruction = instruction_after_stop(text if isinstance(text, str) else None)
        self._advance()

    def _count_fitting(self, max_bytes: int) -> int:
        for count, message in enumerate(self._waiting):
            max_bytes -= len(message_text(message).encode())
            if max_bytes < 0:
                return count
        return len(self._waiting)


def message_text(message: Message) -> str:
    """Return what the agent reads."""
    return f"Message from {message.author}:\n\n{message.text}"


def stop_question(author: str) -> str:
    """The question to people once an interrupted agent has stopped."""
    return f"Stopped by {author}. What now?" if author else "Stopped. What now?"


def instruction_after_stop(text: str | None) -> str:
    """What a stopped agent is told: a person's text. None: nobody has answered in time, or can."""
    if text is None:
        return "You were stopped by a person. Continue with the task."
    return f"You were stopped by a person, who writes:\n\n{text}"
