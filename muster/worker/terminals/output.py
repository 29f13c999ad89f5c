"""What a terminal's socket is sent, in order: bytes of the log, and frames between them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from muster.protocol.terminal import MAX_BYTES, At, Resize, Screen
from muster.worker.shim.sizes import Size, Sizes
from muster.worker.shim.spool import SpoolReader

# Who types into a flood wants to see what comes of it: what was printed before and is not sent yet
# is skipped if it is more than `_LATE`, but for the last bytes.
_LATE, _LAST = 8 << 20, 64 << 10


class TerminalOutput:
    """While a screen is drawn that was asked for, no bytes are given: it shows what they follow."""

    def __init__(self, directory: Path, offset: int | None) -> None:
        """The output of the attempt's `directory` from `offset` on; None: from its end on."""
        self._directory = directory
        self._begin = offset
        self._reader: SpoolReader | None = None
        self._sizes = Sizes(directory)
        self.told: tuple[int, int] | None = None  # the size
        self._numbers: list[int] = []
        self._screen: Screen | None = None
        self._is_drawn = False  # a screen is on its way
        self._began = False
        self.position = offset or 0
        self._is_hurried = False

    def say_size(self) -> None:
        """Has the size said with the next frame, although the server may know it."""
        self.told = None

    def say_screen(self, number: int) -> None:
        """Has a screen of this number said as soon as it is drawn."""
        self._numbers.append(number)

    def hurry(self) -> None:
        """Notes that somebody has typed: old output in a flood may be skipped."""
        self._is_hurried = True

    def screen_wanted(self) -> int | None:
        """The offset at which, or after which, a screen is to be drawn now; None: none is.

        It is told once; then `put_screen` is waited for.
        """
        if not self._began or not self._numbers or self._screen is not None or self._is_drawn:
            return None
        self._is_drawn = True
        return self.position

    def put_screen(self, screen: Screen) -> None:
        self._screen, self._is_drawn = screen, False

    def take(self, data: bytes, end: int) -> bool:
        """Counts these bytes, which end at `end` in the log, as given if they come next.

        Returns False where they do not, or where a frame has to be said before or between them.
        """
        if not self._began or self._numbers or end - len(data) != self.position:
            return False
        size = self._sizes.at(self.position)
        if (size is not None and self.told != _sides(size)) or self._limit() < len(data):
            return False
        self.position = end
        return True

    def next(self) -> Iterator[At | Resize | Screen | bytes]:
        """The frames that can be sent now, one of bytes at most. Raises OSError."""
        reader = self._open()
        if not self._began:
            if self._begin is None and reader is not None:
                self.position = reader.end()
            self._began = True
            yield At(self.position)
        yield from self._say()
        if reader is not None and not self.waits_for_screen:
            yield from self._skip(reader)
            yield from self._read(reader, self._limit())

    @property
    def waits_for_screen(self) -> bool:
        return bool(self._numbers) and self._screen is None

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._sizes.close()

    def _open(self) -> SpoolReader | None:
        """None where no shim has begun a log yet."""
        if self._reader is None:
            with contextlib.suppress(FileNotFoundError):
                self._reader = SpoolReader(self._directory)
        return self._reader

    def _skip(self, reader: SpoolReader) -> Iterator[At | Resize | Screen]:
        if not self._is_hurried or self._screen is not None:
            return
        self._is_hurried = False
        if (end := reader.end()) > self.position + _LATE:
            self.position = end - _LAST
            yield At(self.position)
            yield from self._say()

    def _say(self) -> Iterator[Resize | Screen]:
        size = self._sizes.at(self.position)
        if size is not None and self.told != _sides(size):
            self.told = _sides(size)
            yield Resize(size.cols, size.rows)
        if self._screen is not None and self.position >= self._screen.offset:
            screen, self._screen = self._screen, None
            numbers, self._numbers = self._numbers, []
            for number in numbers:
                yield replace(screen, offset=self.position, number=number)

    def _limit(self) -> int:
        """How many bytes may follow until a frame is to be said."""
        stops = [self.position + MAX_BYTES]
        if (size := self._sizes.after(self.position)) is not None:
            stops.append(size.offset)
        if self._screen is not None:
            stops.append(self._screen.offset)
        return min(stops) - self.position

    def _read(self, reader: SpoolReader, limit: int) -> Iterator[At | bytes]:
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
            yield At(end)

    def _gap_end(self, reader: SpoolReader) -> int | None:
        """Where the bytes go on that follow a lost range."""
        return reader.gap_end(self.position) if reader.end() > self.position else None


def _sides(size: Size) -> tuple[int, int]:
    return size.cols, size.rows
