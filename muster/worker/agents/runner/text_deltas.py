"""Send the text that the agent is writing to the shim, a few times per second.

Nothing depends on these parts: the complete text follows as an entry.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from muster.worker.agents.runner.channel import Channel

INTERVAL_SECONDS = 0.1
"""Seconds between two parts."""

MAX_PART_CHARS = 4000
"""Characters of a part: even escaped as JSON, it fits into a message."""

_MAX_TEXT_CHARS = 16 << 10  # like an entry's; the rest comes with the entry


class TextDeltas:
    """One text at a time; a part of another kind starts the next."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._kind = ""
        self._unsent = ""
        self._sent_chars = 0
        self._earliest = 0.0  # the time of the next part

    @property
    def next_flush_at(self) -> float | None:
        """When `flush_due` next sends something; None: there is nothing."""
        return self._earliest if self._unsent else None

    def add(self, kind: str, text: str, now: float) -> None:
        """Add more of the text, and send it unless a part was just sent."""
        if kind != self._kind:
            self.drop(self._kind)
            self._kind = kind
        room = _MAX_TEXT_CHARS - self._sent_chars - len(self._unsent)
        self._unsent += text[: max(room, 0)]
        self.flush_due(now)

    def flush_due(self, now: float) -> None:
        if not self._unsent or now < self._earliest:
            return
        part, self._unsent = self._unsent[:MAX_PART_CHARS], self._unsent[MAX_PART_CHARS:]
        content = {"entry": None, "kind": self._kind, "offset": self._sent_chars, "text": part}
        self._channel.send("delta", content)
        self._sent_chars += len(part)
        self._earliest = now + INTERVAL_SECONDS

    def drop(self, kind: str) -> None:
        """The text of that kind is complete, and its entry follows."""
        if kind == self._kind:
            self._kind, self._unsent, self._sent_chars = "", "", 0
