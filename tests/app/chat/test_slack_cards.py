"""Cards of both platforms that have some."""

import json
from dataclasses import replace
from typing import Any

import pytest

from app.chat import lark_cards, slack_cards
from tests.app.chat.test_webhook import MESSAGE

WRITTEN = {"Push\u3164it?", "y\u202ees", "n\U000e0041o", "Task\u200b1", "💻 pass\u2800word"}
SHOWN = {
    "Push⟨U+3164⟩it?",
    "y⟨U+202E⟩es",
    "n⟨U+E0041⟩o",
    "Task⟨U+200B⟩1",
    "💻 pass⟨U+2800⟩word",
}


@pytest.mark.parametrize("card", [slack_cards.card, lark_cards.card])
def test_a_card_shows_what_nobody_would_see(card: Any) -> None:
    gate = replace(MESSAGE.gate, prompt="Push\u3164it?", choices=("y\u202ees", "n\U000e0041o"))
    message = replace(MESSAGE, title="Task\u200b1", body="💻 pass\u2800word", gate=gate)
    rendered = json.dumps(card(message), ensure_ascii=False)
    assert {text for text in SHOWN if text not in rendered} == set()
    assert {text for text in WRITTEN if text in rendered} == set()
