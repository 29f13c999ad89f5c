"""Heavy suites: the paths they depend on, the hash of these, and which suites a run needs.

    suites.py plan                                        print the suites that .ci/run would run
    suites.py record --at COMMIT --skipped LIST SUITE...   write the hashes of suites that passed

Standard library only: it runs before there is a virtual environment. See docs/decisions/0082.
"""

import argparse
import os
import re
import subprocess
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path("tests/suites.toml")
PASSED = Path(".ci/passed")
TURNS = 3


@dataclass(frozen=True)
class Suite:
    """A row of the table. Suites with the same `target` run beside each other, by one `make`."""

    name: str
    paths: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class Table:
    """`shared` paths count for every suite; no suite depends on `unused` ones."""

    suites: tuple[Suite, ...]
    shared: tuple[str, ...]
    unused: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """Whether a suite runs, and why; `is_matching` if `.ci/passed` has this tree's hash of it."""

    suite: Suite
    hash: str
    is_matching: bool
    is_due: bool
    reason: str


def parse_table(text: str) -> Table:
    data = tomllib.loads(text)
    suites = (
        Suite(row["name"], tuple(row["paths"]), row.get("target", row["name"]))
        for row in data["suite"]
    )
    return Table(tuple(suites), tuple(data["shared"]["paths"]), tuple(data["unused"]["paths"]))


def is_covered(path: str, patterns: Iterable[str]) -> bool:
    return any(_compile(pattern).fullmatch(path) for pattern in patterns)


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    """`name/` is a folder with all below it; `*` is any part of one name; the rest is literal."""
    text = re.escape(pattern).replace(r"\*", "[^/]*")
    return re.compile(text + ".*" if pattern.endswith("/") else text)


def list_entries(tree: str, suite: Suite, table: Table) -> str:
    """The lines of `git ls-tree -r -z` that a suite depends on, as text to hash."""
    lines = (line for line in tree.split("\0") if line)
    patterns = (*table.shared, *suite.paths)
    kept = (line for line in lines if is_covered(line.split("\t", 1)[1], patterns))
    return "".join(f"{line}\n" for line in kept)


def parse_passed(text: str) -> dict[str, set[str]]:
    """The hashes of each suite; a merge may leave several."""
    hashes: dict[str, set[str]] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        hashes.setdefault(name, set()).add(value)
    return hashes


def replace_lines(text: str, hashes: Mapping[str, str]) -> str:
    """The text of `.ci/passed` with new lines for these suites."""
    lines = {line for line in text.splitlines() if line.partition(" ")[0] not in hashes}
    lines |= {f"{name} {value}" for name, value in hashes.items()}
    return "".join(f"{line}\n" for line in sorted(lines))


def choose(
    suites: Sequence[Suite],
    hashes: Mapping[str, str],
    passed: Mapping[str, set[str]],
    commits: int,
    run_all: bool,
) -> list[Choice]:
    """Decide which suites run, those first whose lines don't match this tree."""
    turn = commits % TURNS
    choices = []
    for position, suite in enumerate(suites):
        lines = passed.get(suite.name, set())
        is_matching = hashes[suite.name] in lines
        is_its_turn = position % TURNS == turn
        if not is_matching:
            reason = "its paths have changed since it passed" if lines else "it has no line"
        elif run_all:
            reason = "ALL=1"
        elif is_its_turn:
            reason = f"its turn: {turn + 1} of {TURNS}"
        else:
            reason = f"its line matches this tree: {suite.name} {hashes[suite.name]}"
        is_due = not is_matching or run_all or is_its_turn
        choices.append(Choice(suite, hashes[suite.name], is_matching, is_due, reason))
    return sorted(choices, key=lambda choice: choice.is_matching)


def explain_refusal(
    status: str,
    commit: str,
    began_at: str,
    skipped: str,
    environment: Mapping[str, str],
    user_id: int,
) -> str | None:
    """Why a pass of a suite proves nothing about this commit, if so."""
    changed = [line for line in status.splitlines() if line[3:] != str(PASSED)]
    if changed:
        return f"the tree has changes that are not committed, like {changed[0][3:]}"
    if commit != began_at:
        return "the commit has changed while it ran"
    if skipped:
        return f"tests were skipped for missing programs, like {skipped.splitlines()[0]}"
    if environment.get("PYTEST_ADDOPTS"):
        return "PYTEST_ADDOPTS is set, so it may not have been the whole suite"
    if user_id != 0:
        return "not root, so some of its tests were skipped"
    return None


# ---- this tree -----------------------------------------------------------------------------------


def call_git(*words: str, given: str | None = None) -> str:
    done = subprocess.run(
        ["git", *words], input=given, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def read_table() -> Table:
    return parse_table(TABLE.read_text())


def read_passed() -> str:
    return PASSED.read_text() if PASSED.exists() else ""


def hash_suites(table: Table) -> dict[str, str]:
    """Git's hash of each suite's paths, as the commit has them."""
    tree = call_git("ls-tree", "-r", "-z", "HEAD")
    return {
        suite.name: call_git(
            "hash-object", "--stdin", given=list_entries(tree, suite, table)
        ).strip()
        for suite in table.suites
    }


def plan() -> list[Choice]:
    table = read_table()
    commits = int(call_git("rev-list", "--count", "HEAD"))
    run_all = os.environ.get("ALL") == "1"
    passed = parse_passed(read_passed())
    return choose(table.suites, hash_suites(table), passed, commits, run_all)


def record(names: Sequence[str], began_at: str, skipped: Path) -> None:
    """Write the hashes of suites that passed, if this proves something about the commit."""
    refusal = explain_refusal(
        call_git("status", "--porcelain", "--untracked-files=all"),
        call_git("rev-parse", "HEAD").strip(),
        began_at,
        skipped.read_text(),
        os.environ,
        os.geteuid(),
    )
    if refusal:
        print(f"Not recorded in {PASSED}: {refusal}.")
        return
    hashes = hash_suites(read_table())
    PASSED.write_text(replace_lines(read_passed(), {name: hashes[name] for name in names}))
    print(f"Recorded in {PASSED}, to be committed: {', '.join(names)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Which heavy suites .ci/run runs.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("plan", help="print the suites that .ci/run would run")
    recording = commands.add_parser("record", help="write the hashes of suites that have passed")
    recording.add_argument("--at", required=True, help="the commit as the suites began")
    recording.add_argument("--skipped", required=True, type=Path, help="list of skipped tests")
    recording.add_argument("suites", nargs="+")
    arguments = parser.parse_args()
    if arguments.command == "record":
        record(arguments.suites, arguments.at, arguments.skipped)
    else:
        for choice in plan():
            verb = "run" if choice.is_due else "skip"
            print(f"{verb:5} {choice.suite.name:10} {choice.reason}")


if __name__ == "__main__":
    main()
