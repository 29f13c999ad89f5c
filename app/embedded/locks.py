"""The locks that allow only one stack per home.

Only the process that owns the stack holds `lock`: while it is locked, a stack runs here. The owner
*and every server that it started* hold `servers.lock`: after a kill -9 of the owner it becomes free
when the last of these servers exits, and only then may new ones start on the same files. No
decision depends on a pid read from a file.
"""

import fcntl
import os
from pathlib import Path

from app.embedded import handles
from app.embedded.errors import EmbeddedError
from app.embedded.processes import wait_until

CRASH_GRACE_SECONDS = 0.5
SHUTDOWN_TIMEOUT_SECONDS = 30.0


class HomeLock:
    """Both locks of a home. `servers` is the descriptor that children inherit."""

    def __init__(self, home: Path) -> None:
        """Acquire the locks. Raises EmbeddedError if a stack runs there, or if its servers don't
        exit.
        """
        with handles.open_directory(home.resolve()) as top:
            self._owner = top.open_file("lock", os.O_RDWR | os.O_CREAT)
            self.servers = top.open_file("servers.lock", os.O_RDWR | os.O_CREAT)
        try:
            self._acquire(home)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Release both locks. Safe to call twice."""
        for descriptor in {self._owner, self.servers} - {-1}:
            os.close(descriptor)
        self._owner = self.servers = -1

    def _acquire(self, home: Path) -> None:
        # A killed owner holds its lock until it has fully exited, which takes a moment.
        if not wait_until(lambda: _try_lock(self._owner), CRASH_GRACE_SECONDS):
            owner = os.pread(self._owner, 32, 0).decode().strip()
            raise EmbeddedError(
                f"another stack is running in {home} (process {owner or 'unknown'}): "
                "stop it, or set MUSTER_HOME to another directory"
            )
        os.ftruncate(self._owner, 0)
        os.pwrite(self._owner, f"{os.getpid()}\n".encode(), 0)
        if not wait_until(lambda: _try_lock(self.servers), SHUTDOWN_TIMEOUT_SECONDS, pause=0.05):
            raise EmbeddedError(
                f"servers of an earlier stack in {home} are still running after "
                f"{SHUTDOWN_TIMEOUT_SECONDS:.0f} s: stop them (fuser {home}/servers.lock lists "
                "them)"
            )


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
