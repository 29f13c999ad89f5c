"""How far a flood of output may go ahead of its viewers.

A viewer that falls behind what Redis keeps of a terminal sees a gap and a screen instead of the
bytes. A server that is short of processor time leaves its viewers behind as a whole, process by
process; so the machine's socket waits for each process's quickest viewer. A viewer whose own line
is slow is not waited for: the others would have its speed.
"""

from collections.abc import Collection, Mapping

AHEAD_BYTES = 1024 * 1024  # twice that is kept
# A process that comes on by less while it is waited for so long is left behind, for a while.
LEAST_BYTES, PATIENCE = 1024 * 1024, 0.5
LEFT_SECONDS = 20.0

Read = Mapping[bytes, int]
"""By server process, up to where its quickest viewer has been sent the output."""


class Pace:
    """Whom one machine's socket waits for. Processes are named as in `Read`."""

    def __init__(self) -> None:
        self._waited: dict[bytes, tuple[float, int]] = {}  # for how long, and where it was before
        self._left: dict[bytes, tuple[float, int]] = {}  # until when, and where it was

    def behind(self, position: int, read: Read, now: float) -> list[bytes]:
        """The processes to wait for before the output goes on from `position`."""
        return [
            who
            for who, offset in read.items()
            if position - offset > AHEAD_BYTES and not self._is_left(who, offset, now)
        ]

    def _is_left(self, who: bytes, offset: int, now: float) -> bool:
        """Whether a process is left behind. If it has not moved since then it may be dead, with
        nobody to say so.
        """
        until, before = self._left.get(who, (now, -1))
        return now < until or offset == before

    def waited(self, seconds: float, behind: Collection[bytes], read: Read, now: float) -> None:
        """Note that the processes `behind` were waited for so long, and have come to `read`."""
        for who in behind:
            offset = read.get(who, 0)
            whole, began = self._waited.pop(who, (0.0, offset))
            whole += seconds
            if whole < PATIENCE:
                self._waited[who] = whole, began
            elif offset - began < LEAST_BYTES:
                self._left[who] = now + LEFT_SECONDS, offset
