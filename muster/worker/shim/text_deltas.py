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
_MAX_TEXT_CHARS = 16 << 10  # of one message or thought; the rest comes with its entry


class _Text:
    """`received` and `shown` count its characters. The next `skipped` bytes aren't shown."""

    def __init__(
        self, masker: Masker, kind: str, received: int = 0, shown: int = 0, skipped: int = 0
    ) -> None:
        self.kind, self.received, self.shown = kind, received, shown
        self._stream, self._skipped = masker.create_stream(), skipped

    def feed(self, text: str) -> str:
        """Return what can be shown now."""
        self.received += len(text)
        data = text.encode(errors="replace")
        if self._skipped:
            hidden, data = data[: self._skipped], data[self._skipped :]
            self._skipped -= len(hidden)
            self._stream.feed(hidden)
        return self._stream.feed(data).decode(errors="replace")


class TextDeltas:
    """One message or thought at a time, and the outputs of running entries. A secret that two parts
    cut in two is masked: its start is held back."""

    def __init__(
        self, masker: Masker, entries: StageEntries, publish: Callable[[dict[str, Any]], None]
    ) -> None:
        self._masker, self._entries, self._publish = masker, entries, publish
        self._bucket = TokenBucket(_BURST, _INTERVAL_SECONDS)
        self._text: _Text | None = None  # None: it is broken
        self._outputs: dict[int, _Text] = {}  # by entry

    def feed(self, delta: Any, now: float) -> None:
        """Publish what can be shown. Raises ValueError for an invalid part, and for too many of
        them. A message or thought then ends, because a secret could start in the missing part."""
        kind, offset, text, entry = _parse_delta(delta)
        is_allowed = self._bucket.try_consume(now)
        if entry is None:
            known = self._continue_text(kind, offset, len(text), is_allowed=is_allowed)
        else:
            known = self._continue_output(entry, offset, is_allowed=is_allowed)
        if shown := known.feed(text):
            part = {"kind": kind, "entry": entry, "offset": known.shown, "text": shown}
            known.shown += len(shown)
            self._publish(part)

    def _continue_text(self, kind: str, offset: int, size: int, *, is_allowed: bool) -> _Text:
        known, self._text = self._text, None
        if offset == 0:
            known = _Text(self._masker, kind)
        if known is None or kind != known.kind or offset != known.received:
            raise ValueError("it doesn't continue the text")
        if not is_allowed or offset + size > _MAX_TEXT_CHARS:
            raise ValueError("too much text")
        self._text = known
        return known

    def _continue_output(self, entry: int, offset: int, *, is_allowed: bool) -> _Text:
        """Output may have gaps, because only its latest part matters."""
        for ended in [each for each in self._outputs if not self._entries.is_running(each)]:
            del self._outputs[ended]
        if not self._entries.is_running(entry):
            raise ValueError("no such entry is running")
        if not is_allowed:
            raise ValueError("too much text")
        known = self._outputs.get(entry)
        if offset == 0:
            known = _Text(self._masker, "output")
        elif known is None or offset > known.received:
            # A secret that has started in the gap ends within these bytes; whatever the masker
            # holds back after twice as many has started behind it.
            skipped = 2 * self._masker.max_secret_bytes
            shown = known.shown if known else 0
            known = _Text(self._masker, "output", offset, shown + 1, skipped)
        elif offset < known.received:
            raise ValueError("it doesn't continue the text")
        self._outputs[entry] = known
        return known


def _parse_delta(delta: Any) -> tuple[str, int, str, int | None]:
    if not isinstance(delta, dict) or delta.get("kind") not in KINDS:
        raise ValueError("the text's kind is unknown")
    kind, offset, text, entry = (delta.get(name) for name in ("kind", "offset", "text", "entry"))
    if type(offset) is not int or not isinstance(text, str):
        raise ValueError("a part of a text needs a text and its offset")
    if entry is not None and type(entry) is not int:
        raise ValueError("an entry's number must be an integer")
    if kind == "output" and entry is None:
        raise ValueError("output needs its entry's number")
    return str(kind), offset, text, entry if kind == "output" else None
