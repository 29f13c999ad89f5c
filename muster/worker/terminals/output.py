"""The frames for a terminal's socket, in order: bytes of the log, and others in between."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from muster.protocol.terminal import MAX_FRAME_BYTES, OutputOffset, Resize, Screen
from muster.worker.shim.sizes import Size, SizesReader
from muster.worker.shim.spool import SpoolReader

# A user who types into a flood wants to see the response: older unsent output is skipped if it is
# more than `_MAX_BACKLOG_BYTES`, except for the last bytes.
_MAX_BACKLOG_BYTES, _BACKLOG_TAIL_BYTES = 8 << 20, 64 << 10


class TerminalOutput:
    """While a requested screen is being drawn, no bytes are returned, because the screen must
    precede them."""

    def __init__(self, directory: Path, offset: int | None) -> None:
        """The output of the attempt's `directory` from `offset` on; None: from its end on."""
        self._directory = directory
        self._start_offset = offset
        self._reader: SpoolReader | None = None
        self._sizes = SizesReader(directory)
        self.sent_size: tuple[int, int] | None = None  # the size
        self._numbers: list[int] = []
        self._screen: Screen | None = None
        self._is_screen_pending = False  # a screen is being drawn
        self._has_started = False
        self.position = offset or 0
        self._skips_backlog = False

    def request_size(self) -> None:
        """Send the size with the next frame, even if the server knows it."""
        self.sent_size = None

    def request_screen(self, number: int) -> None:
        """Send a screen with this number as soon as it is drawn."""
        self._numbers.append(number)

    def skip_backlog(self) -> None:
        """Record that a user has typed: old output in a flood can be skipped."""
        self._skips_backlog = True

    def pop_screen_offset(self) -> int | None:
        """Return the offset at which, or after which, a screen must be drawn now; None: no screen.

        It is returned once; then the output waits for `set_screen`.
        """
        if (
            not self._has_started
            or not self._numbers
            or self._screen is not None
            or self._is_screen_pending
        ):
            return None
        self._is_screen_pending = True
        return self.position

    def set_screen(self, screen: Screen) -> None:
        self._screen, self._is_screen_pending = screen, False

    def try_advance(self, data: bytes, end: int) -> bool:
        """Count these bytes, which end at `end` in the log, as sent if they come next.

        Returns False if they don't, or if another frame must come before or between them.
        """
        if not self._has_started or self._numbers or end - len(data) != self.position:
            return False
        size = self._sizes.size_at(self.position)
        if (size is not None and self.sent_size != _dimensions(size)) or self._max_bytes() < len(
            data
        ):
            return False
        self.position = end
        return True

    def next_frames(self) -> Iterator[OutputOffset | Resize | Screen | bytes]:
        """Return the frames that can be sent now, with at most one of bytes. Raises OSError."""
        reader = self._open_reader()
        if not self._has_started:
            if self._start_offset is None and reader is not None:
                self.position = reader.end_offset()
            self._has_started = True
            yield OutputOffset(self.position)
        yield from self._pending_frames()
        if reader is not None and not self.waits_for_screen:
            yield from self._skip_backlog(reader)
            yield from self._read_frame(reader, self._max_bytes())

    @property
    def waits_for_screen(self) -> bool:
        return bool(self._numbers) and self._screen is None

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._sizes.close()

    def _open_reader(self) -> SpoolReader | None:
        """Return the reader; None if no shim has started a log yet."""
        if self._reader is None:
            with contextlib.suppress(FileNotFoundError):
                self._reader = SpoolReader(self._directory)
        return self._reader

    def _skip_backlog(self, reader: SpoolReader) -> Iterator[OutputOffset | Resize | Screen]:
        if not self._skips_backlog or self._screen is not None:
            return
        self._skips_backlog = False
        if (end := reader.end_offset()) > self.position + _MAX_BACKLOG_BYTES:
            self.position = end - _BACKLOG_TAIL_BYTES
            yield OutputOffset(self.position)
            yield from self._pending_frames()

    def _pending_frames(self) -> Iterator[Resize | Screen]:
        size = self._sizes.size_at(self.position)
        if size is not None and self.sent_size != _dimensions(size):
            self.sent_size = _dimensions(size)
            yield Resize(size.cols, size.rows)
        if self._screen is not None and self.position >= self._screen.offset:
            screen, self._screen = self._screen, None
            numbers, self._numbers = self._numbers, []
            for number in numbers:
                yield replace(screen, offset=self.position, number=number)

    def _max_bytes(self) -> int:
        """Return how many bytes may precede the next other frame."""
        stops = [self.position + MAX_FRAME_BYTES]
        if (size := self._sizes.next_size(self.position)) is not None:
            stops.append(size.offset)
        if self._screen is not None:
            stops.append(self._screen.offset)
        return min(stops) - self.position

    def _read_frame(self, reader: SpoolReader, limit: int) -> Iterator[OutputOffset | bytes]:
        frame = b""
        for piece in reader.read(self.position, limit):
            if piece.offset > self.position + len(frame):
                break
            frame += piece.data
        if frame:
            self.position += len(frame)
            yield frame
        elif (end := self._gap_end(reader)) is not None:
            self.position = end
            yield OutputOffset(end)

    def _gap_end(self, reader: SpoolReader) -> int | None:
        """Return the end of a lost range."""
        return reader.gap_end(self.position) if reader.end_offset() > self.position else None


def _dimensions(size: Size) -> tuple[int, int]:
    return size.cols, size.rows
