"""Each cell exits with 0, or with one sentence on what to do before it changes anything."""

from concurrent.futures import Future

import pytest

from tests.newcomers.cells import CELLS, DEBIAN_13, Cell
from tests.newcomers.matrix import judge
from tests.newcomers.shared import Unavailable
from tests.newcomers.systems import Run

pytestmark = pytest.mark.timeout(900)


# Without Debian 12, which not every mirror has, or another Python, a cell is always skipped.
NEEDS = {DEBIAN_13: [pytest.mark.needs("debian-newcomer-13")]}
CASES = [pytest.param(cell, id=cell.name, marks=NEEDS.get(cell.system, [])) for cell in CELLS]


@pytest.mark.parametrize("cell", CASES)
def test_a_first_run_ends_as_its_row_says(
    cell: Cell, runs: dict[str, "Future[Run]"], ends: dict[str, tuple[str, float]]
) -> None:
    ends[cell.name] = ("FAILED: no run", 0.0)
    try:
        run = runs[cell.name].result()
    except Unavailable as reason:
        ends[cell.name] = (f"skipped: {reason}", 0.0)
        pytest.skip(str(reason))
    problems = judge(cell, run)
    end = "one sentence" if cell.sentence else "exit 0"
    ends[cell.name] = (f"FAILED: {problems[0]}" if problems else end, run.seconds)
    assert problems == [], f"{cell.row}\n{run.output}"
