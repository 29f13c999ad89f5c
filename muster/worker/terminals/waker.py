"""Wake a thread that waits for sockets."""

import contextlib
import os
import threading


class Waker:
    """A pipe: readable after `wake`, until `clear`."""

    def __init__(self) -> None:
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        os.set_blocking(self._write_fd, False)
        self._lock = threading.Lock()
        self._is_closed = False

    def fileno(self) -> int:
        """The end to wait for."""
        return self._read_fd

    def wake(self) -> None:
        """From any thread, also after `close`: then it does nothing."""
        # A full pipe wakes, too.
        with self._lock, contextlib.suppress(BlockingIOError):
            if not self._is_closed:  # otherwise the number may belong to another descriptor
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
