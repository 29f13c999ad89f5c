"""The tests mirror the house: whoever knows a module knows where it is tested."""

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PACKAGES = ("app", "muster")


def _stray(test: Path) -> bool:
    """Whether a file of tests is named for nothing that lies where it does in the house.

    `test_gates.py` and `test_gates_retries.py` are `gates.py`'s, or a room's of that name; in the
    room itself, too.
    """
    room = ROOT / test.parent.relative_to(TESTS)
    words = test.stem.removeprefix("test_").split("_")
    names = ["_".join(words[: end + 1]) for end in range(len(words))]
    return room.name not in names and not any(
        (room / f"{name}.py").is_file() or (room / name).is_dir() for name in names
    )


def test_each_file_of_tests_lies_where_its_module_does() -> None:
    files = [path for wing in PACKAGES for path in (TESTS / wing).rglob("test_*.py")]
    assert files
    assert [str(path.relative_to(TESTS)) for path in sorted(files) if _stray(path)] == []
