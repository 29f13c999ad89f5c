"""Keystrokes on their way to a stage's program: in order, and no faster than it reads."""

from collections import deque
from time import monotonic
from typing import Any

from muster.protocol.terminal import MAX_BYTES
from muster.worker.shim.terminal_link import ShimLine

_PASTED = 1 << 20  # bytes that may wait here, beside as many in the shim
_RETRY = 0.02  # seconds after which a shim that had no room is asked again


class Keyboard:
    """Hands the shim one piece at a time: were another behind it, that might find room when the
    first did not, and be typed before it."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._asked: int | None = None  # the number of the question whether the first has room
        self._retry_at = 0.0

    @property
    def is_full(self) -> bool:
        """Whether no more is to be taken in."""
        return self._size >= _PASTED

    @property
    def waits(self) -> bool:
        """Whether `type` has something for a shim that is there."""
        return bool(self._waiting) and self._asked is None

    @property
    def patience(self) -> float | None:
        """Seconds until `type` is worth calling again; None while nothing waits for it."""
        return max(0.0, self._retry_at - monotonic()) if self.waits else None

    def add(self, keys: bytes) -> None:
        # Not to what the shim is asked about.
        is_alone = len(self._waiting) <= (self._asked is not None)
        if is_alone or len(self._waiting[-1]) + len(keys) > MAX_BYTES:
            self._waiting.append(keys)
        else:
            self._waiting[-1] += keys
        self._size += len(keys)

    def type(self, shim: ShimLine) -> None:
        """Hands on what comes next, if it is time for it. Raises ShimGone."""
        if self.waits and monotonic() >= self._retry_at:
            self._asked = shim.type(self._waiting[0])

    def hear(self, answer: dict[str, Any]) -> None:
        """Takes the shim's answer: the piece was typed, or is to be handed over again."""
        if self._asked is None or answer.get("id") != self._asked:
            return
        self._asked = None
        if answer.get("error") == "full":
            self._retry_at = monotonic() + _RETRY
        else:
            self._drop_first()

    def lose(self) -> None:
        """Drops the piece that a shim was handed which is gone now."""
        if self._asked is not None:
            self._asked = None
            self._drop_first()

    def clear(self) -> None:
        """Drops all that waits."""
        self._waiting.clear()
        self._size, self._asked = 0, None

    def _drop_first(self) -> None:
        self._size -= len(self._waiting.popleft())
        self._retry_at = 0.0
