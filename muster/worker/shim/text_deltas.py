"""Parts of texts that a stage's command is writing: masked and bounded, and never stored.

Standard library only.
"""

from collections.abc import Callable
from typing import Any

from muster.worker.masking.masker import Masker
from muster.worker.shim.stage_entries import StageEntries
from muster.worker.shim.token_bucket import TokenBucket

KINDS = "message", "thought", "output"

_BURST, _INTERVAL_SECONDS = 10, 0.1  # parts at once, and seconds per part after these
_MAX_TEXT_CHARS = 16 << 10  # of one text; the rest comes with its entry


class TextDeltas:
    """One text at a time. A secret that two parts cut in two is masked: its start is held back."""

    def __init__(
        self, masker: Masker, entries: StageEntries, publish: Callable[[dict[str, Any]], None]
    ) -> None:
        self._masker, self._entries, self._publish = masker, entries, publish
        self._bucket = TokenBucket(_BURST, _INTERVAL_SECONDS)
        self._subject: tuple[str, int | None] | None = None  # of the text; None: it is broken
        self._stream = masker
        self._received_chars = self._shown_chars = 0

    def feed(self, delta: Any, now: float) -> None:
        """Publish what can be shown. Raises ValueError for an invalid part, and for too many of
        them; the text then ends, because a secret could start in the missing part."""
        kind, offset, text, entry = _parse_delta(delta)
        if kind == "output" and not self._entries.is_running(entry):
            raise ValueError("no such entry is running")
        if offset == 0:
            self._subject, self._stream = (kind, entry), self._masker.create_stream()
            self._received_chars = self._shown_chars = 0
        if (kind, entry) != self._subject or offset != self._received_chars:
            self._subject = None
            raise ValueError("it doesn't continue the text")
        if not self._bucket.try_consume(now) or offset + len(text) > _MAX_TEXT_CHARS:
            self._subject = None
            raise ValueError("too much text")
        self._received_chars += len(text)
        shown = self._stream.feed(_encode(text)).decode(errors="replace")
        if shown:
            part = {"kind": kind, "entry": entry, "offset": self._shown_chars, "text": shown}
            self._shown_chars += len(shown)
            self._publish(part)


def _parse_delta(delta: Any) -> tuple[str, int, str, int | None]:
    if not isinstance(delta, dict) or delta.get("kind") not in KINDS:
        raise ValueError("the text's kind is unknown")
    kind, offset, text, entry = (delta.get(name) for name in ("kind", "offset", "text", "entry"))
    if type(offset) is not int or not isinstance(text, str):
        raise ValueError("a part of a text needs a text and its offset")
    if entry is not None and type(entry) is not int:
        raise ValueError("an entry's number must be an integer")
    if kind != "output":
        entry = None
    return str(kind), offset, text, entry


def _encode(text: str) -> bytes:
    return text.encode(errors="replace")
