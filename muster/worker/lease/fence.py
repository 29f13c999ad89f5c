"""The daemon's own hand at the end of its lease, for where a shim's does not move."""

import logging
import threading
from pathlib import Path

from muster.worker.clock import boot_seconds
from muster.worker.lease.lease import Lease
from muster.worker.shim import client as shim_client

_POLL_SECONDS = 2.0  # seconds between two looks at the lease, at most: the machine may have slept
_SHIM_GRACE_SECONDS = 1.0  # seconds that shims have from when we see that the lease is over

log = logging.getLogger(__name__)


class Fence:
    """Kills what the shims of a home still run when its lease is over, on a thread of its own.

    Shims see to that themselves, and report it; but one that hangs does not, and its stage need not
    hang with it. What still runs is looked up among the processes, for such a shim cannot be asked.
    """

    def __init__(self, lease: Lease, attempts: Path) -> None:
        """`attempts` is the directory in which each attempt has its own."""
        self._lease = lease
        self._attempts = attempts
        self._thread = threading.Thread(target=self._watch, name="lease-fence", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Waits for the thread's end, which comes once the lease is closed."""
        self._thread.join(timeout=2.0)

    def _watch(self) -> None:
        while not self._lease.is_closed:
            deadline = self._lease.deadline
            left = _POLL_SECONDS if deadline is None else deadline - boot_seconds()
            if left > 0:
                self._lease.wait_for_extension(deadline, min(left, _POLL_SECONDS))
            # Counted from now: a machine that was frozen as a whole leaves it to its shims, too.
            elif self._lease.wait_for_extension(deadline, _SHIM_GRACE_SECONDS) == deadline:
                self._try_kill_overdue()

    def _try_kill_overdue(self) -> None:
        try:
            if not self._lease.is_closed:
                self._kill_overdue()
        except (OSError, RuntimeError) as error:  # no handle to be had, or no thread
            log.error("what outlives the lease is not ended, the next look tries again: %s", error)

    def _kill_overdue(self) -> None:
        overdue = shim_client.find_busy_directories(self._attempts)
        if not self._lease.is_expired:
            return  # answered while we looked: what is at work may have begun since
        # At once: one that would not die must not let the others live.
        killing = [
            threading.Thread(target=shim_client.kill, args=(each,), name=f"lease-kill-{each.name}")
            for each in overdue
        ]
        for directory, thread in zip(overdue, killing, strict=True):
            log.warning("%s: the lease is over, and its shim hangs; it is killed", directory)
            thread.start()
        for thread in killing:
            thread.join()
