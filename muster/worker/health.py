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
from muster.worker.sandbox.sandboxes import Rooms
from muster.worker.sandbox.uids import Identities

PAUSES = (5.0, 300.0)
"""Seconds before the machine looks at itself again: at first, at most."""

SHORT_OF = frozenset(
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

_PROBE = 256 << 10  # bytes that a disk has to take

log = logging.getLogger(__name__)


def is_short(error: BaseException | None) -> bool:
    """Whether the system said of the machine that it is short of something."""
    return isinstance(error, OSError) and error.errno in SHORT_OF


def lacks(rooms: Rooms, identities: Identities) -> str | None:
    """Why no stage can be begun here now, found out by doing what every beginning does."""
    return _disk_lacks(rooms.layout.attempts) or identities.lacks() or rooms.lacks_now()


def _disk_lacks(directory: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(os.urandom(_PROBE))
            file.flush()
            os.fsync(file.fileno())
        left = os.statvfs(directory)
    except OSError as error:
        return f"its disk takes nothing: {error.strerror}"
    # What is set aside for root takes our file, and none of an attempt's. Some file systems count
    # neither blocks nor files, and have none of them.
    if left.f_blocks > 0 and left.f_bavail * left.f_frsize < _PROBE:
        return "its disk takes nothing: what is left is set aside for root"
    if left.f_files > 0 and left.f_favail <= 0:
        return "its disk takes no more files"
    return None


class Wellness:
    """Safe to use from any thread. `look` says why the machine can begin nothing, `changed` is
    called when `why` has become another."""

    def __init__(
        self,
        look: Callable[[], str | None] = lambda: None,
        changed: Callable[[], None] = lambda: None,
        pauses: tuple[float, float] = PAUSES,
    ) -> None:
        self._look, self._changed = look, changed
        self._first, self._most = pauses
        self._pause = self._first
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._why = ""
        self._doubts = 0  # how often something was found
        self._looking = threading.Lock()  # held while the machine looks
        self._looks = 0  # the number of the last look
        self._seen: str | None = None  # what that found
        self._is_recovering = False  # a thread looks again, and will until it finds nothing

    @property
    def why(self) -> str:
        """Why nothing can be begun here; empty while the machine is well."""
        return self._why

    def doubt(self, known: str | None = None) -> bool:
        """Something could not be begun. Whether that is because the machine is unwell, which it is
        from now on: where it has `known` why already, in its own words, or its look finds it so.

        Everybody reads these words: nothing of an attempt's is among them."""
        found = known or self._found()
        if not found:
            return False
        with self._lock:
            is_recovering, self._is_recovering = self._is_recovering, True
            self._why = found
            self._doubts += 1
        if not is_recovering:
            log.error("nothing can be begun here: %s", found)
            self._have_recovered()
        self._changed()
        return True

    def prove(self) -> None:
        """A stage has begun: what comes next is not the same trouble that goes on."""
        self._pause = self._first

    def told(self, capabilities: Callable[[], list[Capability]]) -> list[Capability]:
        """What is said of the agents: while the machine is unwell, all of them are."""
        found, why = capabilities(), self._why
        if not why:
            return found
        return [
            msgspec.structs.replace(each, healthy=False, reason=why) if each.healthy else each
            for each in found
        ]

    def close(self) -> None:
        self._over.set()

    def _found(self) -> str | None:
        """What a look finds that begins no earlier than now: of many who ask at once one looks."""
        wanted = self._looks + 1
        with self._looking:
            if self._looks < wanted:
                self._looks += 1
                self._seen = self._looked()
            return self._seen

    def _looked(self) -> str | None:
        """That it is short of what a look takes is a find as well."""
        try:
            return self._look()
        except OSError as error:
            return f"it cannot look at itself: {error.strerror or error}"

    def _have_recovered(self) -> None:
        try:
            threading.Thread(target=self._recover, name="wellness", daemon=True).start()
        except RuntimeError:  # there is no thread to be had, and nobody would find it well again
            with self._lock:
                self._is_recovering, self._why = False, ""

    def _recover(self) -> None:
        """Looks again, less and less often as long as no stage begins, until nothing is found."""
        while not self._over.wait(self._pause):
            self._pause = min(self._most, 2 * self._pause)
            try:
                is_well = self._look_again()
                self._changed()
            except Exception:  # whatever it is: nobody else would find the machine well again
                log.exception("looking whether stages can be begun")
                continue
            if is_well:
                log.info("stages can be begun here again")
                return

    def _look_again(self) -> bool:
        """Whether nothing is found any more; what was found since this look began is newer."""
        doubts = self._doubts
        found = self._found()
        with self._lock:
            if self._doubts != doubts:
                return False
            self._why, self._is_recovering = found or "", bool(found)
        return not found
