"""Which cells run this time, and the table of how they ended."""

import random
from collections.abc import Mapping, Sequence

from tests.newcomers.cells import Cell

# Of cells, one after the other on a quiet machine; two run beside each other.
BUDGET_SECONDS = 360


def choose(cells: Sequence[Cell], seed: int) -> set[str]:
    """The names of those that always run, and of as many others as there is time for."""
    chosen = [cell for cell in cells if cell.is_always_run]
    others = [cell for cell in cells if not cell.is_always_run]
    random.Random(seed).shuffle(others)
    for cell in others:
        if sum(each.seconds for each in (*chosen, cell)) <= BUDGET_SECONDS:
            chosen.append(cell)
    return {cell.name for cell in chosen}


def table(cells: Sequence[Cell], ends: Mapping[str, tuple[str, float]]) -> str:
    """How each cell ended, and its duration in seconds."""
    rows = [(cell.name, *_end(ends.get(cell.name))) for cell in cells]
    return "\n".join(f"{name:<24} {seconds:>6}  {end}" for name, end, seconds in rows)


def _end(end: tuple[str, float] | None) -> tuple[str, str]:
    return ("not this time", "") if end is None else (end[0], f"{end[1]:.1f} s")
