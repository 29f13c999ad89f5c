"""The commands in the source of the tests in `tests/install/every`; nothing is run."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

EVERY = Path(__file__).parents[2] / "install" / "every"


class CommandLine(NamedTuple):
    """A command line up to its first inserted value, and whether its JSON is checked."""

    line: str
    as_json: bool


def in_tests(place: Path = EVERY) -> list[CommandLine]:
    """Return all command lines in the tests."""
    return [line for path in sorted(place.glob("*.py")) for line in _in(path)]


def missing_lines(names: Iterable[str], lines: Iterable[str]) -> set[str]:
    """Return the commands that no line starts with."""
    begun = [f"{line} " for line in lines]
    return {name for name in names if not any(line.startswith(f"{name} ") for line in begun)}


def _in(path: Path) -> Iterator[CommandLine]:
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and call.args:
            line = _beginning(call.args[0])
            if line is not None:
                name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
                yield CommandLine(line, name == "run_json")


def _beginning(argument: ast.expr) -> str | None:
    """Return a text up to its first inserted value."""
    if isinstance(argument, ast.JoinedStr):
        argument = argument.values[0]
    is_text = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    return argument.value if is_text else None  # type: ignore[union-attr,return-value]
