"""How long files and functions may be, and how many files may lie side by side in a room.

The console's functions are counted by console/src/sizes.test.ts.
"""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAX_FILE_LINES = 320
MAX_CONSOLE_FILE_LINES = 300
MAX_FUNCTION_LINES = 60  # with its docstring; the tables above a test are no part of it
NOT_OURS = {"node_modules", "build", "dist"}


def sources() -> list[Path]:
    """All Python files of the repository; nothing in hidden folders (.venv, .git) or `NOT_OURS`."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name[0] != "." and name not in NOT_OURS]
        found += [Path(folder) / name for name in files if name.endswith(".py")]
    return sorted(found)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function's place and how many lines it has."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            place = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            yield place, node.end_lineno - node.lineno + 1


def test_the_walk_sees_the_repository() -> None:
    seen = {str(path.relative_to(ROOT)) for path in sources()}
    assert {"config.py", "app/factory.py", "muster/__main__.py", "tests/test_sizes.py"} <= seen


def test_no_file_of_the_console_is_too_long() -> None:
    sources = (ROOT / "console" / "src").rglob("*")
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in sources
        if path.suffix in {".ts", ".tsx", ".css"} and path.name != "schema.d.ts"
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_CONSOLE_FILE_LINES} == {}
    assert len(lengths) > 50


def test_no_file_is_too_long() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in sources()
        if ROOT / "migrations" not in path.parents
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        place: lines
        for path in sources()
        if ROOT / "migrations" not in path.parents
        for place, lines in functions(path)
    }
    assert {place: lines for place, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}


@pytest.mark.parametrize(("room", "most"), [("app/services", 14), ("muster/worker", 18)])
def test_few_files_lie_flat_in_a_package(room: str, most: int) -> None:
    files = sorted(path.name for path in (ROOT / room).glob("*.py"))
    assert len(files) <= most, files
