"""Check whether this machine can start stages: when a start fails, and from then on until it
succeeds.

A stage that never started hasn't failed. While the machine is unhealthy, all its agents are
reported as unhealthy, with the reason, and no work comes.
"""

import errno
import logging
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from muster.protocol.frames import Capability
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.sandbox.uids import UidAllocator

RECHECK_DELAYS_SECONDS = (5.0, 300.0)
"""Seconds until the machine's next check: initial and maximum."""

RESOURCE_ERRNOS = frozenset(
    {
        errno.EAGAIN,  # processes, threads
        errno.EDQUOT,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.EROFS,
    }
)
"""System errors that mean the machine lacks resources."""

_CLOSE_SECONDS = 10.0  # that `close` waits for a check that runs

_PROBE_BYTES = 256 << 10  # bytes that a disk must accept

log = logging.getLogger(__name__)


def is_resource_shortage(error: BaseException | None) -> bool:
    """Whether the error means that the machine lacks resources."""
    return isinstance(error, OSError) and error.errno in RESOURCE_ERRNOS


def find_problem(rooms: Sandboxes, identities: UidAllocator) -> str | None:
    """Return why no stage can start here now, found by doing what every start does."""
    return (
        _disk_problem(rooms.layout.attempts)
        or identities.exhausted_reason()
        or rooms.find_problem()
    )


def _disk_problem(directory: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(os.urandom(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
        left = os.statvfs(directory)
    except OSError as error:
        return f"can't write to its disk: {error.strerror}"
    # Space reserved for root accepts our file, but none of an attempt's. Some file systems count
    # neither blocks nor files, and report 0 for both.
    if left.f_blocks > 0 and left.f_bavail * left.f_frsize < _PROBE_BYTES:
        return "can't write to its disk: only space reserved for root is left"
    if left.f_files > 0 and left.f_favail <= 0:
        return "its disk has no inodes left"
    return None


class MachineHealth:
    """Safe to use from any thread. `look` returns why the machine can't start stages, `changed` is
    called when `reason` changes.
    """

    def __init__(
        self,
        look: Callable[[], str | None] = lambda: None,
        changed: Callable[[], None] = lambda: None,
        pauses: tuple[float, float] = RECHECK_DELAYS_SECONDS,
    ) -> None:
        self._check, self._changed = look, changed
        self._first_delay, self._max_delay = pauses
        self._delay = self._first_delay
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._reason = ""
        self._failures = 0  # number of failed checks
        self._check_lock = threading.Lock()  # held during a check
        self._check_count = 0  # the number of the last check
        self._last_problem: str | None = None  # its result
        self._is_recovering = False  # a thread repeats the check until it finds no problem
        self._recovery: threading.Thread | None = None

    @property
    def reason(self) -> str:
        """Why no stage can start here; empty while the machine is healthy."""
        return self._reason

    def report_failure(self, known: str | None = None) -> bool:
        """A start failed. The machine becomes unhealthy if `known` has a reason, or if a check
        finds one.

        Everyone can read these reasons: they contain nothing from an attempt.
        """
        found = known or self._check_once()
        if not found:
            return False
        with self._lock:
            is_recovering, self._is_recovering = self._is_recovering, True
            self._reason = found
            self._failures += 1
        if not is_recovering:
            log.error("can't start stages here: %s", found)
            self._start_recovery()
        self._changed()
        return True

    def report_success(self) -> None:
        """A stage has started: the next failure is a new problem."""
        self._delay = self._first_delay

    def override_capabilities(
        self, capabilities: Callable[[], list[Capability]]
    ) -> list[Capability]:
        """Return the agents' capabilities to report: while the machine is unhealthy, all are
        unhealthy.
        """
        found, why = capabilities(), self._reason
        if not why:
            return found
        return [
            msgspec.structs.replace(each, healthy=False, reason=why) if each.healthy else each
            for each in found
        ]

    def close(self) -> None:
        """End the repeated check; wait for the one that runs, which removes its sandbox."""
        self._stopped.set()
        if self._recovery is not None:
            self._recovery.join(_CLOSE_SECONDS)

    def _check_once(self) -> str | None:
        """Return the result of a check that starts no earlier than now; concurrent callers share
        one.
        """
        wanted = self._check_count + 1
        with self._check_lock:
            if self._check_count < wanted:
                self._check_count += 1
                self._last_problem = self._run_check()
            return self._last_problem

    def _run_check(self) -> str | None:
        """Lacking the resources for a check counts as a problem too."""
        try:
            return self._check()
        except OSError as error:
            return f"can't check itself: {error.strerror or error}"

    def _start_recovery(self) -> None:
        recovery = threading.Thread(target=self._recover, name="machine-health", daemon=True)
        try:
            recovery.start()
        except RuntimeError:  # no thread is available, so the check would never be repeated
            with self._lock:
                self._is_recovering, self._reason = False, ""
        else:
            self._recovery = recovery

    def _recover(self) -> None:
        """Repeat the check, less and less often while no stage starts, until it finds no
        problem.
        """
        while not self._stopped.wait(self._delay):
            self._delay = min(self._max_delay, 2 * self._delay)
            try:
                is_well = self._recheck()
                self._changed()
            except Exception:  # any error: nothing else would report the machine as healthy again
                log.exception("checking whether stages can start")
                continue
            if is_well:
                log.info("stages can start here again")
                return

    def _recheck(self) -> bool:
        """Whether the problem is gone; a problem reported since this check began counts as
        newer.
        """
        doubts = self._failures
        found = self._check_once()
        with self._lock:
            if self._failures != doubts:
                return False
            self._reason, self._is_recovering = found or "", bool(found)
        return not found
