"""A queue of sockets that are served a few at a time.

All at once would pause everyone else: a thousand take tens of milliseconds of Python.
"""

import threading
from itertools import islice
from typing import Generic, TypeVar

MAX_BATCH = 64  # maximum served at a time: about two milliseconds

T = TypeVar("T")


class RoundRobin(Generic[T]):
    """A queue whose members rejoin at its end after their turn."""

    def __init__(self) -> None:
        self._queue: dict[T, None] = {}
        self._lock = threading.Lock()

    def add(self, one: T) -> None:
        """Add a member at the end."""
        with self._lock:
            self._queue[one] = None

    def discard(self, one: T) -> None:
        """Remove a member, if it's in."""
        with self._lock:
            self._queue.pop(one, None)

    def all_members(self) -> list[T]:
        """All members, as a copy."""
        with self._lock:
            return list(self._queue)

    def next_batch(self) -> tuple[list[T], int]:
        """Return the members whose turn it is, and the number of turns per round of all members."""
        with self._lock:
            turns = max(1, -(-len(self._queue) // MAX_BATCH))
            some = list(islice(self._queue, -(-len(self._queue) // turns)))
            for one in some:
                del self._queue[one]
                self._queue[one] = None
        return some, turns
