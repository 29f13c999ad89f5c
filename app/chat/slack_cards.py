"""Slack's Block Kit: how a message is shown, within Slack's limits.

Texts of people and agents are plain text if possible, and escaped elsewhere, so that a task's text
can't mention a whole channel.
"""

from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    InputBlock,
    InteractiveElement,
    MarkdownTextObject,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View

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

ANSWER = "answer"  # the dialog's only field
MAX_BUTTONS = 5  # with more choices, there is a menu
MAX_OPTIONS = 100


def card(message: Message) -> dict[str, Any]:
    """Return the arguments `text` and `blocks` of a post. Slack's notifications show the text."""
    blocks: list[Block] = [HeaderBlock(text=_plain(message.title or "Muster", 150))]
    if message.body:
        blocks.append(SectionBlock(text=_plain(message.body, 3000)))
    if message.gate:
        blocks += _gate(message.task_id, message.gate)
    if message.refused:
        blocks.append(ActionsBlock(elements=[_allow(message.task_id, message.refused)]))
    blocks.append(ContextBlock(elements=[MarkdownTextObject(text=_footer(message))]))
    text = truncate(": ".join(filter(None, (message.title, message.body))), 1000)
    return {"text": escape(text), "blocks": [block.to_dict() for block in blocks]}


def dialog(prompt: str, metadata: str) -> dict[str, Any]:
    """Return the dialog for an input gate; `metadata` comes back with the answer."""
    field = PlainTextInputElement(action_id=ANSWER, multiline=True, max_length=3000)
    view = View(
        type="modal",
        title=_plain("Muster", 24),
        submit=_plain("Answer", 24),
        close=_plain("Cancel", 24),
        private_metadata=metadata,
        blocks=[InputBlock(block_id=ANSWER, label=_plain(prompt or "Answer", 2000), element=field)],
    )
    found: dict[str, Any] = view.to_dict()
    return found


def escape(text: str) -> str:
    """Return the text without invisible characters, in which Slack finds no mention, link or
    channel.
    """
    return reveal(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str, most: int) -> PlainTextObject:
    return PlainTextObject(text=truncate(reveal(text), most), emoji=False)


def _footer(message: Message) -> str:
    number = f"#{message.task_id}"
    link = f"<{escape(message.url)}|{number}>" if message.url else number
    return f"{link} · {escape(message.project_key)} · {escape(message.state)}"


def _gate(task_id: int, gate: GateCard) -> list[Block]:
    blocks: list[Block] = [SectionBlock(text=_plain(gate.prompt or gate.stage_name, 3000))]
    if gate.answered is not None:
        return [*blocks, SectionBlock(text=_plain(f"{gate.mark} {gate.answered}", 3000))]
    blocks.append(ActionsBlock(elements=_answers(task_id, gate)))
    if len(gate.choices) > MAX_OPTIONS:
        hint = f"For other choices: confirm #{task_id} and the choice"
        blocks.append(ContextBlock(elements=[_plain(hint, 200)]))
    return blocks


def _allow(task_id: int, refused: RefusedHost) -> ButtonElement:
    what = f"{ALLOW}{refused.number}"
    value = Button(task_id, refused.stage_index, refused.round, what).encode()
    return _button(ALLOW, f"Allow {refused.host}", value)


def _answers(task_id: int, gate: GateCard) -> list[InteractiveElement]:
    def value(what: str) -> str:
        return Button(task_id, gate.stage_index, gate.round, what, gate.number).encode()

    if gate.kind == "confirm":
        return [
            _button("confirm", "Approve", value("confirm"), "primary"),
            _reject_button(task_id, value("reject")),
        ]
    if not gate.choices:
        return [_button("ask", "Answer…", value("ask"), "primary")]
    choices = list(enumerate(gate.choice_texts))
    if len(choices) <= MAX_BUTTONS:
        return [_button(f"choice{i}", text, value(str(i))) for i, text in choices]
    options = [Option(text=_plain(t, 75), value=value(str(i))) for i, t in choices[:MAX_OPTIONS]]
    menu = StaticSelectElement(
        action_id="choice", placeholder=_plain("Choose…", 150), options=options
    )
    return [menu]


def _reject_button(task_id: int, value: str) -> ButtonElement:
    """Slack asks before it sends the answer, which ends the task."""
    asks = ConfirmObject(
        title=_plain(reject_title(task_id), 100),
        text=_plain(REJECT_EFFECT, 300),
        confirm=_plain("Reject and end", 30),
        deny=_plain("Keep it waiting", 30),
        style="danger",
    )
    return ButtonElement(
        action_id="reject", text=_plain(REJECT, 75), value=value, style="danger", confirm=asks
    )


def _button(name: str, text: str, value: str, style: str | None = None) -> ButtonElement:
    return ButtonElement(action_id=name, text=_plain(text, 75), value=value, style=style)
