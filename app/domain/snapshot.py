"""Postgres snapshots: which transactions had ended at a given time, as `xmin:xmax:xip,xip,…`.

A row was visible if its transaction had ended: its number is below `xmax`, and not in the list of
those in progress. Transactions don't end in the order of their numbers, so one number can't mark
how far a reader has read.
"""

import re
from dataclasses import dataclass

_FORM = re.compile(r"(\d{1,19}):(\d{1,19}):((?:\d{1,19}(?:,\d{1,19})*)?)", re.ASCII)
MAX_LENGTH = 8192


@dataclass(frozen=True)
class Snapshot:
    """`in_progress` lists unfinished transactions from `xmin` up to `xmax`."""

    xmin: int
    xmax: int
    in_progress: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.xmin}:{self.xmax}:{','.join(map(str, self.in_progress))}"

    def includes(self, xid: int) -> bool:
        """Whether the transaction with this number had ended."""
        return xid < self.xmax and xid not in self.in_progress


def parse(text: str) -> Snapshot | None:
    """Parse a snapshot; None if the text isn't one."""
    found = _FORM.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if found is None:
        return None
    xmin, xmax = int(found[1]), int(found[2])
    in_progress = tuple(map(int, found[3].split(","))) if found[3] else ()
    if not all(xmin <= xid < xmax for xid in in_progress) or not 0 < xmin <= xmax < 2**63:
        return None
    return Snapshot(xmin, xmax, in_progress)
