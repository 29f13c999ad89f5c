"""What was seen in a terminal, as asciicast v2: https://docs.asciinema.org/manual/asciicast/v2/."""

import codecs
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

CONTENT_TYPE = "application/x-asciicast"
IDLE_SECONDS = 2.0  # a longer silence is shortened to this by players
_TITLE = 100  # characters


@dataclass(frozen=True)
class Output:
    """Bytes that a stage wrote; `milliseconds` since the attempt began."""

    milliseconds: int
    stage_index: int
    data: bytes


@dataclass(frozen=True)
class Lost:
    """So many bytes that were written here are nowhere any more."""

    size: int


@dataclass(frozen=True)
class Resized:
    """What a stage writes from here on is for a terminal of that size."""

    cols: int
    rows: int


def header(cols: int, rows: int, began: datetime, title: str) -> str:
    """The first line. The title is cut to one line, and to a length that players can show."""
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
    """Makes the lines after the header out of what comes in, in order.

    A character that is split between two outputs is shown with the second. Time never goes back,
    whatever the machine's marks say. Another size is shown with the output that follows it. Each
    stage begins with the size of the header, unless it was given one before its first byte.
    """

    def __init__(self, stage_name: Callable[[int], str], cols: int, rows: int) -> None:
        self._stage_name = stage_name
        self._first = self._size = Resized(cols, rows)
        self._next: Resized | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stage: int | None = None
        self._milliseconds = 0

    def lines(self, moments: Iterable[Output | Lost | Resized]) -> Iterator[str]:
        for moment in moments:
            if isinstance(moment, Resized):
                self._next = moment
                continue
            if isinstance(moment, Lost):
                yield from self.end()  # what follows continues no character from before
                yield self._event("m", f"{moment.size} bytes were lost here")
                continue
            self._milliseconds = max(self._milliseconds, moment.milliseconds)
            if moment.stage_index != self._stage:
                self._stage = moment.stage_index
                self._next = self._next or self._first
                yield self._event("m", self._stage_name(moment.stage_index))
            yield from self._resized()
            yield from self._shown(self._decoder.decode(moment.data))

    def end(self) -> Iterator[str]:
        """What is left of a character that never became whole."""
        yield from self._shown(self._decoder.decode(b"", final=True))

    def _resized(self) -> Iterator[str]:
        size, self._next = self._next, None
        if size is not None and size != self._size:
            self._size = size
            yield self._event("r", f"{size.cols}x{size.rows}")

    def _shown(self, text: str) -> Iterator[str]:
        if text:
            yield self._event("o", text)

    def _event(self, code: str, data: str) -> str:
        return _line([self._milliseconds / 1000, code, data])


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
