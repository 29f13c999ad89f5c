"""The verbs of `muster-server`: named in one place, and none is imported before it is called."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from app.server_cli import main
from app.server_cli.group import COMMAND_HELP
from muster import __version__

PROGRAM = (sys.executable, "-m", "app.server_cli")


def output_of(*words: str) -> str:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return done.output


def test_it_says_of_which_version_it_is() -> None:
    assert output_of("--version") == f"muster-server {__version__}\n"


def test_help_lists_each_verb_with_what_it_does() -> None:
    listed = output_of("--help")
    assert [name for name in COMMAND_HELP if f"\n  {name} " not in listed] == []


@pytest.mark.parametrize("name", sorted(COMMAND_HELP) or ["--help"])
def test_each_verb_explains_itself(name: str) -> None:
    assert "Usage: " in output_of(name, "--help")


def test_help_imports_neither_the_server_nor_a_verb() -> None:
    code = (
        "import sys, app.server_cli; found = set(sys.modules);"
        "print(sorted(name for name in found if name in {'flask', 'sqlalchemy', 'celery'}"
        " or name.startswith('app.') and not name.startswith('app.server_cli')))"
    )
    done = subprocess.run([PROGRAM[0], "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_what_is_no_verb_is_a_wrong_question() -> None:
    done = subprocess.run([*PROGRAM, "fly"], capture_output=True, text=True, check=False)
    assert (done.returncode, "No such command" in done.stderr) == (2, True)
