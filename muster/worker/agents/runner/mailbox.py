"""People's messages to the agent, on their way from the shim to a conversation.

The shim numbers and stores them. A message is marked as handed over before the agent can see a byte
of it, and as received once the agent confirms that it has read it. What lies between the two isn't
sent again by anyone: nobody can know whether the agent has read it.
"""

from __future__ import annotations

from muster.worker.agents.runner import updates
from muster.worker.agents.runner.channel import RequestRefused

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any, Protocol

    from muster.worker.agents.runner.channel import Channel
    from muster.worker.agents.runner.entries import Update

    class Recipient(Protocol):
        def deliver(self, message: Message) -> None:
            """Accept a message; hand it over when the agent can read it."""

        def interrupt(self, number: int, author: str) -> None:
            """Stop the running step, then ask what to do instead."""


class Message:
    """`is_urgent`: the running step is stopped first (`now`)."""

    __slots__ = ("author", "is_urgent", "number", "text")

    def __init__(self, number: int, text: str, author: str, *, is_urgent: bool = False) -> None:
        self.number, self.text, self.author, self.is_urgent = number, text, author, is_urgent

    def to_updates(self) -> list[Update]:
        """Its transcript entry, once the agent has read it."""
        return updates.delivered_message(self.text, self.author, self.number)


class Mailbox:
    """`recipient` is the conversation; nothing is accepted before it is set."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.recipient: Recipient | None = None

    @property
    def has_mail(self) -> bool:
        """Whether the channel already has input for `process`."""
        return self.recipient is not None and any(map(_is_mail, self._channel.unsolicited))

    def process(self) -> None:
        """Pass on what came over the channel, in its order."""
        if self.recipient is None:
            return
        mail = [each for each in self._channel.unsolicited if _is_mail(each)]
        self._channel.unsolicited = [
            each for each in self._channel.unsolicited if not _is_mail(each)
        ]
        for each in mail:
            match each:
                case {"message": {"number": int(number), "text": str(text), **more}}:
                    author, is_urgent = str(more.get("author", "")), more.get("when") == "now"
                    self.recipient.deliver(Message(number, text, author, is_urgent=is_urgent))
                case {"interrupt": {"number": int(number), **more}}:
                    self.recipient.interrupt(number, str(more.get("author", "")))

    def mark_handed(self, number: int) -> bool:
        """Before its first byte goes to the agent. False: it must not be handed over."""
        return self._request("handed", number) is not None

    def confirm_receipt(self, number: int) -> None:
        """The agent has read it."""
        self._request("receipt", number)

    def report_ignored(self, number: int) -> None:
        """The agent hasn't stopped its step after that interrupt."""
        self._request("ignored", number)

    def has_waiting(self) -> bool:
        """At the end of a turn: whether messages or interrupts are on their way here. If not, none
        will come any more, and the agent can end."""
        try:
            return self._channel.request("idle", {}) > 0
        except RequestRefused:
            return False

    def _request(self, kind: str, number: int) -> int | None:
        return self._channel.send(kind, {"number": number})


def _is_mail(message: dict[str, Any]) -> bool:
    return "message" in message or "interrupt" in message
