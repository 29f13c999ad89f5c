"""How agents keep account of what they use, one file an agent (`ledger.Account`)."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Iterator


def list_newest_first(place: str) -> Iterator[str]:
    """The paths of all that is in a directory, the latest names first; nothing where none is."""
    try:
        names = sorted(os.listdir(place), reverse=True)
    except OSError:
        return
    for name in names:
        yield f"{place}/{name}"
