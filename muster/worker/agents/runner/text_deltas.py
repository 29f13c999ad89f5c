"""Send the text that the agent or a command is writing to the shim, a few times per second.

Nothing depends on these parts: the complete text follows as an entry.
"""

from __future__ import annotations

from muster.worker.agents.runner.sanitizer import StreamSanitizer

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from muster.worker.agents.runner.channel import Channel

INTERVAL_SECONDS = 0.1
"""Seconds between two parts."""

MAX_PART_CHARS = 4000
"""Characters of a part: even escaped as JSON, it fits into a message."""

_MAX_TEXT_CHARS = 16 << 10  # like an entry's; the rest comes with the entry
_MAX_UNSENT_CHARS = 64 << 10  # of an output: of a faster one, only the latest is sent


class _Text:
    """`entry`: the number of an output's entry. `offset` counts the characters before `unsent`."""

    __slots__ = ("entry", "kind", "offset", "sanitizer", "unsent")

    def __init__(self, kind: str, entry: int | None = None) -> None:
        self.kind, self.entry = kind, entry
        self.unsent, self.offset = "", 0
        self.sanitizer = StreamSanitizer()


class TextDeltas:
    """One message or thought at a time, and the outputs of running commands, by entry. They share
    the rate, because the shim refuses more parts of an attempt.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._texts: dict[int | None, _Text] = {}  # the one that is sent next first
        self._earliest = 0.0  # the time of the next part

    @property
    def next_flush_at(self) -> float | None:
        """When `flush_due` next sends something; None: there is nothing."""
        return self._earliest if any(each.unsent for each in self._texts.values()) else None

    def add(self, kind: str, text: str, now: float) -> None:
        """Add more of the text, and send it unless a part was just sent. A part of another kind
        starts the next text.
        """
        known = self._texts.get(None)
        if known is None or known.kind != kind:
            known = self._texts[None] = _Text(kind)
        room = _MAX_TEXT_CHARS - known.offset - len(known.unsent)
        known.unsent += text[: max(room, 0)]
        self.flush_due(now)

    def add_output(self, entry: int, text: str, now: float, *, is_cut: bool = False) -> None:
        """Likewise, more of what a running command prints; `is_cut`: some before it is missing.

        Missing output leaves a gap in the offsets: the shim must not take its neighbors for one
        text, in which it could overlook the rest of a secret.
        """
        known = self._texts.setdefault(entry, _Text("output", entry))
        if is_cut:
            known.offset += len(known.unsent) + 1
            known.unsent, known.sanitizer = "", StreamSanitizer()
        known.unsent += known.sanitizer.feed(text)
        excess = max(len(known.unsent) - _MAX_UNSENT_CHARS, 0)
        known.unsent, known.offset = known.unsent[excess:], known.offset + excess
        self.flush_due(now)

    def flush_due(self, now: float) -> None:
        due = next((each for each in self._texts.values() if each.unsent), None)
        if due is None or now < self._earliest:
            return
        part, due.unsent = due.unsent[:MAX_PART_CHARS], due.unsent[MAX_PART_CHARS:]
        content = {"entry": due.entry, "kind": due.kind, "offset": due.offset, "text": part}
        self._channel.send("delta", content)
        due.offset += len(part)
        self._earliest = now + INTERVAL_SECONDS
        del self._texts[due.entry]
        self._texts[due.entry] = due  # the others are first now

    def drop(self, kind: str) -> None:
        """The text of that kind is complete, and its entry follows."""
        if None in self._texts and kind == self._texts[None].kind:
            del self._texts[None]

    def drop_output(self, entry: int) -> None:
        """The command has ended, and its entry follows."""
        self._texts.pop(entry, None)
