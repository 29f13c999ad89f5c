"""A scripted stand-in for a coding agent, not a model.

`agent.py INSTRUCTION` behaves like an agent in a terminal: it reads its instruction, lists the
files, runs the tests, then really repairs the one bug it knows and notes the repair in the
changelog. Muster treats it as any `custom` agent. Exit code 1: nothing to repair.

Standard library only, and Python 3.8 syntax: it runs on any `python3` a machine has.
"""

from __future__ import annotations

import difflib
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

CYAN, GREEN, RED, YELLOW, DIM, BOLD, RESET = (f"\033[{code}m" for code in (36, 32, 31, 33, 2, 1, 0))
TESTS = [sys.executable, "-m", "unittest"]
WIDTH = 76

# The script: the bug it repairs, and its texts about it.
BUG = re.compile(r"^(?P<indent>[ ]+)total = (?=int\(count\))", re.MULTILINE)
REPAIR = r"\g<indent>total += "
THOUGHT = (
    "The failing tests all have more than one unit. parse() goes through the units in a loop, "
    "but each pass assigns to the total instead of adding to it, so that only the last unit counts."
)
NOTE = "- `parse` adds up all units of a duration instead of keeping only the last one.\n"


def main() -> int:
    print_line(
        f"{YELLOW}A scripted stand-in for a coding agent, not a model: it follows a script.{RESET}"
    )
    print_line(f"{BOLD}> {' '.join(sys.argv[1:])}{RESET}")
    sources = list_python_files()
    think("Running the tests first, to see what fails.")
    if run_tests():
        print_line("Everything passes; there is nothing to fix.")
        return 1
    think(THOUGHT)
    broken = [path for path in sources if BUG.search(path.read_text(encoding="utf-8"))]
    if not broken:
        print_line(f"{RED}None of these files has the bug that this script knows.{RESET}")
        return 1
    for path in broken:
        edit(path, lambda text: BUG.sub(REPAIR, text))
    edit(Path("CHANGELOG.md"), note_repair)
    think("Once more, to be sure.")
    return 0 if run_tests() else 1


def list_python_files() -> list[Path]:
    """List the package's Python files."""
    sources = sorted(path for path in Path().rglob("*.py") if ".git" not in path.parts)
    for path in sources:
        lines = path.read_text(encoding="utf-8").count("\n")
        print_line(f"{CYAN}Read{RESET} {path} {DIM}({lines} lines){RESET}", pause=0.1)
    return sources


def think(thought: str) -> None:
    """Show a spinner briefly, as agents do, then the thought."""
    for mark in "⠋⠙⠹⠸⠼⠴":
        write(f"\r{DIM}{mark} thinking{RESET}", pause=0.05)
    write("\r\033[K")
    for number, line in enumerate(textwrap.wrap(thought, WIDTH)):
        print_line(f"{'  ' if number else f'{GREEN}●{RESET} '}{line}", pause=0)


def run_tests() -> bool:
    """Run the tests and show their result. Returns whether they pass."""
    print_line(f"{CYAN}Run{RESET} python3 -m unittest")
    tests = subprocess.run(TESTS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    shown = [line for line in tests.stdout.splitlines() if line.startswith(("FAIL", "ERROR", "OK"))]
    for line in shown:
        print_line(f"  {RED if tests.returncode else GREEN}{line}{RESET}", pause=0)
    return tests.returncode == 0


def edit(path: Path, change: Callable[[str], str]) -> None:
    """Change the file, and show the difference."""
    before = path.read_text(encoding="utf-8")
    after = change(before)
    path.write_text(after, encoding="utf-8")
    print_line(f"{CYAN}Edit{RESET} {path}")
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    for line in list(diff)[2:]:
        color = {"+": GREEN, "-": RED}.get(line[0], DIM)
        print_line(f"  {color}{line}{RESET}", pause=0.05)


def note_repair(changelog: str) -> str:
    """Add a line about the repair to the changelog's Unreleased section."""
    return changelog.replace("## Unreleased\n", f"## Unreleased\n{NOTE}", 1)


def print_line(line: str, pause: float = 0.15) -> None:
    write(f"{line}\n", pause)


def write(text: str, pause: float = 0.0) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
    time.sleep(pause)


if __name__ == "__main__":
    sys.exit(main())
