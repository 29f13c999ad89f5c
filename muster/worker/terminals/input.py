"""A terminal's input: keystrokes and sizes for the program of the running stage."""

from typing import Any

from muster.worker.terminals.key_queue import KeyQueue
from muster.worker.terminals.shim_connection import ShimConnection


class TerminalInput:
    """Between two stages there is no shim: keystrokes then are dropped."""

    def __init__(self, shim: ShimConnection) -> None:
        self._shim = shim
        self._key_queue = KeyQueue()

    @property
    def is_full(self) -> bool:
        """Whether to accept no more keystrokes."""
        return self._key_queue.is_full

    @property
    def seconds_until_retry(self) -> float | None:
        """Seconds until the next call of `send_keys`; None while nothing is pending."""
        return self._key_queue.seconds_until_retry if self._shim.is_connected else None

    def add_keys(self, keys: bytes) -> None:
        """Add keystrokes; `send_keys` sends them."""
        self._key_queue.add_keys(keys)

    def send_keys(self) -> None:
        """Send the shim the next keystrokes, if it is time."""
        if not self._key_queue.has_sendable_keys:
            return
        if not self._shim.is_connected:
            self._shim.retry_connect()
        if not self._shim.request(self._key_queue.send_keys):
            self._key_queue.clear()

    def resize(self, cols: int, rows: int) -> None:
        """Set the terminal's size; dropped without a stage, because the next one has its own."""
        self._shim.request(lambda line: line.resize(cols, rows))

    def handle_response(self, answer: dict[str, Any]) -> None:
        """Handle the shim's answer to keystrokes."""
        self._key_queue.handle_response(answer)

    def handle_shim_lost(self) -> None:
        """The shim is gone, and so are the keystrokes that it had."""
        self._key_queue.handle_shim_lost()
