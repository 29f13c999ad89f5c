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


@pytest.mark.parametrize("card", [slack_cards.card, lark_cards.card])
def test_the_button_that_ends_a_task_asks_first(card: Any) -> None:
    gate = replace(MESSAGE.gate, kind="confirm", choices=())
    rendered = json.dumps(card(replace(MESSAGE, gate=gate)), default=lambda each: each.to_dict())
    buttons = [each for each in _objects(json.loads(rendered)) if _label(each)]
    by_label = {_label(each): each for each in buttons}
    assert set(by_label) >= {"Approve", "Reject and end the task"}
    assert "confirm" not in by_label["Approve"]
    asked = json.dumps(by_label["Reject and end the task"]["confirm"])
    assert "Reject #42 and end the task?" in asked
    assert "The task ends as cancelled" in asked


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for each in value for found in _objects(each)]
    if not isinstance(value, dict):
        return []
    return [value, *(found for each in value.values() for found in _objects(each))]


def _label(element: dict[str, Any]) -> str | None:
    is_button = "button" in (element.get("type"), element.get("tag"))
    text = element.get("text") if is_button else None
    return (text.get("text") or text.get("content")) if isinstance(text, dict) else None
