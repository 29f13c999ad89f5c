import itertools

import pytest

from muster.worker.agents.runner import sanitizer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b[2J", "␛[2J"),
        ("\x9b2J", "<9B>2J"),
        ("a\x00b\x7f", "a␀b␡"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("admin\u202etxt", "admin⟨U+202E⟩txt"),
        ("half \ud800", "half \\ud800"),
        ("日本 é", "日本 é"),
    ],
)
def test_what_would_be_obeyed_is_shown(text: str, expected: str) -> None:
    assert sanitizer.sanitize(text) == expected
    assert sanitizer.sanitize_keeping_colors(text) == expected


@pytest.mark.parametrize(
    "colour", ["\x1b[m", "\x1b[31m", "\x1b[1;38;5;8m", "\x1b[48;2;8;8;8m", "\x1b[38:5:1m"]
)
def test_colours_may_pass_and_end_with_the_text(colour: str) -> None:
    assert sanitizer.sanitize_keeping_colors(f"a{colour}b\x1b[K") == f"a{colour}b␛[K\x1b[0m"
    assert "\x1b" not in sanitizer.sanitize(f"a{colour}b")


@pytest.mark.parametrize("hiding", ["\x1b[8m", "\x1b[1;08m", "\x1b[38;5;1;8m", "\x1b[38;9;8m"])
def test_what_hides_text_does_not(hiding: str) -> None:
    assert "\x1b" not in sanitizer.sanitize_keeping_colors(f"{hiding}secret")


def test_all_of_a_json_is_made_harmless_and_its_numbers_readable_by_all() -> None:
    value = {"a\x1b": ["\x00", 1, 1.5, None, True], "big": 1 << 60, "endless": float("inf")}
    expected = {"a␛": ["␀", 1, 1.5, None, True], "big": str(1 << 60), "endless": "inf"}
    assert sanitizer.sanitize_json(value) == expected


LINES = "\x1b]0;title\x1b\\\x1b[1;31mred\x1b[0m\r\n\x1b[2K\x1b(B50 %\r100 %\x1bM\nend"


def test_a_stream_loses_its_escapes_wherever_parts_cut_them() -> None:
    for start, end in itertools.combinations(range(1, len(LINES)), 2):
        stream = sanitizer.StreamSanitizer()
        parts = LINES[:start], LINES[start:end], LINES[end:]
        assert "".join(map(stream.feed, parts)) == "red\n50 %\n100 %\nend"


def test_an_escape_without_an_end_does_not_hold_a_stream_back() -> None:
    stream = sanitizer.StreamSanitizer()
    stream.feed("\x1b]0;")
    assert "end" in stream.feed("x" * 2000 + "end")
