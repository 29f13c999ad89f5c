"""Characters that nobody sees, wherever people read what agents and others have written."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest

from app.chat import apprise, lark_cards, slack_cards
from app.chat.messages import Address
from app.domain import file_summary
from app.domain.chat import BotPlatform
from app.domain.sanitize import make_printable
from muster.cli import text_format
from muster.worker.agents.runner import sanitizer
from tests.app.chat.test_webhook import MESSAGE

INVISIBLE = [
    0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x180E, 0x200B, 0x200D, 0x200E, 0x202E,
    0x2060, 0x2066, 0x2800, 0x3164, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xE0041, 0xE0100,
]  # fmt: skip


def card(of: Callable[[Any], Any]) -> Callable[[str], str]:
    def rendered(text: str) -> str:
        gate = replace(MESSAGE.gate, prompt=text, choices=(text, text))
        message = replace(MESSAGE, title=text, body=text, gate=gate)
        return json.dumps(of(message), ensure_ascii=False)

    return rendered


def by_apprise(text: str) -> str:
    address = Address(BotPlatform.APPRISE, None, None, "json://example.org", None)
    message = replace(MESSAGE, title=text, body=text)
    with mock.patch.object(apprise, "_run", return_value={"sent": True}) as run:
        apprise.send(address, message, allowed_hosts=frozenset())
    return json.dumps(run.call_args.args, ensure_ascii=False)


def changed_file(text: str) -> str:
    return file_summary.summarize_files([file_summary.ChangedFileName(text, 1, 0, binary=False)], 1)


PLACES: dict[str, Callable[[str], str]] = {
    "messages of the server": make_printable,
    "names of files in chats": changed_file,
    "cards of Slack": card(slack_cards.card),
    "texts of Slack": slack_cards.escape,
    "cards of Lark": card(lark_cards.card),
    "notes of Lark": lambda text: json.dumps(lark_cards.text_card(text), ensure_ascii=False),
    "Apprise": by_apprise,
    "the command line": text_format.sanitize,
    "lines of the command line": text_format.one_line,
    "logs in the command line": text_format.sanitize_keeping_colors,
    "agents' words": sanitizer.sanitize,
    "agents' output": sanitizer.sanitize_keeping_colors,
    "agents' data": lambda text: json.dumps(
        sanitizer.sanitize_json({text: [text]}), ensure_ascii=False
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_each_is_shown_with_its_number(place: str) -> None:
    shown = {number: PLACES[place](f"pass{chr(number)}word") for number in INVISIBLE}
    hidden = [f"U+{number:04X}" for number, text in shown.items() if chr(number) in text]
    assert hidden == []
    assert [n for n, text in shown.items() if f"pass⟨U+{n:04X}⟩word" not in text] == []


def test_json_on_a_terminal_has_escapes() -> None:
    text = "".join(map(chr, INVISIBLE))
    shown = text_format.escape_json(json.dumps(text, ensure_ascii=False))
    assert (shown.isascii(), json.loads(shown)) == (True, text)


@pytest.mark.parametrize("place", PLACES)
def test_emoji_and_words_pass(place: str) -> None:
    for text in ("👩🏽\u200d💻", "❤\ufe0f", "क्\u200dष"):
        assert text in PLACES[place](text)
