"""One attempt's screen: a terminal emulator that is fed from the spool.

The emulator itself is native code, and runs in its own process (`emulator_client`).
"""

import codecs
import contextlib
import os
import re
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from muster.worker.shim.sizes import Size, SizesReader
from muster.worker.shim.spool import SpoolReader
from muster.worker.terminals.emulator_client import Emulator, EmulatorClient, EmulatorFailed
from muster.worker.terminals.output_chunks import split_by_cost

SAVED_FILE_NAME = "screen"
"""The file in an attempt's directory from which a successor continues."""

# Input for one model before the others get a turn.
_STEP_BYTES = 256 << 10  # bytes
_TURN_SECONDS = 0.05  # seconds
# Bytes in the spool above which not everything is read: if a viewer waits, and otherwise.
_MAX_BACKLOG_REQUESTED_BYTES, _MAX_BACKLOG_BYTES = 8 << 20, 128 << 20
_JUMP_TAIL_BYTES = 1 << 20  # bytes before the end from which it continues then
_SCROLLBACK_LINES = 200  # lines, for a screen that grows again
_MAX_SAVED_BYTES = 4 << 20  # bytes of a saved screen
_DEFAULT_SIZE = Size(0, 0, 120, 40)  # if the disk was too full for a size

# Modes that the emulator doesn't track, but that a viewer's terminal needs: bracketed paste, mouse,
# focus; and sequences after which nothing older is visible.
_MODES = frozenset({"9", "1000", "1001", "1002", "1003", "1004", "1005", "1006", "1015", "2004"})
_TRACKED_SEQUENCES = re.compile(r"\x1bc|\x1b\[\?([\d;]{1,64})([hl])|\x1b\[2J")
_MAX_UNFINISHED_LENGTH = 80  # characters of such a sequence

# The emulator repeats wide characters as blanks (CSI b, which its dumps write either way).
_REPEATED = re.compile(r"([^\x00-\x7f])(?:\x9b|\x1b\[)(\d+)b")


class SavedScreen(msgspec.Struct):
    position: int
    cols: int
    rows: int
    exact: bool
    modes: list[str]
    dump: str


class ScreenModel:
    """Follows one attempt's spool; `position` is its current offset."""

    def __init__(self, directory: Path, emulators: EmulatorClient) -> None:
        """Continue from a predecessor's state. Raises FileNotFoundError if there is no log."""
        self._directory = directory
        self._emulators = emulators
        self._reader = SpoolReader(directory)
        self._sizes = SizesReader(directory)
        saved = _load(directory / SAVED_FILE_NAME)
        if saved is None or saved.position > self._reader.end_offset():
            first = self._sizes.size_at(0) or _DEFAULT_SIZE
            saved = SavedScreen(0, first.cols, first.rows, True, [], "")
        self.position = self._saved_at = saved.position
        self.exact = saved.exact
        self._modes = dict.fromkeys(saved.modes)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._unfinished = ""
        self._terminal = self._create_emulator(saved)

    @property
    def log_size(self) -> int:
        """Return the size of the log."""
        return self._reader.end_offset()

    @property
    def backlog_bytes(self) -> int:
        return self.log_size - self.position

    @property
    def unsaved_bytes(self) -> int:
        """The bytes since it was saved."""
        return self.position - self._saved_at

    def advance(self, *, is_awaited: bool = True) -> bool:
        """Feed some of the available bytes; False if there were none.

        Raises OSError, and EmulatorFailed, after which it needs a `reset`.
        """
        if self.backlog_bytes > (
            _MAX_BACKLOG_REQUESTED_BYTES if is_awaited else _MAX_BACKLOG_BYTES
        ):
            self._jump_to(self.log_size - _JUMP_TAIL_BYTES)
        before = self.position
        self._apply_size()
        following = self._sizes.next_size(self.position)
        limit = min(_STEP_BYTES, following.offset - self.position) if following else _STEP_BYTES
        until = monotonic() + _TURN_SECONDS
        for piece in self._reader.read(self.position, limit):
            if following and piece.offset >= following.offset:
                break  # a lost range is in between
            self.position = piece.offset
            for portion in split_by_cost(piece.data, self._terminal.size):
                self._feed(portion)
                self.position += len(portion)
                if monotonic() >= until:
                    return True
        if self.position == before and self.backlog_bytes:
            self._skip_gap()
        return self.position > before

    def screen(self) -> dict[str, Any]:
        """Return the fields of a `Screen`."""
        self._apply_size()
        cols, rows = self._terminal.size
        data = self._dump().replace("\x9b", "\x1b[")
        # The dump may end within a sequence, so the missing modes come first.
        modes = "".join(f"\x1b[?{mode}h" for mode in self._modes)
        return {
            "offset": self.position,
            "cols": cols,
            "rows": rows,
            "data": modes + data,
            "exact": self.exact,
        }

    def text(self) -> str:
        """Return the screen's lines as plain text."""
        self._apply_size()
        return self._terminal.text()

    def save(self) -> None:
        """Save the state for a successor. Raises OSError."""
        self._saved_at = self.position
        pending = len(self._decoder.getstate()[0])
        cols, rows = self._terminal.size
        position = self.position - pending
        saved = SavedScreen(position, cols, rows, self.exact, list(self._modes), self._dump())
        content = msgspec.json.encode(saved)
        if len(content) > _MAX_SAVED_BYTES:
            return
        path = self._directory / SAVED_FILE_NAME
        scratch = path.with_suffix(".new")
        scratch.write_bytes(content)
        os.replace(scratch, path)

    def reset(self) -> None:
        """The emulator can't process the last bytes: continue after them, with a blank screen."""
        self._jump_to(self._reader.end_offset())
        with contextlib.suppress(OSError):
            self.save()

    def close(self) -> None:
        self._terminal.close()
        self._reader.close()
        self._sizes.close()

    def _create_emulator(self, saved: SavedScreen) -> Emulator:
        terminal = self._emulators.create(saved.cols, saved.rows, _SCROLLBACK_LINES)
        try:
            terminal.feed(saved.dump)
        except EmulatorFailed:
            self.exact = False
            terminal = self._emulators.create(saved.cols, saved.rows, _SCROLLBACK_LINES)
        return terminal

    def _dump(self) -> str:
        return _REPEATED.sub(lambda run: run[1] * (int(run[2]) + 1), self._terminal.dump())

    def _jump_to(self, position: int) -> None:
        size = self._sizes.size_at(position) or _DEFAULT_SIZE
        self.position = position
        self.exact = False
        self._decoder.reset()
        self._unfinished = ""
        self._terminal.close()
        self._terminal = self._emulators.create(size.cols, size.rows, _SCROLLBACK_LINES)

    def _feed(self, data: bytes) -> None:
        text = self._decoder.decode(data)
        self._terminal.feed(text)
        self._track_sequences(self._unfinished + text)

    def _track_sequences(self, text: str) -> None:
        for found in _TRACKED_SEQUENCES.finditer(text):
            if found[1] is None:
                self.exact = True
                if found[0] == "\x1bc":
                    self._modes.clear()
                continue
            for mode in _MODES.intersection(found[1].split(";")):
                if found[2] == "h":
                    self._modes[mode] = None
                else:
                    self._modes.pop(mode, None)
        last = text.rfind("\x1b", -_MAX_UNFINISHED_LENGTH)
        self._unfinished = text[last:] if last >= 0 else ""

    def _apply_size(self) -> None:
        """Apply the size from here on: of several, the last (nothing came between)."""
        size = self._sizes.size_at(self.position)
        if size is not None and self._terminal.size != (size.cols, size.rows):
            self._terminal.resize(size.cols, size.rows)

    def _skip_gap(self) -> None:
        """Skip lost bytes: only viewers at that time may have seen them."""
        for start, end in self._reader.gaps():
            if start <= self.position < end:
                self.position = end
                self.exact = False
                return


def _load(path: Path) -> SavedScreen | None:
    """Return the saved state; None if there is none, or it is invalid."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=SavedScreen)
    return None
