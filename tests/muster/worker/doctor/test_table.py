import json
import re

import pytest

from muster.worker.doctor import table
from muster.worker.doctor.finding import Finding, Level

LONG = Finding(
    "bubblewrap",
    "warn",
    "not installed, and therefore an attempt sees all that its user can see on this machine",
    "install bubblewrap by the package manager of this system, whichever that may be here",
    "sudo some-package-manager install --with --many --options-that-make-it-long bubblewrap",
)


@pytest.mark.parametrize("width", [60, 80, 120, 300])
def test_no_line_is_wider_than_the_terminal_but_a_command(width: int) -> None:
    shown = table.format_finding(LONG, width, colours=False).splitlines()
    assert f"$ {LONG.command}" in [line.strip() for line in shown]
    others = [line for line in shown if "$ " not in line]
    assert max(map(len, others)) <= width
    assert len({len(line) - len(line.lstrip()) for line in shown if line.startswith(" ")}) <= 2


def test_all_words_are_shown_and_columns_are_kept() -> None:
    shown = table.format_finding(LONG, 80, colours=False)
    assert " ".join(shown.split()) == " ".join(
        ["warn bubblewrap", LONG.text, "→", LONG.advice, "$", LONG.command]
    )
    assert shown.startswith("warn  bubblewrap    not")
    assert (
        table.format_finding(Finding("git", "ok", "version 2"), 80, False)
        == "ok    git           version 2"
    )


def test_colours_are_for_terminals_and_move_nothing() -> None:
    coloured = table.format_finding(LONG, 80, colours=True)
    assert coloured.startswith("\x1b[33mwarn\x1b[0m  ")
    assert re.sub(r"\x1b\[\d+m", "", coloured) == table.format_finding(LONG, 80, colours=False)


@pytest.mark.parametrize(
    ("levels", "summary"),
    [
        (["ok"], "No problems found."),
        (["ok", "warn"], "1 warning: this machine works, but could work better."),
        (["fail"], "1 failure: this machine can't do all of its work."),
        (
            ["warn", "fail", "warn"],
            "1 failure and 2 warnings: this machine can't do all of its work.",
        ),
    ],
)
def test_the_last_line_says_what_it_comes_to(levels: list[Level], summary: str) -> None:
    assert table.format_summary([Finding("x", level, "y") for level in levels]) == summary


def test_programs_get_a_list() -> None:
    rows = json.loads(table.to_json([LONG, Finding("git", "ok", "version 2")]))
    assert rows[0] == {**LONG._asdict(), "ok": False}
    assert rows[1]["ok"] is True
