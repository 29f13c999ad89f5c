"""A queue of sockets that are looked after some at a time.

All at once would be a pause for everybody else: a thousand are tens of milliseconds of Python.
"""

import threading
from itertools import islice
from typing import Generic, TypeVar

MAX_BATCH = 64  # the most that are looked after at a time: about two milliseconds

T = TypeVar("T")


class RoundRobin(Generic[T]):
    """A queue whose members, when it is their turn, join it again at its end."""

    def __init__(self) -> None:
        self._queue: dict[T, None] = {}
        self._lock = threading.Lock()

    def add(self, one: T) -> None:
        """Put a member at the end."""
        with self._lock:
            self._queue[one] = None

    def discard(self, one: T) -> None:
        """Take a member out, if it is in."""
        with self._lock:
            self._queue.pop(one, None)

    def all_members(self) -> list[T]:
        """All members, as a copy."""
        with self._lock:
            return list(self._queue)

    def next_batch(self) -> tuple[list[T], int]:
        """The members whose turn it is, and how many turns make a round of all members."""
        with self._lock:
            turns = max(1, -(-len(self._queue) // MAX_BATCH))
            some = list(islice(self._queue, -(-len(self._queue) // turns)))
            for one in some:
                del self._queue[one]
                self._queue[one] = None
        return some, turns
