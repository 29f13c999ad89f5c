"""Wakes a thread that waits for sockets."""

import contextlib
import os
import threading


class Waker:
    """A pipe: it can be read once `wake` has been called, until `clear` is."""

    def __init__(self) -> None:
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        os.set_blocking(self._write_fd, False)
        self._lock = threading.Lock()
        self._is_closed = False

    def fileno(self) -> int:
        """The end that can be waited for."""
        return self._read_fd

    def wake(self) -> None:
        """From any thread, also after `close`: then nothing happens."""
        # A pipe that is full wakes, too.
        with self._lock, contextlib.suppress(BlockingIOError):
            if not self._is_closed:  # else the number may be somebody else's
                os.write(self._write_fd, b"w")

    def clear(self) -> None:
        """For the thread that was woken."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._read_fd, 4096)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            for handle in (self._read_fd, self._write_fd):
                os.close(handle)
