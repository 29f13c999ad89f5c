"""A terminal's way down: keystrokes and sizes, to the program of the stage that runs."""

from typing import Any

from muster.worker.terminals.key_queue import Keyboard
from muster.worker.terminals.shim_connection import ShimConnection


class TerminalInput:
    """Between two stages there is no shim: what is typed then is for nobody."""

    def __init__(self, shim: ShimConnection) -> None:
        self._shim = shim
        self._keyboard = Keyboard()

    @property
    def is_full(self) -> bool:
        """Whether no more keystrokes are to be taken in."""
        return self._keyboard.is_full

    @property
    def patience(self) -> float | None:
        """Seconds until `type` is worth calling again; None while nothing waits for it."""
        return self._keyboard.patience if self._shim.is_there else None

    def add(self, keys: bytes) -> None:
        """Takes keystrokes; `type` hands them on."""
        self._keyboard.add(keys)

    def type(self) -> None:
        """Hands the shim the keystrokes that come next, if it is time for them."""
        if not self._keyboard.waits:
            return
        if not self._shim.is_there:
            self._shim.look_again()
        if not self._shim.say(self._keyboard.type):
            self._keyboard.clear()

    def resize(self, cols: int, rows: int) -> None:
        """Sets the terminal's size; without a stage it is dropped, the next one has its own."""
        self._shim.say(lambda line: line.resize(cols, rows))

    def hear(self, answer: dict[str, Any]) -> None:
        """Takes the shim's answer to keystrokes that it was handed."""
        self._keyboard.hear(answer)

    def lose(self) -> None:
        """The shim is gone, and with it the keystrokes that it was handed."""
        self._keyboard.lose()
