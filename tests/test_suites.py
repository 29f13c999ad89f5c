"""Which heavy suites a run of CI needs, and whether tests/suites.toml is true."""

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

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


def run(*words: str, cwd: Path = ROOT, **environment: str) -> str:
    env = {**os.environ, **environment}
    return subprocess.run(
        words, cwd=cwd, env=env, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


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
    assert [suite.name for suite in TABLE.suites if suite.target == "others"] == others[1].split()


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
    path = "muster/worker/room/leader.py"
    assert path in tracked_paths()
    having = {suite.name for suite in TABLE.suites if is_in_row(path, suite)}
    assert having >= {"faults", "hostile", "agents", "review", "e2e", "install"}
    assert having.isdisjoint({"attacks", "doors", "sso", "rogues", "clients"})


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


# ---- recording, in a repository of its own -------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with two suites: `one` depends on a file, `two` on another."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "suites.py", tmp_path / ".ci")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "suites.toml").write_text(
        "[shared]\npaths = []\n[unused]\npaths = []\n"
        '[[suite]]\nname = "one"\npaths = ["one.py"]\n[[suite]]\nname = "two"\npaths = ["two.py"]\n'
    )
    for name in ("one.py", "two.py", "README.md"):
        (tmp_path / name).write_text("first\n")
    run("git", "init", "-q", cwd=tmp_path)
    commit(tmp_path)
    return tmp_path


def commit(tree: Path) -> None:
    run("git", "add", "-A", cwd=tree)
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    run("git", *who, "commit", "-q", "-m", "A change", cwd=tree)


def record(tree: Path, *names: str, at: str = "", **environment: str) -> str:
    at = at or run("git", "rev-parse", "HEAD", cwd=tree).strip()
    script = ("python3", "-B", ".ci/suites.py", "record", "--at", at, *names)
    return run(*script, cwd=tree, **environment)


def plan(tree: Path) -> dict[str, str]:
    """Why each suite runs or not; it is never its turn."""
    lines = run("python3", "-B", ".ci/suites.py", "plan", cwd=tree).splitlines()
    return {line.split()[1]: line.split(maxsplit=2)[2] for line in lines}


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's passes are recorded")


@needs_root
def test_what_passed_is_recorded_and_matches_until_its_paths_change(tree: Path) -> None:
    assert record(tree, "one", "two") == "Recorded in .ci/passed, to be committed: one, two\n"
    commit(tree)
    hash_of_one = run("git", "ls-tree", "-r", "HEAD", "one.py", cwd=tree)
    wanted = subprocess.run(
        ["git", "hash-object", "--stdin"],
        input=hash_of_one,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert (tree / ".ci" / "passed").read_text().splitlines()[0] == f"one {wanted.strip()}"
    (tree / "README.md").write_text("second\n")
    (tree / "two.py").write_text("second\n")
    commit(tree)
    assert plan(tree)["one"].startswith(("its line matches this tree: one ", "its turn"))
    assert plan(tree)["two"] == "its paths have changed since it passed"


@needs_root
def test_a_clone_has_the_same_hashes(tree: Path, tmp_path: Path) -> None:
    record(tree, "one", "two")
    commit(tree)
    run("git", "clone", "-q", str(tree), "clone", cwd=tmp_path)
    assert "has changed" not in str(plan(tmp_path / "clone"))
    assert "no line" not in str(plan(tmp_path / "clone"))


@needs_root
@pytest.mark.parametrize("name", ["README.md", "new.txt"])
def test_nothing_is_recorded_on_a_tree_with_changes(tree: Path, name: str) -> None:
    (tree / name).write_text("changed\n")
    answer = record(tree, "one")
    assert answer == (
        f"Not recorded in .ci/passed: the tree has changes that are not committed, like {name}.\n"
    )
    assert not (tree / ".ci" / "passed").exists()


@needs_root
def test_lines_of_other_suites_are_no_change_of_the_tree(tree: Path) -> None:
    record(tree, "one")
    assert record(tree, "two").startswith("Recorded")
    assert [line.split()[0] for line in (tree / ".ci" / "passed").read_text().splitlines()] == [
        "one",
        "two",
    ]


@needs_root
def test_nothing_is_recorded_of_a_commit_that_came_meanwhile_or_of_some_tests(tree: Path) -> None:
    assert "the commit has changed while it ran" in record(tree, "one", at="0" * 40)
    assert "PYTEST_ADDOPTS is set" in record(tree, "one", PYTEST_ADDOPTS="-k some")
    assert not (tree / ".ci" / "passed").exists()
