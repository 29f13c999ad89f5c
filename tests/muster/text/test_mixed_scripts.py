"""The rule's cases, which the console's rule passes too."""

import json
from pathlib import Path

import pytest

from muster.text.mixed_scripts import find_mixed

CASES = Path(__file__).parents[3] / "console" / "src" / "lib" / "format" / "mixedScriptsCases.json"


@pytest.mark.parametrize(("text", "identifier", "scripts"), json.loads(CASES.read_text()))
def test_letters_of_several_scripts_are_found(
    text: str, identifier: str | None, scripts: list[str]
) -> None:
    found = find_mixed(text)
    assert [text[one.start : one.end] for one in found] == ([identifier] if identifier else [])
    assert [script for one in found for script in one.scripts] == scripts
