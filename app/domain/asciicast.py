"""Terminal recordings as asciicast v2: https://docs.asciinema.org/manual/asciicast/v2/."""

import codecs
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

CONTENT_TYPE = "application/x-asciicast"
IDLE_SECONDS = 2.0  # players shorten longer pauses to this
_TITLE = 100  # characters


@dataclass(frozen=True)
class Output:
    """Bytes that a stage wrote; `milliseconds` since the attempt started."""

    milliseconds: int
    stage_index: int
    data: bytes


@dataclass(frozen=True)
class Gap:
    """A gap: `size` bytes of the stage's output were lost here."""

    size: int


@dataclass(frozen=True)
class Resize:
    """A terminal size, which applies to all later output."""

    cols: int
    rows: int


def header(cols: int, rows: int, began: datetime, title: str) -> str:
    """Return the recording's first line with its line end. The title is cut to one short line."""
    words = " ".join(title.split())
    return _line(
        {
            "version": 2,
            "width": cols,
            "height": rows,
            "timestamp": int(began.timestamp()),
            "idle_time_limit": IDLE_SECONDS,
            "title": words if len(words) <= _TITLE else words[: _TITLE - 1] + "…",
            "env": {"TERM": "xterm-256color"},
        }
    )


class Recording:
    """Convert output, gaps and sizes, in order, to the lines after the header.

    A character that is split between two outputs is shown with the second. Time never goes back,
    even if the machine's marks do. A new size is written with the output that follows it. Each
    stage starts with the header's size, unless a size comes before its first byte.
    """

    def __init__(self, stage_name: Callable[[int], str], cols: int, rows: int) -> None:
        self._stage_name = stage_name
        self._first = self._size = Resize(cols, rows)
        self._next: Resize | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stage: int | None = None
        self._milliseconds = 0

    def lines(self, moments: Iterable[Output | Gap | Resize]) -> Iterator[str]:
        """Return the lines for these moments. Call it again with later moments."""
        for moment in moments:
            if isinstance(moment, Resize):
                self._next = moment
                continue
            if isinstance(moment, Gap):
                yield from self.finish()  # later output doesn't continue an earlier character
                yield self._event("m", f"{moment.size} bytes were lost here")
                continue
            self._milliseconds = max(self._milliseconds, moment.milliseconds)
            if moment.stage_index != self._stage:
                self._stage = moment.stage_index
                self._next = self._next or self._first
                yield self._event("m", self._stage_name(moment.stage_index))
            yield from self._resize()
            yield from self._output(self._decoder.decode(moment.data))

    def finish(self) -> Iterator[str]:
        """Return the last line, if any: the rest of a character whose remaining bytes never
        came.
        """
        yield from self._output(self._decoder.decode(b"", final=True))

    def _resize(self) -> Iterator[str]:
        size, self._next = self._next, None
        if size is not None and size != self._size:
            self._size = size
            yield self._event("r", f"{size.cols}x{size.rows}")

    def _output(self, text: str) -> Iterator[str]:
        if text:
            yield self._event("o", text)

    def _event(self, code: str, data: str) -> str:
        return _line([self._milliseconds / 1000, code, data])


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
