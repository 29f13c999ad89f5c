"""The marker `needs("node", "sshd")`: the programs without which a test is skipped.

A run ends with one line about the tests that were skipped for this reason, and writes their node
ids to the file that `--skipped-list` names. With MUSTER_NEEDS=required, a missing program fails the
test. `tests.programs` knows where each program is.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests import programs

MISSING = "missing program"  # names a property in the reports of skipped tests
F = TypeVar("F", bound=Callable[..., Any])


def declare_needs(*names: str) -> Callable[[F], F]:
    """Declare what a fixture needs; all tests that use the fixture then need it too."""

    def mark(fixture: F) -> F:
        fixture.needs = names  # type: ignore[attr-defined]
        return fixture

    return mark


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--skipped-list", type=Path, help="file for the ids of tests skipped for missing programs"
    )


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # pytest-xdist's workers report to the controller
        config.pluginmanager.register(SkippedTests(config), "skipped-tests")


def pytest_itemcollected(item: pytest.Item) -> None:
    for definitions in item._fixtureinfo.name2fixturedefs.values():  # type: ignore[attr-defined]
        if names := getattr(definitions[-1].func, "needs", ()):
            item.add_marker(pytest.mark.needs(*names))


# After pytest's own skips, which may have a better reason, and before any fixture.
def pytest_runtest_setup(item: pytest.Item) -> None:
    names = sorted({name for mark in item.iter_markers("needs") for name in mark.args})
    programs.declared = frozenset(names)
    missing = [name for name in names if programs.search(name) is None]
    if not missing:
        return
    reason = f"needs {', '.join(missing)}"
    if os.environ.get("MUSTER_NEEDS") == "required":
        pytest.fail(f'{reason}: run "make bring"', pytrace=False)
    item.user_properties += [(MISSING, name) for name in missing]
    pytest.skip(reason)


class SkippedTests:
    """Collects the tests that were skipped for missing programs, from all workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._programs: dict[str, list[str]] = {}  # by node id
        self._list: Path | None = config.option.skipped_list
        if self._list is not None:
            self._list.unlink(missing_ok=True)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        names = [str(value) for name, value in report.user_properties if name == MISSING]
        if names and report.skipped:
            self._programs[report.nodeid] = names

    # Outermost, so that the line is the last one of the run.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> Iterator[None]:
        yield
        if self._list is not None and exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.TESTS_FAILED,
        ):
            self._list.parent.mkdir(exist_ok=True)
            self._list.write_text("".join(f"{nodeid}\n" for nodeid in self._programs))
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if self._programs and terminal is not None:
            terminal.write_line(self._summarize())

    def _summarize(self) -> str:
        names = sorted({name for missing in self._programs.values() for name in missing})
        count = len(self._programs)
        tests = "1 test" if count == 1 else f"{count} tests"
        are = "is" if len(names) == 1 else "are"
        them = "it" if len(names) == 1 else "them"
        return f'{tests} skipped: {", ".join(names)} {are} missing. "make bring" installs {them}.'
