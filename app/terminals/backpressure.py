"""How far output may run ahead of its viewers.

A viewer that falls behind Redis's buffer of a terminal sees a gap and a screen instead of the
bytes. A server that is short of processor time slows all viewers of a process. So the machine's
socket waits for each process's fastest viewer. It doesn't wait for a viewer with a slow connection:
the others would get its speed.
"""

from collections.abc import Collection, Mapping

MAX_LEAD_BYTES = 1024 * 1024  # twice this is stored
# A process that progresses by less while it's waited for is skipped for a while.
MIN_PROGRESS_BYTES, LAG_TIMEOUT_SECONDS = 1024 * 1024, 0.5
SKIP_SECONDS = 20.0

ReadOffsets = Mapping[bytes, int]
"""Position sent to the fastest viewer of each server process."""


class Backpressure:
    """The processes that a machine's socket waits for. They are named as in `ReadOffsets`."""

    def __init__(self) -> None:
        self._waits: dict[bytes, tuple[float, int]] = {}  # for how long, and its position before
        self._skipped: dict[bytes, tuple[float, int]] = {}  # until when, and its position then

    def lagging_processes(self, position: int, read: ReadOffsets, now: float) -> list[bytes]:
        """Return the processes to wait for before the output continues from `position`."""
        return [
            who
            for who, offset in read.items()
            if position - offset > MAX_LEAD_BYTES and not self._is_skipped(who, offset, now)
        ]

    def _is_skipped(self, who: bytes, offset: int, now: float) -> bool:
        """Whether a process is skipped. If it hasn't moved since, it may have died unnoticed."""
        until, before = self._skipped.get(who, (now, -1))
        return now < until or offset == before

    def record_wait(
        self, seconds: float, behind: Collection[bytes], read: ReadOffsets, now: float
    ) -> None:
        """Record that the processes `behind` were waited for this long, and have reached `read`."""
        for who in behind:
            offset = read.get(who, 0)
            whole, began = self._waits.pop(who, (0.0, offset))
            whole += seconds
            if whole < LAG_TIMEOUT_SECONDS:
                self._waits[who] = whole, began
            elif offset - began < MIN_PROGRESS_BYTES:
                self._skipped[who] = now + SKIP_SECONDS, offset
