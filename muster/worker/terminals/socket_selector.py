"""Wait for the sockets of one thread, and call their handlers."""

import selectors
from collections.abc import Callable
from typing import Protocol

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class HasFileno(Protocol):
    """An object with a descriptor to wait for."""

    def fileno(self) -> int: ...


class SocketSelector:
    """For one thread; `close` it."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._events: dict[HasFileno, int] = {}

    def set_events(self, socket: HasFileno, events: int, on_event: Callable[[int], None]) -> None:
        """From now on, wait for these events of the socket: READ, WRITE, both, or 0 for none.

        `on_event` is called with the events. Set a socket to 0 before closing it.
        """
        before = self._events.get(socket, 0)
        if events == before:
            return
        if not events:
            del self._events[socket]
            self._selector.unregister(socket)
            return
        self._events[socket] = events
        if before:
            self._selector.modify(socket, events, on_event)
        else:
            self._selector.register(socket, events, on_event)

    def wait(self, seconds: float) -> None:
        """Return after events were handled, or after that many seconds."""
        for key, mask in self._selector.select(seconds):
            key.data(mask)

    def close(self) -> None:
        self._selector.close()
