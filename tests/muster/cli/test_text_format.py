"""Sanitizing foreign texts."""

import re
from datetime import UTC, datetime

import pytest

from muster.cli import text_format

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain ü 简", "plain ü 简", id="letters of all kinds"),
        pytest.param("a\x1b[31mred\x1b[0m", "ared", id="colours"),
        pytest.param("a\x1b]0;title\x07b", "ab", id="a title"),
        pytest.param("a\x1b]52;c;cm0=\x1b\\b", "ab", id="the clipboard"),
        pytest.param("a\x1bPq#0\x1b\\b", "ab", id="a picture"),
        pytest.param("a\x1b]0;never ends", "a", id="a title that never ends"),
        pytest.param("a\x9b2Jb", "a2Jb", id="a control character of one byte"),
        pytest.param("a\x08\x08b\rc", "abc", id="what goes back"),
        pytest.param("a\u202eb\u2066c", "a⟨U+202E⟩b⟨U+2066⟩c", id="what turns the direction"),
        pytest.param("a\tb\nc", "a\tb\nc", id="tabs and lines stay"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_a_text_speaks_to_no_terminal(text: str | None, shown: str) -> None:
    assert text_format.sanitize(text) == shown


def test_of_a_log_colours_stay_and_nothing_else() -> None:
    text = "\x1b[1;31mred\x1b[0m \x1b[2J\x1b[38;5;9mx\x1b]0;t\x07\x1b[?1049hy"
    assert text_format.sanitize_keeping_colors(text) == "\x1b[1;31mred\x1b[0m \x1b[38;5;9mxy"


@pytest.mark.parametrize(
    ("then", "age"),
    [
        ("2030-01-01T11:59:59.500Z", "0s"),
        ("2030-01-01T11:59:00.000Z", "1m"),
        ("2030-01-01T10:30:00+00:00", "1h"),
        ("2029-12-30T12:00:00.000Z", "2d"),
        ("2029-12-01T12:00:00.000Z", "4w"),
        ("2030-01-01T12:05:00.000Z", "in 5m"),
        ("no moment", "no moment"),
        (None, ""),
    ],
)
def test_how_long_ago_something_was(then: str | None, age: str) -> None:
    assert text_format.format_age(then, NOW) == age


def test_sizes_numbers_and_lists() -> None:
    assert [text_format.format_size(n) for n in (0, 1023, 1024, 5 << 30)] == [
        "0 B", "1023 B", "1.0 KiB", "5.0 GiB",
    ]  # fmt: skip
    assert [text_format.format_number(n) for n in (None, 1234567, 2.5)] == ["", "1,234,567", "2.50"]
    assert text_format.join_limited(["a", "b", "c", "d"]) == "a, b, c and 1 more"


def test_of_another_day_the_clock_tells_the_day() -> None:
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d", text_format.format_clock("2030-01-01T12:00:00.000Z", NOW)
    )
    assert re.fullmatch(
        r"12-2\d \d\d:\d\d", text_format.format_clock("2029-12-28T12:00:00.000Z", NOW)
    )
    assert text_format.format_clock(None, NOW) == ""
