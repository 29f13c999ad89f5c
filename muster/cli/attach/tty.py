"""The local terminal: raw while attached, restored afterwards."""

import contextlib
import os
import select
import termios
import time
import tty
from typing import Any

_READ_BYTES = 4096  # per read
_BLOCKING_WRITE_BYTES = 512  # that a writable terminal takes without blocking
_FLUSH_TIMEOUT_SECONDS = 1.0  # for the terminal to take pending output


class HungUp(Exception):
    """The terminal is gone."""


class Tty:
    """The keyboard and screen of a terminal. Call `leave` after `enter`."""

    def __init__(self, keys: int = 0, screen: int = 1) -> None:
        """Take file descriptors of terminals. Raises termios.error if `keys` isn't one."""
        self.keys = keys
        self._saved_attributes: list[Any] = termios.tcgetattr(keys)
        self._unwritten = bytearray()
        # A file of our own: non-blocking mode must not affect shared descriptors.
        try:
            flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
            self.screen, self._max_write_bytes = os.open(os.ttyname(screen), flags), 1 << 16
        except OSError:
            self.screen, self._max_write_bytes = os.dup(screen), _BLOCKING_WRITE_BYTES

    def enter(self) -> None:
        """Switch to raw mode."""
        with contextlib.suppress(termios.error):
            tty.setraw(self.keys, termios.TCSANOW)

    def leave(self, last: bytes = b"") -> None:
        """Write `last` and pending output, then restore the mode before `enter`."""
        self._unwritten += last
        until = time.monotonic() + _FLUSH_TIMEOUT_SECONDS
        with contextlib.suppress(HungUp):
            while self._unwritten and (left := until - time.monotonic()) > 0:
                select.select([], [self.screen], [], left)
                self.flush()
        self._unwritten.clear()
        # The shell must not read the terminal's late replies to a program's queries.
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self.keys, termios.TCSANOW, self._saved_attributes)
            termios.tcflush(self.keys, termios.TCIFLUSH)

    def close(self) -> None:
        os.close(self.screen)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows; 80 x 24 if unknown."""
        try:
            found = os.get_terminal_size(self.screen)
        except OSError:
            return 80, 24
        return found.columns or 80, found.lines or 24

    @property
    def has_unwritten(self) -> bool:
        """Whether output is pending."""
        return bool(self._unwritten)

    def read(self) -> bytes:
        """Read input; blocks. Raises HungUp."""
        try:
            typed = os.read(self.keys, _READ_BYTES)
        except OSError as error:
            raise HungUp from error
        if not typed:
            raise HungUp
        return typed

    def write(self, data: bytes) -> None:
        """Write what the terminal takes now and keep the rest for `flush`. Raises HungUp."""
        self._unwritten += data
        if len(self._unwritten) == len(data):
            self.flush()

    def flush(self) -> None:
        """Write as much pending output as the terminal takes. Raises HungUp."""
        try:
            del self._unwritten[: os.write(self.screen, self._unwritten[: self._max_write_bytes])]
        except BlockingIOError:
            return
        except OSError as error:
            raise HungUp from error
