"""Allow only one worker per home."""

import fcntl
import os
from pathlib import Path


class HomeInUse(Exception):
    """Another worker runs with this home."""


class HomeLock:
    """Held until `close`, or until this process exits in any way."""

    def __init__(self, home: Path) -> None:
        """Raises HomeInUse."""
        self._file = home / "daemon.lock"
        self._handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise HomeInUse(f"another worker is running with {home}") from None

    def erase(self) -> None:
        """Remove the lock's file, but keep the lock."""
        self._file.unlink(missing_ok=True)

    def close(self) -> None:
        # Not only by closing, because a child between fork and exec has the handle too.
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        os.close(self._handle)
