"""One worker at a time for each home."""

import fcntl
import os
from pathlib import Path


class HomeInUse(Exception):
    """Another worker runs with this home."""


class HomeLock:
    """Held until `close`, or until this process ends, however it does."""

    def __init__(self, home: Path) -> None:
        """Raises HomeInUse."""
        self._file = home / "daemon.lock"
        self._handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise HomeInUse(f"another worker runs with {home}") from None

    def erase(self) -> None:
        """Removes the file of the lock, which is held on to."""
        self._file.unlink(missing_ok=True)

    def close(self) -> None:
        # Not only by closing: a child between fork and exec has the handle, too.
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        os.close(self._handle)
