"""The sockets that one thread waits for, and what it does when one of them is ready."""

import selectors
from collections.abc import Callable
from typing import Protocol

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class HasFileno(Protocol):
    """Whatever has a handle that can be waited for."""

    def fileno(self) -> int: ...


class SocketSelector:
    """For one thread; `close` it."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._events: dict[HasFileno, int] = {}

    def set_events(self, socket: HasFileno, events: int, on_event: Callable[[int], None]) -> None:
        """From now on waits for these events of the socket: READ, WRITE, both, or 0 for none.

        `on_event` is called with those that have come. A socket has to be unwanted before it is
        closed.
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
        """Returns when something has come and been seen to, or after so many seconds."""
        for key, mask in self._selector.select(seconds):
            key.data(mask)

    def close(self) -> None:
        self._selector.close()
