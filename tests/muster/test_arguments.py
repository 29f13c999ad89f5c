"""What reads its arguments without click looks as what does with it."""

import click
import pytest
from click.testing import CliRunner

from muster.arguments import Parser

LONG = "What is long enough that it has to be laid out over more than one line, wherever it is " * 2


AS_OURS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group("muster worker", context_settings=AS_OURS)
def group() -> None:
    """What runs on a machine."""


@group.command("run", help="Take work.")
@click.option("--name", metavar="NAME", help=LONG)
@click.option("--how", type=click.Choice(["a", "b"]), required=True, help="The way.")
@click.option("--a-name-that-takes-a-line-of-its-own", is_flag=True, help="Short.")
def run() -> None: ...


def same() -> Parser:
    parser = Parser("muster worker", description="What runs on a machine.")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND")
    made = verbs.add_parser("run", help="Take work.", description="Take work.")
    made.add_argument("--name", metavar="NAME", help=LONG)
    made.add_argument("--how", choices=["a", "b"], required=True, help="The way.")
    made.add_argument("--a-name-that-takes-a-line-of-its-own", action="store_true", help="Short.")
    return parser


def of_click(*words: str) -> str:
    return CliRunner().invoke(group, words, prog_name="muster worker").output


@pytest.fixture(autouse=True)
def as_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "82")  # two stay free; click is tested at 80


def of_ours(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        same().parse_args(words)
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out + captured.err


def test_a_group_is_shown_as_click_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert of_ours(capsys, "--help") == (0, of_click("--help"))


def test_options_are_laid_out_as_click_lays_them_out(capsys: pytest.CaptureFixture[str]) -> None:
    status, output = of_ours(capsys, "run", "--help")
    assert (status, output) == (0, of_click("run", "--help"))


def test_examples_are_shown_as_they_are() -> None:
    shown = Parser("muster x", description="Does x.", examples=["muster x  y", "muster x z"])
    assert "\n  Does x.\n\n    muster x  y\n    muster x z\n\nOptions:" in shown.format_help()


def test_positionals_are_in_the_line_of_usage() -> None:
    parser = Parser("muster verify")
    parser.add_argument("file", metavar="FILE")
    assert parser.format_usage() == "Usage: muster verify [OPTIONS] FILE\n"


def test_who_asks_wrongly_is_told_so_as_by_click(capsys: pytest.CaptureFixture[str]) -> None:
    status, output = of_ours(capsys, "run", "--how", "c")
    expected = of_click("run", "--how", "c")
    assert status == 2
    assert output.splitlines()[:3] == expected.splitlines()[:3]
    assert output.splitlines()[3].startswith("Error: argument --how: invalid choice")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(["rnu"], "'run'"), (["run", "--how", "a", "--nmae", "x"], "'--name'")],
)
def test_a_mistyped_name_gets_a_suggestion(
    capsys: pytest.CaptureFixture[str], arguments: list[str], meant: str
) -> None:
    status, output = of_ours(capsys, *arguments)
    assert (status, f"Did you mean {meant}?" in output) == (2, True)
