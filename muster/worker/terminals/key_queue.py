"""Keystrokes on their way to a stage's program: in order, and no faster than it reads."""

from collections import deque
from time import monotonic
from typing import Any

from muster.protocol.terminal import MAX_FRAME_BYTES
from muster.worker.shim.terminal_link import TerminalLink

_MAX_PENDING_BYTES = 1 << 20  # bytes that may wait here, beside as many in the shim
_RETRY_DELAY_SECONDS = 0.02  # seconds after which a shim that had no room is asked again


class KeyQueue:
    """Hands the shim one piece at a time: were another behind it, that might find room when the
    first did not, and be typed before it."""

    def __init__(self) -> None:
        self._pending: deque[bytes] = deque()
        self._size = 0
        self._request_id: int | None = None  # the number of the question whether the first has room
        self._retry_at = 0.0

    @property
    def is_full(self) -> bool:
        """Whether no more is to be taken in."""
        return self._size >= _MAX_PENDING_BYTES

    @property
    def has_sendable_keys(self) -> bool:
        """Whether `type` has something for a shim that is there."""
        return bool(self._pending) and self._request_id is None

    @property
    def seconds_until_retry(self) -> float | None:
        """Seconds until `type` is worth calling again; None while nothing waits for it."""
        return max(0.0, self._retry_at - monotonic()) if self.has_sendable_keys else None

    def add_keys(self, keys: bytes) -> None:
        # Not to what the shim is asked about.
        is_alone = len(self._pending) <= (self._request_id is not None)
        if is_alone or len(self._pending[-1]) + len(keys) > MAX_FRAME_BYTES:
            self._pending.append(keys)
        else:
            self._pending[-1] += keys
        self._size += len(keys)

    def send_keys(self, shim: TerminalLink) -> None:
        """Hands on what comes next, if it is time for it. Raises ShimGone."""
        if self.has_sendable_keys and monotonic() >= self._retry_at:
            self._request_id = shim.send_input(self._pending[0])

    def handle_response(self, answer: dict[str, Any]) -> None:
        """Takes the shim's answer: the piece was typed, or is to be handed over again."""
        if self._request_id is None or answer.get("id") != self._request_id:
            return
        self._request_id = None
        if answer.get("error") == "full":
            self._retry_at = monotonic() + _RETRY_DELAY_SECONDS
        else:
            self._drop_first()

    def handle_shim_lost(self) -> None:
        """Drops the piece that a shim was handed which is gone now."""
        if self._request_id is not None:
            self._request_id = None
            self._drop_first()

    def clear(self) -> None:
        """Drops all that waits."""
        self._pending.clear()
        self._size, self._request_id = 0, None

    def _drop_first(self) -> None:
        self._size -= len(self._pending.popleft())
        self._retry_at = 0.0
