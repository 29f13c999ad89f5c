"""tests/install/every runs each command in its own process, against a complete Muster.

That suite is slow; this test finds missing commands at once.
"""

import argparse
from pathlib import Path

from app.server_cli.group import COMMAND_HELP
from muster.cli import app
from muster.worker.options.parser import _create_parser
from tests.muster.cli import json_schema
from tests.muster.cli.command_lines import in_tests, missing_lines

INSTALL = Path(__file__).parents[2] / "install"
COMMANDS = json_schema.commands(app.command)
# Commands with tests elsewhere, because they install or replace a server.
BY_OTHERS = {
    "install": ("installed_server.py", '"install", "--user"'),
    "upgrade": ("installed_server.py", '"upgrade", release.server'),
    "engines": ("test_installed.py", "units.ENGINES"),  # in a unit
}


def test_each_command_is_said() -> None:
    names = COMMANDS.keys() - {"worker"} | _of_workers()
    assert missing_lines(names, [command_line.line for command_line in in_tests()]) == set()


def test_each_command_that_prints_json_is_held_to_its_schema_there() -> None:
    names = {name for name, command in COMMANDS.items() if json_schema.printed(command)}
    assert (
        missing_lines(
            names, [command_line.line for command_line in in_tests() if command_line.as_json]
        )
        == set()
    )


def test_each_verb_of_a_server_is_said() -> None:
    left = missing_lines(
        {f"muster-server {verb}" for verb in COMMAND_HELP},
        [command_line.line for command_line in in_tests()],
    )
    assert left == {f"muster-server {verb}" for verb in BY_OTHERS}
    for file, text in BY_OTHERS.values():
        assert text in (INSTALL / file).read_text()


def test_a_command_that_nobody_says_is_found() -> None:
    assert missing_lines(["task list", "task"], ["task list --mine", "tasks"]) == set()
    assert missing_lines(["task list", "task show"], ["task lists", "task show"]) == {"task list"}


def _of_workers() -> set[str]:
    [verbs] = [
        action
        for action in _create_parser("muster")._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    return {f"worker {verb}" for verb in verbs.choices}
