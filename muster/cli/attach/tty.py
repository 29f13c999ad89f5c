"""The local terminal: raw while one is attached, and as it was afterwards, whatever happens."""

import contextlib
import os
import select
import termios
import time
import tty
from typing import Any

_READ_BYTES = 4096  # bytes that are read at once
_BLOCKING_WRITE_BYTES = (
    512  # bytes that a terminal takes without waiting, where it says that it takes any
)
_FLUSH_TIMEOUT_SECONDS = 1.0  # seconds for the terminal to take what is left


class HungUp(Exception):
    """The terminal is gone."""


class Tty:
    """Where one types, and what one sees. Who enters it must leave it."""

    def __init__(self, keys: int = 0, screen: int = 1) -> None:
        """File descriptors of terminals. Raises termios.error where `keys` is none."""
        self.keys = keys
        self._saved_attributes: list[Any] = termios.tcgetattr(keys)
        self._unwritten = bytearray()
        # Of our own: what is set for others' file descriptors stays as they have it.
        try:
            flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
            self.screen, self._max_write_bytes = os.open(os.ttyname(screen), flags), 1 << 16
        except OSError:
            self.screen, self._max_write_bytes = os.dup(screen), _BLOCKING_WRITE_BYTES

    def enter(self) -> None:
        """Every key is ours, and nothing is changed on its way."""
        with contextlib.suppress(termios.error):
            tty.setraw(self.keys, termios.TCSANOW)

    def leave(self, last: bytes = b"") -> None:
        """As before `enter`, and on the screen as the last these bytes."""
        self._unwritten += last
        until = time.monotonic() + _FLUSH_TIMEOUT_SECONDS
        with contextlib.suppress(HungUp):
            while self._unwritten and (left := until - time.monotonic()) > 0:
                select.select([], [self.screen], [], left)
                self.flush()
        self._unwritten.clear()
        # What the terminal still answers to a program's questions is not the shell's to read.
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self.keys, termios.TCSANOW, self._saved_attributes)
            termios.tcflush(self.keys, termios.TCIFLUSH)

    def close(self) -> None:
        os.close(self.screen)

    @property
    def size(self) -> tuple[int, int]:
        """Columns, rows."""
        try:
            found = os.get_terminal_size(self.screen)
        except OSError:
            return 80, 24
        return found.columns or 80, found.lines or 24

    @property
    def has_unwritten(self) -> bool:
        """Whether it has not taken all yet."""
        return bool(self._unwritten)

    def read(self) -> bytes:
        """What was typed; waits for it. Raises HungUp."""
        try:
            typed = os.read(self.keys, _READ_BYTES)
        except OSError as error:
            raise HungUp from error
        if not typed:
            raise HungUp
        return typed

    def write(self, data: bytes) -> None:
        """As much as the terminal takes now; the rest is for `flush`. Raises HungUp."""
        self._unwritten += data
        if len(self._unwritten) == len(data):
            self.flush()

    def flush(self) -> None:
        """As much as it takes. Raises HungUp."""
        try:
            del self._unwritten[: os.write(self.screen, self._unwritten[: self._max_write_bytes])]
        except BlockingIOError:
            return
        except OSError as error:
            raise HungUp from error
