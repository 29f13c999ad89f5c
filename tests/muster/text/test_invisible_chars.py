"""The rule's cases, which the console's rule passes too."""

import json
import time
from pathlib import Path

import pytest

from muster.text import invisible_chars

CASES = (
    Path(__file__).parents[3] / "console" / "src" / "lib" / "format" / "invisibleCharsCases.json"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [pytest.param(text, shown, id=name) for name, text, shown in json.loads(CASES.read_text())],
)
def test_what_nobody_would_see_is_shown(text: str, shown: str) -> None:
    assert invisible_chars.reveal(text) == shown


@pytest.mark.parametrize("piece", ["\u200d", "👩\u200d", "کَ", "क्", "1\ufe0f", "x"])
def test_a_long_text_takes_time_in_proportion_to_its_length(piece: str) -> None:
    text = piece * (100_000 // len(piece)) + "\u200b"
    invisible_chars.reveal("👩\u200d")  # makes the tables
    begin = time.process_time()
    invisible_chars.reveal(text)
    assert time.process_time() - begin < 2
