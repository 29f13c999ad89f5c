"""From what an agent prints to what is told of it: lines, events, and what is neither."""

from __future__ import annotations

import codecs
import json

from muster.worker.agents.runner import blocks, sanitizer
from muster.worker.agents.runner.entries import Told
from muster.worker.agents.runner.formats import UNEXPECTED

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator

    from muster.worker.agents.runner.formats import Format

LONGEST = 8 << 20
"""Bytes of a line that is looked into. A longer one is passed on in pieces, as it comes."""


class Narration:
    """Whatever the format does not understand is told of as it came."""

    def __init__(self, spoken: Format) -> None:
        self._format = spoken
        self._pieces: list[bytes] = []  # of the line that is not whole yet
        self._size = 0
        self._decoder: codecs.IncrementalDecoder | None = None  # within a line that is too long

    def heard(self, data: bytes) -> Iterator[Told]:
        """What is told of these bytes, and of those that waited for them."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            yield from self._ended(end)
        self._pieces.append(rest)
        self._size += len(rest)
        if self._size > LONGEST or self._decoder:
            yield from self._piece()

    def end(self) -> Iterator[Told]:
        """What is told when there is no more."""
        if self._size or self._decoder:
            yield from self._ended(b"")
        yield from self._format.end()

    def _ended(self, end: bytes) -> Iterator[Told]:
        self._pieces.append(end)
        if self._decoder:
            yield from self._piece(is_last=True)
            return
        line = b"".join(self._pieces)
        self._pieces, self._size = [], 0
        yield from self._line(line)

    def _piece(self, *, is_last: bool = False) -> Iterator[Told]:
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        text = sanitizer.coloured(self._decoder.decode(b"".join(self._pieces), is_last))
        self._pieces, self._size = [], 0
        if is_last:
            text += "\n"
            self._decoder = None
        yield Told(lambda _: text)

    def _line(self, line: bytes) -> list[Told]:
        line = line.removesuffix(b"\r")
        told = self._event(line) if line.lstrip().startswith(b"{") else None
        return [_passed_on(line)] if told is None else told

    def _event(self, line: bytes) -> list[Told] | None:
        try:
            return self._format.feed(json.loads(line))
        except UNEXPECTED:
            return None


class Aside(Narration):
    """What an agent says on its standard error is for people: it is passed on, and listened to."""

    def end(self) -> Iterator[Told]:
        if self._size or self._decoder:
            yield from self._ended(b"")

    def _line(self, line: bytes) -> list[Told]:
        line = line.removesuffix(b"\r")
        text = line.decode(errors="backslashreplace")
        return [_passed_on(line), *self._format.aside(text)]


def _passed_on(line: bytes) -> Told:
    return Told(blocks.passed_on(line.decode(errors="backslashreplace")))
