"""Which heavy suites a run of CI needs, and whether tests/suites.toml is true."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache

import pytest
import suites

from tests.test_units import ROOT

TABLE = suites.parse_table((ROOT / "tests" / "suites.toml").read_text())
NAMES = [suite.name for suite in TABLE.suites]
IDS = {"ids": NAMES}
LINES = """\
100644 blob 1111\tapp/a.py
100644 blob 2222\tapp/b/c.py
100644 blob 3333\tother/a.md
"""


def run(*words: str) -> str:
    return subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


@cache
def tracked_paths() -> frozenset[str]:
    return frozenset(run("git", "ls-files", "-z").rstrip("\0").split("\0"))


@cache
def list_tests(suite: str) -> list[str]:
    """The files of tests that `make SUITE` runs, as its recipe names them."""
    recipe = run("make", "--dry-run", suite)
    named = {
        name
        for line in recipe.splitlines()
        if " -m pytest " in line
        for name in re.findall(r"(?<= )tests/[\w/.]+", line)
    }
    return [
        path for path in tracked_paths() if any(f"{path}/".startswith(f"{name}/") for name in named)
    ]


# ---- the table -----------------------------------------------------------------------------------


def test_each_heavy_suite_has_a_row() -> None:
    heavy = run("make", "--silent", "heavies").split()
    targets = dict.fromkeys(suite.target for suite in TABLE.suites)
    assert sorted(targets) == sorted(heavy)
    others = re.search(r"^OTHERS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert others is not None
    rows = [suite.name for suite in TABLE.suites if suite.target == "others"]
    assert sorted(rows) == sorted(others[1].split())


@pytest.mark.parametrize("target", dict.fromkeys(suite.target for suite in TABLE.suites))
def test_a_suite_that_passes_is_recorded(target: str) -> None:
    last = run("make", "--dry-run", target).splitlines()[-1]
    assert " .ci/suites.py record " in run("make", "--dry-run", target)
    names = [suite.name for suite in TABLE.suites if suite.target == target]
    assert sorted(last.split('"')[-1].split()) == sorted(names)


def test_each_tracked_path_is_in_a_row() -> None:
    rows = [*TABLE.shared, *TABLE.unused, *(path for suite in TABLE.suites for path in suite.paths)]
    assert sorted(path for path in tracked_paths() if not suites.is_covered(path, rows)) == []


def test_each_pattern_has_paths() -> None:
    rows = [*TABLE.shared, *TABLE.unused, *(path for suite in TABLE.suites for path in suite.paths)]
    assert [
        row for row in rows if not any(suites.is_covered(p, [row]) for p in tracked_paths())
    ] == []


def test_no_path_is_both_shared_and_unused() -> None:
    both = (
        path
        for path in tracked_paths()
        if suites.is_covered(path, TABLE.shared) and suites.is_covered(path, TABLE.unused)
    )
    assert sorted(both) == []


@pytest.mark.parametrize("suite", TABLE.suites, **IDS)
def test_a_row_has_its_own_tests(suite: suites.Suite) -> None:
    tests = list_tests(suite.name)
    assert tests
    assert [path for path in tests if not suites.is_covered(path, suite.paths)] == []


@pytest.mark.parametrize("suite", TABLE.suites, **IDS)
def test_a_row_has_the_modules_that_its_tests_import(suite: suites.Suite) -> None:
    row = (*TABLE.shared, *suite.paths)
    needed = list_imported(path for path in list_tests(suite.name) if path.endswith(".py"))
    assert sorted(path for path in needed if not suites.is_covered(path, row)) == []


def list_imported(paths: Iterator[str]) -> set[str]:
    """These files, and all of the repository that they import, also by way of others."""
    needed: set[str] = set()
    remaining = set(paths)
    while remaining:
        path = remaining.pop()
        needed.add(path)
        remaining |= {*imports_of(path)} - needed
    return needed


@cache
def imports_of(path: str) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    files = {f"{name.replace('.', '/')}{end}" for name in names for end in (".py", "/__init__.py")}
    return frozenset(files & tracked_paths())


def test_a_change_of_readme_changes_no_hash() -> None:
    assert [suite.name for suite in TABLE.suites if is_in_row("README.md", suite)] == []


def test_a_change_of_a_sandbox_changes_the_hashes_of_suites_that_run_workers() -> None:
    path = "muster/worker/sandbox/init.py"
    assert path in tracked_paths()
    having = {suite.name for suite in TABLE.suites if is_in_row(path, suite)}
    assert having >= {"faults", "hostile", "rogues", "agents", "review", "e2e", "install"}
    assert having.isdisjoint({"attacks", "limits", "sso", "clients"})


def is_in_row(path: str, suite: suites.Suite) -> bool:
    return suites.is_covered(path, (*TABLE.shared, *suite.paths))


# ---- paths and hashes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "pattern", "wanted"),
    [
        ("app/a.py", "app/", True),
        ("app/b/c.py", "app/", True),
        ("apps/a.py", "app/", False),
        ("app/a.py", "app/*.py", True),
        ("app/b/c.py", "app/*.py", False),
        ("app/a_py", "app/a.py", False),
        ("app/a.py.md", "app/a.py", False),
    ],
)
def test_a_pattern_is_a_path_a_folder_or_a_name_with_stars(
    path: str, pattern: str, wanted: bool
) -> None:
    assert suites.is_covered(path, [pattern]) is wanted


def test_a_hash_is_of_the_shared_paths_and_of_the_suites_own() -> None:
    one = suites.Suite("one", ("app/b/",), "one")
    table = suites.Table((one,), ("app/*.py",), ())
    tree = LINES.replace("\n", "\0")
    assert suites.list_entries(tree, one, table).splitlines() == LINES.splitlines()[:2]


# ---- choosing ------------------------------------------------------------------------------------

FOUR = [suites.Suite(name, (), name) for name in "abcd"]
HASHES = {name: f"{name}1" for name in "abcd"}
ALL_MATCH = {name: {f"{name}1"} for name in "abcd"}


@pytest.mark.parametrize(
    ("passed", "commits", "run_all", "wanted"),
    [
        pytest.param({}, 0, False, "abcd", id="no lines"),
        pytest.param(ALL_MATCH, 0, False, "ad", id="first third"),
        pytest.param(ALL_MATCH, 1, False, "b", id="second third"),
        pytest.param(ALL_MATCH, 5, False, "c", id="last third"),
        pytest.param(ALL_MATCH, 1, True, "abcd", id="ALL=1"),
        pytest.param(
            {**ALL_MATCH, "c": {"c0"}}, 1, False, "cb", id="one has changed, and is first"
        ),
        pytest.param({**ALL_MATCH, "c": {"c0", "c1"}}, 1, False, "b", id="two lines, one matches"),
    ],
)
def test_suites_without_a_matching_line_run_and_a_third_of_the_others(
    passed: dict[str, set[str]], commits: int, run_all: bool, wanted: str
) -> None:
    choices = suites.choose(FOUR, HASHES, passed, commits, run_all)
    assert "".join(choice.suite.name for choice in choices if choice.is_due) == wanted
    assert sorted(choice.suite.name for choice in choices) == [*"abcd"]


def test_each_suite_has_its_turn_in_three_commits() -> None:
    passed = {name: {"same"} for name in NAMES}
    hashes = dict.fromkeys(NAMES, "same")
    turns = [
        [
            choice.suite.name
            for choice in suites.choose(TABLE.suites, hashes, passed, n, False)
            if choice.is_due
        ]
        for n in range(3)
    ]
    assert sorted(name for names in turns for name in names) == sorted(NAMES)


def test_new_lines_replace_those_of_the_same_suites_alone() -> None:
    assert suites.replace_lines("a 1\na 2\nb 1\n", {"a": "3", "c": "4"}) == "a 3\nb 1\nc 4\n"
    assert suites.parse_passed("a 1\na 2\nb 1\n") == {"a": {"1", "2"}, "b": {"1"}}
