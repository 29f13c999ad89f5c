"""The daemon's own enforcement of the lease, in case a shim hangs."""

import logging
import threading
from pathlib import Path

from muster.worker.clock import boot_seconds
from muster.worker.lease.lease import Lease
from muster.worker.shim import client as shim_client

_POLL_SECONDS = 2.0  # maximum seconds between lease checks, because the machine may have slept
_SHIM_GRACE_SECONDS = 1.0  # seconds for the shims after we find the lease expired

log = logging.getLogger(__name__)


class Fence:
    """Kills what the shims of a home still run after the lease has expired, on its own thread.

    Shims stop their stages themselves, and report it; but a hanging shim doesn't, and its stage may
    still run. Such stages are found among the processes, because the shim doesn't respond.
    """

    def __init__(self, lease: Lease, attempts: Path) -> None:
        """`attempts` is the directory with one directory per attempt."""
        self._lease = lease
        self._attempts = attempts
        self._thread = threading.Thread(target=self._watch, name="lease-fence", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait for the thread, which exits once the lease is closed."""
        self._thread.join(timeout=2.0)

    def _watch(self) -> None:
        while not self._lease.is_closed:
            deadline = self._lease.deadline
            left = _POLL_SECONDS if deadline is None else deadline - boot_seconds()
            if left > 0:
                self._lease.wait_for_extension(deadline, min(left, _POLL_SECONDS))
            # Counted from now, so that a frozen machine gives its shims the same time.
            elif self._lease.wait_for_extension(deadline, _SHIM_GRACE_SECONDS) == deadline:
                self._try_kill_overdue()

    def _try_kill_overdue(self) -> None:
        try:
            if not self._lease.is_closed:
                self._kill_overdue()
        except (OSError, RuntimeError) as error:  # no descriptor or thread is available
            log.error(
                "can't stop processes that outlive the lease, retrying at the next check: %s", error
            )

    def _kill_overdue(self) -> None:
        overdue = shim_client.find_busy_directories(self._attempts)
        if not self._lease.is_expired:
            return  # answered meanwhile: processes may have started since
        # In parallel, so that one that doesn't die delays no others.
        killing = [
            threading.Thread(target=shim_client.kill, args=(each,), name=f"lease-kill-{each.name}")
            for each in overdue
        ]
        for directory, thread in zip(overdue, killing, strict=True):
            log.warning("%s: the lease has expired and its shim hangs; killing it", directory)
            thread.start()
        for thread in killing:
            thread.join()
