"""When to notify others that an attempt's log has grown.

Standard library only.
"""

from math import inf

_SECONDS = 0.01  # seconds between two notices of a growing log
# The same while it grows slowly, because each notice costs the server a transaction.
_SLOW_SECONDS = 0.25
_SMALL_GROWTH_BYTES = 4 << 10  # bytes since the last notice


class LogNotices:
    """`end_offset` is the log's end that nobody has to be notified of."""

    def __init__(self, end_offset: int) -> None:
        self._noticed_end, self._noticed_at = end_offset, 0.0

    def due_at(self, end_offset: int) -> float:
        """Return when the next notice is due, in boot-time seconds; infinite if there is none."""
        if end_offset == self._noticed_end:
            return inf
        is_small = end_offset < self._noticed_end + _SMALL_GROWTH_BYTES
        return self._noticed_at + (_SLOW_SECONDS if is_small else _SECONDS)

    def mark_noticed(self, end_offset: int, now: float) -> None:
        self._noticed_end, self._noticed_at = end_offset, now
