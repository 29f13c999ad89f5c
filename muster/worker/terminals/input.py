"""A terminal's way down: keystrokes and sizes, to the program of the stage that runs."""

from typing import Any

from muster.worker.terminals.key_queue import KeyQueue
from muster.worker.terminals.shim_connection import ShimConnection


class TerminalInput:
    """Between two stages there is no shim: what is typed then is for nobody."""

    def __init__(self, shim: ShimConnection) -> None:
        self._shim = shim
        self._key_queue = KeyQueue()

    @property
    def is_full(self) -> bool:
        """Whether no more keystrokes are to be taken in."""
        return self._key_queue.is_full

    @property
    def seconds_until_retry(self) -> float | None:
        """Seconds until `type` is worth calling again; None while nothing waits for it."""
        return self._key_queue.seconds_until_retry if self._shim.is_connected else None

    def add_keys(self, keys: bytes) -> None:
        """Takes keystrokes; `type` hands them on."""
        self._key_queue.add_keys(keys)

    def send_keys(self) -> None:
        """Hands the shim the keystrokes that come next, if it is time for them."""
        if not self._key_queue.has_sendable_keys:
            return
        if not self._shim.is_connected:
            self._shim.retry_connect()
        if not self._shim.request(self._key_queue.send_keys):
            self._key_queue.clear()

    def resize(self, cols: int, rows: int) -> None:
        """Sets the terminal's size; without a stage it is dropped, the next one has its own."""
        self._shim.request(lambda line: line.resize(cols, rows))

    def handle_response(self, answer: dict[str, Any]) -> None:
        """Takes the shim's answer to keystrokes that it was handed."""
        self._key_queue.handle_response(answer)

    def handle_shim_lost(self) -> None:
        """The shim is gone, and with it the keystrokes that it was handed."""
        self._key_queue.handle_shim_lost()
