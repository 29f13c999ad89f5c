"""Parse an agent's output into updates: lines, events, and other text."""

from __future__ import annotations

import codecs
import json

from muster.worker.agents.runner import blocks, sanitizer
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.formats import PARSE_ERRORS

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator

    from muster.worker.agents.runner.formats import Format

MAX_LINE_BYTES = 8 << 20
"""Maximum bytes of a parsed line. Longer ones pass through in chunks."""


class OutputParser:
    """Passes through what the format doesn't understand."""

    def __init__(self, spoken: Format) -> None:
        self._format = spoken
        self._chunks: list[bytes] = []  # of the incomplete line
        self._size = 0
        self._decoder: codecs.IncrementalDecoder | None = None  # within a line that is too long

    def feed(self, data: bytes) -> Iterator[Update]:
        """Return the updates for these bytes and the buffered ones."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            yield from self._finish_line(end)
        self._chunks.append(rest)
        self._size += len(rest)
        if self._size > MAX_LINE_BYTES or self._decoder:
            yield from self._flush_chunk()

    def end_line(self) -> Iterator[Update]:
        """Return the updates for an incomplete line: the process that wrote it has ended."""
        if self._size or self._decoder:
            yield from self._finish_line(b"")

    def finish(self) -> Iterator[Update]:
        """Return the updates at the end."""
        yield from self.end_line()
        yield from self._format.finish()

    def _finish_line(self, end: bytes) -> Iterator[Update]:
        self._chunks.append(end)
        if self._decoder:
            yield from self._flush_chunk(is_last=True)
            return
        line = b"".join(self._chunks)
        self._chunks, self._size = [], 0
        yield from self._parse_line(line)

    def _flush_chunk(self, *, is_last: bool = False) -> Iterator[Update]:
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        text = sanitizer.sanitize_keeping_colors(
            self._decoder.decode(b"".join(self._chunks), is_last)
        )
        self._chunks, self._size = [], 0
        if is_last:
            text += "\n"
            self._decoder = None
        yield Update(lambda _: text)

    def _parse_line(self, line: bytes) -> list[Update]:
        line = line.removesuffix(b"\r")
        new_updates = self._parse_event(line) if line.lstrip().startswith(b"{") else None
        return [_raw_line_update(line)] if new_updates is None else new_updates

    def _parse_event(self, line: bytes) -> list[Update] | None:
        try:
            return self._format.feed(json.loads(line))
        except PARSE_ERRORS:
            return None


class TextParser(OutputParser):
    """An agent's standard error is for people: it is passed through, and parsed too."""

    def finish(self) -> Iterator[Update]:
        yield from self.end_line()

    def _parse_line(self, line: bytes) -> list[Update]:
        line = line.removesuffix(b"\r")
        text = line.decode(errors="backslashreplace")
        return [_raw_line_update(line), *self._format.feed_text_line(text)]


def _raw_line_update(line: bytes) -> Update:
    return Update(blocks.raw_line(line.decode(errors="backslashreplace")))
