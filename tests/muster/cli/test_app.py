"""The command as a whole: its commands, its startup and its exit statuses."""

import os
import subprocess
import sys
from pathlib import Path

import click
import httpx
import pytest

import muster
from muster.cli import app
from muster.cli.tokens import Tokens
from tests.muster.cli.shell import SERVER, Shell

ROOT = Path(muster.__file__).parents[1]


def test_each_noun_says_of_itself_what_the_list_of_all_says() -> None:
    ctx = click.Context(app.command)
    for name, noun in app.COMMANDS.items():
        command = app.command.get_command(ctx, name)
        assert command is not None
        assert (command.help or "").partition("\n")[0] == noun.summary, name


def loaded_by(*arguments: str) -> tuple[set[str], str]:
    """Return the modules that Python loads with these arguments, and its stdout."""
    command = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}, done.stdout


def test_the_list_of_all_loads_none_of_them() -> None:
    """So it prints at once: it loads click, click's dependencies for layout, and a few small files
    (`bench/cli.py` measures it)."""
    floor, _ = loaded_by("-c", "import click, click._textwrap, runpy, shutil, locale")
    loaded, stdout = loaded_by("-m", "muster", "--help")
    assert loaded - floor == {
        *("muster", "muster.cli", "muster.cli.app", "muster.cli.errors", "muster.cli.lazy"),
    }
    for name in app.COMMANDS:
        assert f"\n  {name} " in stdout


def test_the_version_is_the_packages(shell: Shell) -> None:
    assert shell.done("--version").out == f"muster {muster.__version__}\n"


@pytest.mark.parametrize("arguments", [["nonsense"], ["whoami", "--nonsense"], ["config", "use"]])
def test_a_usage_error_exits_with_status_2(shell: Shell, arguments: list[str]) -> None:
    result = shell(*arguments)
    assert (result.status, result.out) == (2, "")
    assert "Usage: muster" in result.err


@pytest.mark.parametrize("arguments", [["worker", "run", "--nonsense"], ["verify", "--key"]])
def test_what_runs_on_machines_reads_its_own_arguments(arguments: list[str]) -> None:
    """Also after global options, which users don't usually combine with them."""
    command = [sys.executable, "-m", "muster"]
    for before in ([], ["--profile", "x"]):
        completed = subprocess.run(
            [*command, *before, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert completed.returncode == 2
        assert f"Usage: python -m muster {arguments[0]}" in completed.stderr


def test_no_server_is_status_3_and_says_what_to_do(shell: Shell) -> None:
    result = shell("whoami")
    assert result.status == 3
    assert "muster login --server https://" in result.err


def test_a_server_that_is_away_is_status_1(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    monkeypatch.setattr("muster.cli.client.MAX_TRIES", 1)
    result = Shell(away)("--server", "https://away.example", "whoami")
    assert result.status == 1
    assert "Can't reach https://away.example: connection refused" in result.err


def test_an_interrupt_exits_with_130(home: Path) -> None:
    def interrupted(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    assert Shell(interrupted)("--server", "https://muster.example", "whoami").status == 130


def printed_to(stdout: int, *arguments: str) -> tuple[int, str]:
    """Run a command with that file descriptor as stdout; return its exit status and stderr."""
    command = [sys.executable, "-m", "muster", *arguments]
    with os.fdopen(stdout, "wb", 0) as file:
        completed = subprocess.run(
            command, cwd=ROOT, stdout=file, stderr=subprocess.PIPE, text=True, check=False
        )
    return completed.returncode, completed.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["config", "list"], ["config", "path"]])
def test_who_reads_no_further_has_had_enough(home: Path, arguments: list[str]) -> None:
    Shell(lambda _: httpx.Response(200)).store_tokens(Tokens(personal="x"))
    nobody_reads, ours = os.pipe()
    os.close(nobody_reads)
    assert printed_to(ours, *arguments) == (0, "")


@pytest.mark.usefixtures("home")
def test_what_cannot_be_printed_is_a_failure_that_is_said() -> None:
    status, stderr = printed_to(os.open("/dev/full", os.O_WRONLY), "config", "path")
    assert (status, "No space left" in stderr, stderr.count("\n")) == (1, True, 1), stderr


@pytest.mark.usefixtures("home")
def test_what_is_no_text_is_a_failure_that_is_said() -> None:
    shell = Shell(lambda _: httpx.Response(200, json={}))
    result = shell("--server", SERVER, "task", "create", "-p", "APP", "-d", "\udcff")
    assert (result.status, result.err.count("\n")) == (1, 1)
    assert "muster: 'utf-8' codec can't encode" in result.err


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_shells_are_told_how_words_are_completed(shell: Shell, shell_name: str) -> None:
    assert "_MUSTER_COMPLETE" in shell.done("completion", shell_name).out
