"""`.ci/passed`: what is written there when a suite has passed, and when it counts."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_units import ROOT


def run(*words: str, cwd: Path, **environment: str) -> str:
    env = {**os.environ, **environment}
    return subprocess.run(
        words, cwd=cwd, env=env, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with two suites: `one` depends on a file, `two` on another."""
    tmp_path /= "tree"
    (tmp_path / ".ci").mkdir(parents=True)
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


def record(tree: Path, *names: str, at: str = "", skipped: str = "", **environment: str) -> str:
    (tree.parent / "skipped.txt").write_text(skipped)
    at = at or run("git", "rev-parse", "HEAD", cwd=tree).strip()
    script = (
        "python3",
        "-B",
        ".ci/suites.py",
        "record",
        "--at",
        at,
        "--skipped",
        "../skipped.txt",
        *names,
    )
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
    run("git", "clone", "-q", "tree", "clone", cwd=tmp_path)
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
def test_nothing_is_recorded_of_a_commit_that_came_meanwhile_or_of_some_tests_alone(
    tree: Path,
) -> None:
    assert "the commit has changed while it ran" in record(tree, "one", at="0" * 40)
    assert "skipped for missing programs, like a::b" in record(tree, "one", skipped="a::b\n")
    assert "PYTEST_ADDOPTS is set" in record(tree, "one", PYTEST_ADDOPTS="-k some")
    assert not (tree / ".ci" / "passed").exists()
