"""Typed queries as patterns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import search
from app.domain.search import SearchQuery


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("#42", 42),
        ("42", 42),
        ("#0", None),
        ("# 42", None),
        ("-42", None),
        ("4.2", None),
        ("٤٢", None),
        (str(2**63 - 1), 2**63 - 1),
        (str(2**63), None),
        ("9" * 200, None),
        ("#", None),
    ],
)
def test_which_task_is_named(text: str, number: int | None) -> None:
    assert SearchQuery(text).number == number


@pytest.mark.parametrize(
    ("text", "has_some"),
    [
        ("ab", False),
        ("abc", True),
        ("a b c", False),
        ("a-bc", False),
        ("___", False),
        ("ÄÖÜ", True),
    ],
)
def test_whether_trigrams_can_tell(text: str, has_some: bool) -> None:
    assert SearchQuery(text).has_trigrams is has_some


def test_words_are_each_taken_once_in_any_letter_case() -> None:
    assert [word.lower() for word in SearchQuery("Log in  LOG\tIN out").words] == [
        "log",
        "in",
        "out",
    ]


@given(st.text(min_size=1))
def test_regular_expressions_are_escaped(text: str) -> None:
    assert re.fullmatch(search.escape_regex(text), text)


@given(st.text(st.sampled_from("a%_\\")))
def test_like_wildcards_are_escaped(text: str) -> None:
    assert re.sub(r"\\(.)", r"\1", search.escape_like(text)) == text
    assert re.sub(r"\\.", "", search.escape_like(text)).strip("a") == ""


@pytest.mark.parametrize(
    ("text", "number"),
    [("#42", 42), ("42", None), ("##42", None), ("#٤٢", None), (f"#{2**63}", None)],
)
def test_in_a_list_a_number_has_its_sign(text: str, number: int | None) -> None:
    assert search.parse_id(text) == number
