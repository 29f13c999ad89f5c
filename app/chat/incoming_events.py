"""An event from a chat platform, in one shape for all platforms; stored as JSON until it is
done.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

ALLOW = "allow"


class Intent(StrEnum):
    """The kind of thing that a person did in a chat."""

    COMMAND = "command"  # wrote a message to the bot
    PRESS = "press"  # pressed a button of a card, or chose from its menu
    ANSWER = "answer"  # sent the text that an input gate asks for


class Button(NamedTuple):
    """The meaning of a card's button. `what` is confirm, reject, ask (for a text), the number of a
    choice, from 0, or `allow` and the number of the event by which a host was refused. `number` is
    that of the stage's question, 0 before the stage.
    """

    task_id: int
    stage_index: int
    round: int
    action: str
    number: int = 0

    @property
    def allowed_event_number(self) -> int | None:
        """The number of the event whose host the button allows; None for any other button."""
        number = self.action.removeprefix(ALLOW)
        is_number = number.isascii() and number.isdecimal() and len(number) < 10
        return int(number) if number != self.action and is_number else None

    def encode(self) -> str:
        """The button as a text, which the card carries: `task:stage:round:what`, and `:number`
        for a question in the middle of its stage.
        """
        return ":".join(map(str, self if self.number else self[:4]))


def parse_button(text: str) -> Button | None:
    """The button that `written` made the text of; None for any other text."""
    parts = text.split(":")
    if len(parts) not in (4, 5) or len(parts[3]) > 20:
        return None
    numbers = parts[:3] + parts[4:]
    if not all(part.isascii() and part.isdecimal() and len(part) <= 18 for part in numbers):
        return None
    task_id, stage_index, round_, *number = map(int, numbers)
    return Button(task_id, stage_index, round_, parts[3], *number)


@dataclass(frozen=True)
class IncomingEvent:
    """Something that a person did in a chat with a bot.

    `private`: nobody else reads what the person wrote. `card` is the ref of the card whose button
    was pressed. The platform's `thread`, `response_url` and `trigger_id` are needed for the reply.
    """

    event_id: str
    user_id: str
    chat_id: str
    private: bool
    intent: Intent
    text: str = ""
    button: str | None = None
    card: str | None = None
    thread: str | None = None
    response_url: str | None = None
    trigger_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "IncomingEvent":
        return cls(**{**stored, "intent": Intent(stored["intent"])})


def parse_object(body: bytes | str) -> dict[str, Any]:
    """The JSON object that the body contains; empty for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def get_object(inside: Any, *names: str) -> dict[str, Any]:
    """The object at the path `names`; empty if there is none."""
    for name in names:
        inside = inside.get(name) if isinstance(inside, dict) else None
    return inside if isinstance(inside, dict) else {}


def get_text(inside: Any, name: str, most: int = 300) -> str:
    """The text under `name`, cut to `most` characters and safe for Postgres; empty if none."""
    found = inside.get(name) if isinstance(inside, dict) else None
    return sanitize_text(found)[:most] if isinstance(found, str) else ""


def sanitize_text(text: str) -> str:
    """The text without NULs and lone surrogates, which Postgres cannot store."""
    return text.replace("\0", "�").encode(errors="replace").decode()
