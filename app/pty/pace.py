"""How far a flood may go ahead of those who are shown it.

Whoever falls behind what Redis keeps of a terminal sees a gap and a screen instead of the bytes. A
server that is short of processor time leaves its viewers behind as a whole, process by process, so
that the machine's end waits for each process's quickest viewer. A viewer whose own line is slow is
not waited for: the others would have her speed.
"""

from collections.abc import Collection, Mapping

AHEAD_BYTES = 1024 * 1024  # twice that is kept
# Who is sent less than so much while it is waited for so long is left behind, for a while.
LEAST_BYTES, PATIENCE = 1024 * 1024, 0.5
LEFT_SECONDS = 20.0

Read = Mapping[bytes, int]
"""By server process, up to where its quickest viewer has been sent the output."""


class Pace:
    """Of one machine's socket."""

    def __init__(self) -> None:
        self._waited: dict[bytes, tuple[float, int]] = {}  # for how long, and where it was before
        self._left: dict[bytes, tuple[float, int]] = {}  # until when, and where it was

    def behind(self, position: int, read: Read, now: float) -> list[bytes]:
        """Who is to be waited for before the output goes on from `position`."""
        return [
            who
            for who, offset in read.items()
            if position - offset > AHEAD_BYTES and not self._is_left(who, offset, now)
        ]

    def _is_left(self, who: bytes, offset: int, now: float) -> bool:
        """One that has not moved since may be dead, with nobody to say so."""
        until, before = self._left.get(who, (now, -1))
        return now < until or offset == before

    def waited(self, seconds: float, behind: Collection[bytes], read: Read, now: float) -> None:
        """For these so long, which have come to `read` meanwhile."""
        for who in behind:
            offset = read.get(who, 0)
            whole, began = self._waited.pop(who, (0.0, offset))
            whole += seconds
            if whole < PATIENCE:
                self._waited[who] = whole, began
            elif offset - began < LEAST_BYTES:
                self._left[who] = now + LEFT_SECONDS, offset
