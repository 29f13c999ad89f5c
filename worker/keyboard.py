"""Keystrokes on their way to a stage's program: in order, and no faster than it reads."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from worker.shim_link import Shim, ShimGone, ShimRefused

_PASTED = 1 << 20  # bytes that may wait here, beside as many in the shim
RETRY = 0.02
"""Seconds after which a shim that had no room is asked again."""

log = logging.getLogger(__name__)


class Keyboard:
    """`shim` gives the living one, None while no stage is at work: then nobody hears."""

    def __init__(self, shim: Callable[[], Shim | None]) -> None:
        self._shim = shim
        self._passing = threading.Lock()  # to the shim, which may be slow to answer
        self._room = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._closed = False

    @property
    def waits(self) -> bool:
        """Whether `retry` is to be called again."""
        return bool(self._waiting)

    def type(self, keys: bytes) -> None:
        """Hands them on; waits while too much is waiting already."""
        with self._room:
            self._room.wait_for(lambda: self._closed or self._size() < _PASTED)
        with self._passing:
            if self._waiting or not self._pass(keys):
                self._waiting.append(keys)

    def retry(self) -> None:
        """Hands on what had no room, unless somebody is just handing something on."""
        if not self._waiting or not self._passing.acquire(blocking=False):
            return
        try:
            while self._waiting and self._pass(self._waiting[0]):
                self._waiting.popleft()
        finally:
            self._passing.release()
        with self._room:
            self._room.notify_all()

    def close(self) -> None:
        with self._room:
            self._closed = True
            self._room.notify_all()

    def _size(self) -> int:
        return sum(map(len, self._waiting))

    def _pass(self, keys: bytes) -> bool:
        """False when there is no room for them; keys that nobody can hear are gone."""
        try:
            if (shim := self._shim()) is not None:
                shim.type(keys)
        except ShimRefused as refusal:
            return refusal.code != "full"
        except (ShimGone, OSError) as error:
            log.debug("keys were lost: %s", error)
        return True
