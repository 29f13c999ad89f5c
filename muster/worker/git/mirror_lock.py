"""Allow one writer per mirror; maintenance yields to all others."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from muster.worker.git import git

_LOCKS: dict[str, "MirrorLock"] = {}
_POLL_SECONDS = 0.1  # seconds between checks whether a waiting caller was cancelled


class MirrorLock:
    """Excludes other writers of a mirror in this process. Not reentrant."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0

    @classmethod
    def for_mirror(cls, mirror: Path) -> "MirrorLock":
        return _LOCKS.setdefault(str(mirror), cls())

    def is_set(self) -> bool:
        """Whether another caller waits for the lock. As git's flag it stops maintenance."""
        return self._waiting > 0

    @contextmanager
    def acquire(self, deadline: float, cancelled: git.CancelFlag | None = None) -> Iterator[None]:
        """Wait for the lock and acquire it. `deadline` is by the monotonic clock.

        Raises GitTimeout, GitCancelled.
        """
        with self._count_waiter():
            while not self._lock.acquire(timeout=_POLL_SECONDS):
                if cancelled is not None and cancelled.is_set():
                    raise git.GitCancelled("cancelled while waiting for the mirror")
                if time.monotonic() > deadline:
                    raise git.GitTimeout("another fetch of this repository took too long")
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def try_acquire(self) -> Iterator[bool]:
        """Acquire the lock if it is free; return whether it was."""
        is_ours = self._lock.acquire(blocking=False)
        try:
            yield is_ours
        finally:
            if is_ours:
                self._lock.release()

    @contextmanager
    def _count_waiter(self) -> Iterator[None]:
        with self._counting:
            self._waiting += 1
        try:
            yield
        finally:
            with self._counting:
                self._waiting -= 1
