"""No secret is left in a JSON value, wherever it was."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.masking.masker import Masker
from muster.worker.masking.values import mask_value

SECRET = "abba-1234"
MASKER = Masker([SECRET.encode(), b"4711", b"first\nsecond line"])

TEXTS = st.text(max_size=20) | st.builds(
    "{}{}{}".format, st.text(max_size=5), st.just(SECRET), st.text(max_size=5)
)
SCALARS = (
    TEXTS
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.none()
    | st.booleans()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("say abba-1234!", "say ********!"),
        ({"abba-1234": ["x", {"y": "abba-1234"}]}, {"********": ["x", {"y": "********"}]}),
        ([147110, 4711.5, 42, True, None], ["1********0", "********.5", 42, True, None]),
        (["abba-", "1234"], ["abba-", "1234"]),
        ("first\nsecond line", "********"),
        ("nul \0 and \ud800, but ü", "nul \ufffd and ?, but ü"),
        ({}, {}),
    ],
    ids=["text", "names", "numbers", "neighbours", "lines", "no UTF-8", "nothing"],
)
def test_a_secret_is_masked_wherever_it_is(value: Any, shown: Any) -> None:
    assert mask_value(MASKER, value) == shown


@given(VALUES)
def test_of_any_value_all_but_secrets_is_kept(value: Any) -> None:
    shown = mask_value(MASKER, value)
    text = json.dumps(shown, ensure_ascii=False)
    text.encode()
    assert SECRET not in text
    assert "4711" not in text
    before = json.dumps(value, ensure_ascii=False)
    if not any(each in before for each in (SECRET, "4711", r"\u0000")):
        assert shown == value


def test_the_strings_of_a_value_that_is_cut_end_with_no_beginning_of_a_secret() -> None:
    value = {"text": "key: abba-1", "more": ["abba-1234", "abc", "abba…"], "number": 471}
    assert mask_value(MASKER, value, is_cut=True) == {
        "text": "key: ********",
        "more": ["********", "abc", "********…"],
        "number": 471,
    }
    shown = {"text": "key: abba-1", "more": ["********", "abc", "********…"], "number": 471}
    assert mask_value(MASKER, value) == shown


def test_what_is_nested_too_deeply_is_refused() -> None:
    value: Any = "deep"
    for _ in range(40):
        value = [value]
    with pytest.raises(ValueError, match="deep"):
        mask_value(MASKER, value)
