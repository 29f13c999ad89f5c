"""The matrix of first runs: its table is in the documentation, and each cell has its turn."""

import re
from pathlib import Path

import pytest

from tests.newcomers.cells import CELLS, HEAD, Cell, table
from tests.newcomers.choice import BUDGET_SECONDS, choose
from tests.newcomers.matrix import judge
from tests.newcomers.systems import Run

PAGE = Path(__file__).parents[1] / "docs" / "operating.md"
RUNS = Cell("runs")
SHOWN = "  ✓ checking the sandbox of local-1: full"
REFUSES = Cell("refuses", sentence="needs more")


def run(code: int, output: str = "", leftovers: tuple[str, ...] = (), *changes: str) -> Run:
    return Run(code, output, 1.0, leftovers, changes)


def test_the_documentation_has_the_table_of_all_cells() -> None:
    page = PAGE.read_text()
    assert HEAD in page
    assert table() in page, table()


def test_each_cell_has_a_name_that_no_other_has() -> None:
    names = [cell.name for cell in CELLS]
    assert len({*names}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9.-]+", name) for name in names)


def test_a_seed_chooses_the_same_cells_each_time_within_the_budget() -> None:
    for seed in range(50):
        chosen = choose(CELLS, seed)
        assert chosen == choose(CELLS, seed)
        assert sum(cell.seconds for cell in CELLS if cell.name in chosen) <= BUDGET_SECONDS
        assert {cell.name for cell in CELLS if cell.is_always_run} <= chosen


def test_each_cell_is_chosen_by_some_seed() -> None:
    chosen = set().union(*(choose(CELLS, seed) for seed in range(50)))
    assert chosen == {cell.name for cell in CELLS}


@pytest.mark.parametrize(
    ("cell", "ended", "problems"),
    [
        (RUNS, run(0, SHOWN), []),
        (RUNS, run(2, SHOWN), ["it ended with exit 2"]),
        (RUNS, run(0, SHOWN, ("postgres",)), ["still running: postgres"]),
        (RUNS, run(0), [f"it printed nothing that matches {RUNS.sandbox!r}"]),
        (REFUSES, run(2, "Muster needs more."), []),
        (REFUSES, run(0, "Muster needs more."), ["it ended with exit 0"]),
        (REFUSES, run(2, "Error"), ["it printed nothing that matches 'needs more'"]),
        (REFUSES, run(2, "It needs more.", (), "/home/.venv"), ["it wrote /home/.venv"]),
    ],
)
def test_a_run_is_judged_by_its_cells_row(cell: Cell, ended: Run, problems: list[str]) -> None:
    assert judge(cell, ended) == problems
