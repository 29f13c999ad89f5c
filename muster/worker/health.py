"""Whether this machine can begin stages at all: asked when one could not be begun, and from then on
again and again until it can.

A stage that never began is no failed stage. While the machine is unwell all its agents are told to
be so, with the reason, and no work comes.
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
"""Seconds before the machine looks at itself again: at first, at most."""

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
"""What the system says where the machine is short of something, whoever asks."""

_PROBE_BYTES = 256 << 10  # bytes that a disk has to take

log = logging.getLogger(__name__)


def is_resource_shortage(error: BaseException | None) -> bool:
    """Whether the system said of the machine that it is short of something."""
    return isinstance(error, OSError) and error.errno in RESOURCE_ERRNOS


def find_problem(rooms: Sandboxes, identities: UidAllocator) -> str | None:
    """Why no stage can be begun here now, found out by doing what every beginning does."""
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
        return f"its disk takes nothing: {error.strerror}"
    # What is set aside for root takes our file, and none of an attempt's. Some file systems count
    # neither blocks nor files, and have none of them.
    if left.f_blocks > 0 and left.f_bavail * left.f_frsize < _PROBE_BYTES:
        return "its disk takes nothing: what is left is set aside for root"
    if left.f_files > 0 and left.f_favail <= 0:
        return "its disk takes no more files"
    return None


class MachineHealth:
    """Safe to use from any thread. `look` says why the machine can begin nothing, `changed` is
    called when `why` has become another."""

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
        self._failures = 0  # how often something was found
        self._check_lock = threading.Lock()  # held while the machine looks
        self._check_count = 0  # the number of the last look
        self._last_problem: str | None = None  # what that found
        self._is_recovering = False  # a thread looks again, and will until it finds nothing

    @property
    def reason(self) -> str:
        """Why nothing can be begun here; empty while the machine is well."""
        return self._reason

    def report_failure(self, known: str | None = None) -> bool:
        """Something could not be begun. Whether that is because the machine is unwell, which it is
        from now on: where it has `known` why already, in its own words, or its look finds it so.

        Everybody reads these words: nothing of an attempt's is among them."""
        found = known or self._check_once()
        if not found:
            return False
        with self._lock:
            is_recovering, self._is_recovering = self._is_recovering, True
            self._reason = found
            self._failures += 1
        if not is_recovering:
            log.error("nothing can be begun here: %s", found)
            self._start_recovery()
        self._changed()
        return True

    def report_success(self) -> None:
        """A stage has begun: what comes next is not the same trouble that goes on."""
        self._delay = self._first_delay

    def override_capabilities(
        self, capabilities: Callable[[], list[Capability]]
    ) -> list[Capability]:
        """What is said of the agents: while the machine is unwell, all of them are."""
        found, why = capabilities(), self._reason
        if not why:
            return found
        return [
            msgspec.structs.replace(each, healthy=False, reason=why) if each.healthy else each
            for each in found
        ]

    def close(self) -> None:
        self._stopped.set()

    def _check_once(self) -> str | None:
        """What a look finds that begins no earlier than now: of many who ask at once one looks."""
        wanted = self._check_count + 1
        with self._check_lock:
            if self._check_count < wanted:
                self._check_count += 1
                self._last_problem = self._run_check()
            return self._last_problem

    def _run_check(self) -> str | None:
        """That it is short of what a look takes is a find as well."""
        try:
            return self._check()
        except OSError as error:
            return f"it cannot look at itself: {error.strerror or error}"

    def _start_recovery(self) -> None:
        try:
            threading.Thread(target=self._recover, name="machine-health", daemon=True).start()
        except RuntimeError:  # there is no thread to be had, and nobody would find it well again
            with self._lock:
                self._is_recovering, self._reason = False, ""

    def _recover(self) -> None:
        """Looks again, less and less often as long as no stage begins, until nothing is found."""
        while not self._stopped.wait(self._delay):
            self._delay = min(self._max_delay, 2 * self._delay)
            try:
                is_well = self._recheck()
                self._changed()
            except Exception:  # whatever it is: nobody else would find the machine well again
                log.exception("looking whether stages can be begun")
                continue
            if is_well:
                log.info("stages can be begun here again")
                return

    def _recheck(self) -> bool:
        """Whether nothing is found any more; what was found since this look began is newer."""
        doubts = self._failures
        found = self._check_once()
        with self._lock:
            if self._failures != doubts:
                return False
            self._reason, self._is_recovering = found or "", bool(found)
        return not found
