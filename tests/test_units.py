"""What one worker takes at a time, and which suite a test belongs to."""

import re
import subprocess
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.conftest import SUITES, TESTS
from tests.units import UNITS, in_order, unit_of

ROOT = Path(__file__).parents[1]
HEAVY = {TESTS / suite for suite in SUITES}
NAMES = [name for names in UNITS for name in names]


def item(path: str, name: str = "test_x") -> Any:
    return SimpleNamespace(nodeid=f"{path}::{name}")


def test_all_that_is_named_is_there() -> None:
    missing = [name for name in NAMES if not (ROOT / name).exists()]
    assert missing == []


def test_nothing_is_named_twice() -> None:
    assert [pair for pair in combinations(NAMES, 2) if pair[0].startswith(pair[1])] == []
    assert [pair for pair in combinations(NAMES, 2) if pair[1].startswith(pair[0])] == []


def test_what_make_test_leaves_out_is_in_one_heavy_suite_each() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "heavy"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    named = re.findall(r"(?<= )tests/[\w/.]+", "\n".join(_runs_of_pytest(done.stdout)))
    assert sorted(named) == sorted(f"tests/{suite}" for suite in SUITES)


def _runs_of_pytest(recipes: str) -> list[str]:
    return [line for line in recipes.splitlines() if " -m pytest " in line]


def test_a_file_is_a_unit_and_so_are_files_that_share_a_stack() -> None:
    assert unit_of("tests/test_names.py::test_x[a::b]") == "tests/test_names.py"
    shared = next(names for names in UNITS if len(names) > 1)
    assert {unit_of(f"{name}::test_x") for name in shared} == {shared[0]}
    folder = next(name for name in NAMES if name.endswith("/"))
    assert unit_of(f"{folder}below/test_y.py::test_x") == folder


def test_the_flows_start_one_stack() -> None:
    """It takes longer to start than most of them take."""
    flows = (ROOT / "tests" / "flows").glob("test_*.py")
    sharing = [path for path in flows if "running: Running" in path.read_text()]
    names = [f"tests/flows/{path.name}" for path in sharing if path not in HEAVY]
    assert len(names) > 10
    assert {unit_of(name) for name in names} == {unit_of(names[0])}


def test_the_long_ones_come_first_and_the_others_stay_as_they_were() -> None:
    first, second = UNITS[0], UNITS[1]
    given = [item("tests/z.py"), item(second[0]), item(first[-1]), item("tests/a.py")]
    given += [item(first[0], "test_b"), item(first[0], "test_a")]
    wanted = [given[n] for n in (4, 5, 2, 1, 0, 3)]
    assert in_order(given) == wanted
