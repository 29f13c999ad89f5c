"""What Postgres had committed at a moment, in its own notation: `xmin:xmax:xip,xip,…`.

A row was there if its transaction was over: its number is below `xmax` and not among those that
were still in progress. Transactions are not over in the order of their numbers, so that no single
number can say how far somebody has read.
"""

import re
from dataclasses import dataclass

_FORM = re.compile(r"(\d{1,19}):(\d{1,19}):((?:\d{1,19}(?:,\d{1,19})*)?)", re.ASCII)
LONGEST = 8192


@dataclass(frozen=True)
class Snapshot:
    """`in_progress` lists transactions from `xmin` up to `xmax` that were not over."""

    xmin: int
    xmax: int
    in_progress: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.xmin}:{self.xmax}:{','.join(map(str, self.in_progress))}"

    def has(self, xid: int) -> bool:
        """Whether that transaction was over."""
        return xid < self.xmax and xid not in self.in_progress


def parse(text: str) -> Snapshot | None:
    """None for what is no snapshot."""
    found = _FORM.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return None
    xmin, xmax = int(found[1]), int(found[2])
    in_progress = tuple(map(int, found[3].split(","))) if found[3] else ()
    if not all(xmin <= xid < xmax for xid in in_progress) or not 0 < xmin <= xmax < 2**63:
        return None
    return Snapshot(xmin, xmax, in_progress)
