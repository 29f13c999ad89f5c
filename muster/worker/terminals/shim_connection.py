"""A terminal's connection to its attempt's shim, which may start, exit and be replaced."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from muster.worker.shim import client as shim_client
from muster.worker.shim.link import ShimGone, ShimRefused
from muster.worker.shim.terminal_link import MAX_CHUNKS, TerminalLink
from muster.worker.terminals.socket_selector import READ, WRITE, SocketSelector


class ShimConnection:
    """The terminal's own connection, so that nothing else waits behind a paste.

    All but `retry_connect` is for one thread.
    """

    def __init__(
        self,
        directory: Path,
        watch: SocketSelector,
        on_message: Callable[[dict[str, Any]], None],
        on_change: Callable[[], None],
    ) -> None:
        """The shim is that of the attempt's `directory`. `on_message` gets its messages;
        `on_change` is called when it is connected, and when it is lost."""
        self._directory = directory
        self._selector = watch
        self._on_message = on_message
        self._on_change = on_change
        self._line: TerminalLink | None = None
        self._should_connect = True  # whether to look for a shim
        self._expected_chunks = (
            0  # how many more chunks the shim will send; 0: it needs another `listen`
        )

    @property
    def is_connected(self) -> bool:
        return self._line is not None

    def retry_connect(self) -> None:
        """From any thread: there may be a new shim."""
        self._should_connect = True

    def request(self, request: Callable[[TerminalLink], object]) -> bool:
        """Send the request if a shim is connected, or can be now; return whether there was one."""
        line = self._connect_if_needed()
        if line is None:
            return False
        try:
            request(line)
        except ShimGone:
            self._handle_lost()
        else:
            self._select_events(line)
        return True

    def listen(self, beyond: int) -> None:
        """Request a notice from the shim as soon as the log is longer than `beyond`.

        Not while the shim still has chunks to send; nor from one that has just been connected,
        because its earlier output is in the spool and must be read first.
        """
        was_there = self.is_connected
        if self._connect_if_needed() is not None and was_there and not self._expected_chunks:
            self._expected_chunks = MAX_CHUNKS
            self.request(lambda line: line.listen(beyond))

    def renew_listen(self, beyond: int) -> None:
        """Like `listen`, before the shim has sent its last chunk, so that none is late."""
        if self._expected_chunks <= MAX_CHUNKS // 2:
            self._expected_chunks = 0
            self.listen(beyond)

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            self._selector.set_events(line, 0, self._on_event)
            line.close()

    def _connect_if_needed(self) -> TerminalLink | None:
        if self._line is None and self._should_connect:
            self._should_connect = False
            with contextlib.suppress(ShimGone, ShimRefused, OSError):
                self._line = shim_client.connect(self._directory, TerminalLink)
            if self._line is not None:
                self._expected_chunks = 0
                self._select_events(self._line)
                self._on_change()
        return self._line

    def _select_events(self, line: TerminalLink) -> None:
        self._selector.set_events(line, READ | WRITE * line.has_unsent, self._on_event)

    def _on_event(self, mask: int) -> None:
        line = self._line
        if line is None:
            return
        try:
            if mask & WRITE:
                line.flush()
            if mask & READ:
                for message in line.receive():
                    self._handle_message(message)
        except ShimGone:
            self._handle_lost()
        else:
            if line is self._line:
                self._select_events(line)

    def _handle_message(self, message: dict[str, Any]) -> None:
        if "bytes" in message:
            self._expected_chunks = max(0, self._expected_chunks - 1)
        elif "log" in message:
            self._expected_chunks = 0
        self._on_message(message)

    def _handle_lost(self) -> None:
        self.close()
        self._should_connect = True
        self._on_change()
