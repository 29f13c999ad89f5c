"""Keystrokes on their way to a stage's program: in order, and no faster than it reads."""

from collections import deque
from time import monotonic
from typing import Any

from muster.protocol.terminal import MAX_FRAME_BYTES
from muster.worker.shim.terminal_link import TerminalLink

_MAX_PENDING_BYTES = 1 << 20  # bytes that may wait here, in addition to the same in the shim
_RETRY_DELAY_SECONDS = 0.02  # seconds until a full shim is asked again


class KeyQueue:
    """Sends the shim one chunk at a time: a second one might be accepted after the first was
    rejected, and be typed before it."""

    def __init__(self) -> None:
        self._pending: deque[bytes] = deque()
        self._size = 0
        self._request_id: int | None = None  # the number of the request with the first chunk
        self._retry_at = 0.0

    @property
    def is_full(self) -> bool:
        """Whether to accept no more."""
        return self._size >= _MAX_PENDING_BYTES

    @property
    def has_sendable_keys(self) -> bool:
        """Whether `send_keys` has something for a connected shim."""
        return bool(self._pending) and self._request_id is None

    @property
    def seconds_until_retry(self) -> float | None:
        """Seconds until the next call of `send_keys`; None while nothing is pending."""
        return max(0.0, self._retry_at - monotonic()) if self.has_sendable_keys else None

    def add_keys(self, keys: bytes) -> None:
        # Not to the chunk in the pending request.
        is_alone = len(self._pending) <= (self._request_id is not None)
        if is_alone or len(self._pending[-1]) + len(keys) > MAX_FRAME_BYTES:
            self._pending.append(keys)
        else:
            self._pending[-1] += keys
        self._size += len(keys)

    def send_keys(self, shim: TerminalLink) -> None:
        """Send the next chunk, if it is time. Raises ShimGone."""
        if self.has_sendable_keys and monotonic() >= self._retry_at:
            self._request_id = shim.send_input(self._pending[0])

    def handle_response(self, answer: dict[str, Any]) -> None:
        """Handle the shim's answer: the chunk was typed, or must be sent again."""
        if self._request_id is None or answer.get("id") != self._request_id:
            return
        self._request_id = None
        if answer.get("error") == "full":
            self._retry_at = monotonic() + _RETRY_DELAY_SECONDS
        else:
            self._drop_first()

    def handle_shim_lost(self) -> None:
        """Drop the chunk that the lost shim had."""
        if self._request_id is not None:
            self._request_id = None
            self._drop_first()

    def clear(self) -> None:
        """Drop everything pending."""
        self._pending.clear()
        self._size, self._request_id = 0, None

    def _drop_first(self) -> None:
        self._size -= len(self._pending.popleft())
        self._retry_at = 0.0
