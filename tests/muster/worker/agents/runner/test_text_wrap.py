import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.worker.agents.runner.text_wrap import display_width, truncate_to_width, wrap_text


def test_lines_are_broken_between_words() -> None:
    assert wrap_text("one two three four", 9) == "one two\nthree\nfour"


def test_an_item_of_a_list_stands_under_its_own_text() -> None:
    assert wrap_text("  - one two three", 11) == "  - one two\n    three"


def test_code_between_fences_stays_as_it_is() -> None:
    code = "```\nx = 1  # a comment that is long\n```"
    assert wrap_text(code, 10) == code


def test_wide_characters_take_two_columns() -> None:
    assert display_width("日本 e\u0301") == 6
    assert wrap_text("日本 日本", 6) == "日本\n日本"
    assert truncate_to_width("日本日本", 5) == "日本…"


@pytest.mark.parametrize(("width", "shown"), [(6, "abcdef"), (5, "abcd…"), (1, "…"), (0, "")])
def test_what_is_too_wide_is_shortened(width: int, shown: str) -> None:
    assert truncate_to_width("abcdef", width) == shown


@settings(deadline=None)
@given(st.text(), st.integers(1, 100))
def test_no_word_is_lost_and_none_too_wide_line_could_have_been_broken(
    text: str, width: int
) -> None:
    lines = wrap_text(text.replace("```", "").replace("~~~", ""), width)
    assert lines.split() == text.replace("```", "").replace("~~~", "").split()
    for line in lines.split("\n"):
        assert display_width(line) <= width or " " not in line.strip(" -*+•")
