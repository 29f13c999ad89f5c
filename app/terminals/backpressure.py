"""How far a flood of output may go ahead of its viewers.

A viewer that falls behind what Redis keeps of a terminal sees a gap and a screen instead of the
bytes. A server that is short of processor time leaves its viewers behind as a whole, process by
process; so the machine's socket waits for each process's quickest viewer. A viewer whose own line
is slow is not waited for: the others would have its speed.
"""

from collections.abc import Collection, Mapping

MAX_LEAD_BYTES = 1024 * 1024  # twice that is kept
# A process that comes on by less while it is waited for so long is left behind, for a while.
MIN_PROGRESS_BYTES, LAG_TIMEOUT_SECONDS = 1024 * 1024, 0.5
SKIP_SECONDS = 20.0

ReadOffsets = Mapping[bytes, int]
"""By server process, up to where its quickest viewer has been sent the output."""


class Backpressure:
    """Whom one machine's socket waits for. Processes are named as in `Read`."""

    def __init__(self) -> None:
        self._waits: dict[bytes, tuple[float, int]] = {}  # for how long, and where it was before
        self._skipped: dict[bytes, tuple[float, int]] = {}  # until when, and where it was

    def lagging_processes(self, position: int, read: ReadOffsets, now: float) -> list[bytes]:
        """The processes to wait for before the output goes on from `position`."""
        return [
            who
            for who, offset in read.items()
            if position - offset > MAX_LEAD_BYTES and not self._is_skipped(who, offset, now)
        ]

    def _is_skipped(self, who: bytes, offset: int, now: float) -> bool:
        """Whether a process is left behind. If it has not moved since then it may be dead, with
        nobody to say so.
        """
        until, before = self._skipped.get(who, (now, -1))
        return now < until or offset == before

    def record_wait(
        self, seconds: float, behind: Collection[bytes], read: ReadOffsets, now: float
    ) -> None:
        """Note that the processes `behind` were waited for so long, and have come to `read`."""
        for who in behind:
            offset = read.get(who, 0)
            whole, began = self._waits.pop(who, (0.0, offset))
            whole += seconds
            if whole < LAG_TIMEOUT_SECONDS:
                self._waits[who] = whole, began
            elif offset - began < MIN_PROGRESS_BYTES:
                self._skipped[who] = now + SKIP_SECONDS, offset
