"""Lark's interactive cards: how a message is shown.

Texts of people and agents are `plain_text`, in which Lark finds no mentions and no markup.
"""

from typing import Any

from app.chat.incoming_events import ALLOW, Button
from app.chat.messages import (
    REJECT,
    REJECT_EFFECT,
    GateCard,
    Message,
    RefusedHost,
    reject_title,
    truncate,
)
from muster.text.invisible_chars import reveal

BUTTON = "muster"  # the key in a button's value for the `Button` as text
ANSWER = "answer"  # the form's only field
MAX_BUTTONS = 5  # with more choices, there is a menu
# In characters. A card has up to 30 KB in total: space for a body and a prompt, at 3 bytes per
# character.
MAX_TEXT_LENGTH = 6000
_COLOURS = {"completed": "green", "failed": "red", "cancelled": "grey", "needs you": "orange"}

Element = dict[str, Any]


def card(message: Message) -> dict[str, Any]:
    """Return the card that shows the message; it can be edited in place later."""
    elements: list[Element] = [_text(message.body)] if message.body else []
    if message.gate:
        elements += _gate(message.task_id, message.gate)
    if message.refused:
        allow = _allow(message.task_id, message.refused)
        elements.append({"tag": "action", "actions": [allow]})
    if message.url:
        link = {"tag": "button", "text": _plain("Open in Muster", 100), "url": message.url}
        elements.append({"tag": "action", "actions": [{**link, "type": "default"}]})
    footer = f"#{message.task_id} · {message.project_key} · {message.state}"
    elements.append({"tag": "note", "elements": [_plain(footer, 300)]})
    colour = _COLOURS.get(message.state, "blue")
    header = {"title": _plain(message.title or "Muster", 200), "template": colour}
    return {"config": _CONFIG, "header": header, "elements": elements}


def text_card(text: str) -> dict[str, Any]:
    """Return a card that shows only the text."""
    return {"config": _CONFIG, "elements": [_text(text or " ")]}


_CONFIG = {"wide_screen_mode": True, "update_multi": True}


def _plain(text: str, most: int) -> Element:
    return {"tag": "plain_text", "content": truncate(reveal(text), most)}


def _text(text: str) -> Element:
    return {"tag": "div", "text": _plain(text, MAX_TEXT_LENGTH)}


def _gate(task_id: int, gate: GateCard) -> list[Element]:
    asked = _text(gate.prompt or gate.stage_name)
    if gate.answered is not None:
        return [asked, _text(f"{gate.mark} {gate.answered}")]
    return [asked, _answers(task_id, gate)]


def _allow(task_id: int, refused: RefusedHost) -> Element:
    what = f"{ALLOW}{refused.number}"
    value = Button(task_id, refused.stage_index, refused.round, what).encode()
    return _button(f"Allow {refused.host}", value, "default")


def _answers(task_id: int, gate: GateCard) -> Element:
    def written(what: str) -> str:
        return Button(task_id, gate.stage_index, gate.round, what, gate.number).encode()

    if gate.kind == "confirm":
        yes = _button("Approve", written("confirm"), "primary")
        asks = {"title": _plain(reject_title(task_id), 100), "text": _plain(REJECT_EFFECT, 300)}
        no = _button(REJECT, written("reject"), "danger") | {"confirm": asks}
        return {"tag": "action", "actions": [yes, no]}
    if not gate.choices:
        field = {"tag": "input", "name": ANSWER, "max_length": 1000, "required": True}
        submit = {"action_type": "form_submit", "name": "submit"}
        button = _button("Answer", written("ask"), "primary") | submit
        return {"tag": "form", "name": "gate", "elements": [field, button]}
    choices = [(text, written(str(index))) for index, text in enumerate(gate.choice_texts)]
    if len(choices) <= MAX_BUTTONS:
        return {"tag": "action", "actions": [_button(t, v, "default") for t, v in choices]}
    options = [{"text": _plain(text, 100), "value": value} for text, value in choices]
    menu = {"tag": "select_static", "placeholder": _plain("Choose…", 100), "options": options}
    return {"tag": "action", "actions": [menu]}


def _button(text: str, value: str, kind: str) -> Element:
    return {"tag": "button", "text": _plain(text, 100), "type": kind, "value": {BUTTON: value}}
