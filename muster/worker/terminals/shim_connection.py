"""A terminal's connection to its attempt's shim, which may begin, die and be another one."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from muster.worker.shim import client as shim_client
from muster.worker.shim.link import ShimGone, ShimRefused
from muster.worker.shim.terminal_link import PIECES, ShimLine
from muster.worker.terminals.socket_selector import READ, WRITE, SocketWatch


class ShimConnection:
    """A connection of the terminal's own, so that nothing else waits behind a paste.

    All but `look_again` is for one thread.
    """

    def __init__(
        self,
        directory: Path,
        watch: SocketWatch,
        on_message: Callable[[dict[str, Any]], None],
        on_change: Callable[[], None],
    ) -> None:
        """The shim is that of the attempt's `directory`. `on_message` takes what it says;
        `on_change` is called when it has been found, and when it has been lost."""
        self._directory = directory
        self._watch = watch
        self._on_message = on_message
        self._on_change = on_change
        self._line: ShimLine | None = None
        self._is_missed = True  # whether it is worth looking for a shim
        self._pieces = 0  # how many more the shim will send; 0: it has to be listened to again

    @property
    def is_there(self) -> bool:
        return self._line is not None

    def look_again(self) -> None:
        """From any thread: there may be a shim now where none was."""
        self._is_missed = True

    def say(self, request: Callable[[ShimLine], object]) -> bool:
        """Makes the request if a shim is there, or is found now; returns whether there was one."""
        line = self._found()
        if line is None:
            return False
        try:
            request(line)
        except ShimGone:
            self._lose()
        else:
            self._want(line)
        return True

    def listen(self, beyond: int) -> None:
        """Asks the shim to tell of the log as soon as it is longer than `beyond`.

        Not of a shim that still has pieces to tell; nor of one that is only found now, for what it
        printed until now is in the spool and has to be looked at first.
        """
        was_there = self.is_there
        if self._found() is not None and was_there and not self._pieces:
            self._pieces = PIECES
            self.say(lambda line: line.listen(beyond))

    def listen_on(self, beyond: int) -> None:
        """As `listen`, before the shim has told its last piece, so that none comes late."""
        if self._pieces <= PIECES // 2:
            self._pieces = 0
            self.listen(beyond)

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            self._watch.want(line, 0, self._on_event)
            line.close()

    def _found(self) -> ShimLine | None:
        if self._line is None and self._is_missed:
            self._is_missed = False
            with contextlib.suppress(ShimGone, ShimRefused, OSError):
                self._line = shim_client.connect(self._directory, ShimLine)
            if self._line is not None:
                self._pieces = 0
                self._want(self._line)
                self._on_change()
        return self._line

    def _want(self, line: ShimLine) -> None:
        self._watch.want(line, READ | WRITE * line.is_full, self._on_event)

    def _on_event(self, mask: int) -> None:
        line = self._line
        if line is None:
            return
        try:
            if mask & WRITE:
                line.flush()
            if mask & READ:
                for message in line.receive():
                    self._hear(message)
        except ShimGone:
            self._lose()
        else:
            if line is self._line:
                self._want(line)

    def _hear(self, message: dict[str, Any]) -> None:
        if "bytes" in message:
            self._pieces = max(0, self._pieces - 1)
        elif "log" in message:
            self._pieces = 0
        self._on_message(message)

    def _lose(self) -> None:
        self.close()
        self._is_missed = True
        self._on_change()
