"""An event from a chat platform, in one format for all platforms; stored as JSON until it's
done.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

ALLOW = "allow"


class Intent(StrEnum):
    """The kind of a person's action in a chat."""

    COMMAND = "command"  # wrote a message to the bot
    PRESS = "press"  # pressed a button of a card, or chose from its menu
    ANSWER = "answer"  # sent the text for an input gate


class Button(NamedTuple):
    """A decoded button of a card.

    `action` is confirm, reject, ask (for text), the number of a choice from 0, or `allow` and the
    number of the event that denied a host. `number` is that of the stage's question, 0 before the
    stage.
    """

    task_id: int
    stage_index: int
    round: int
    action: str
    number: int = 0

    @property
    def allowed_event_number(self) -> int | None:
        """The number of the event whose host the button allows; None for other buttons."""
        number = self.action.removeprefix(ALLOW)
        is_number = number.isascii() and number.isdecimal() and len(number) < 10
        return int(number) if number != self.action and is_number else None

    def encode(self) -> str:
        """Return the button as text for the card: `task:stage:round:action`, and `:number` for a
        question in the middle of its stage.
        """
        return ":".join(map(str, self if self.number else self[:4]))


def parse_button(text: str) -> Button | None:
    """Return the button that `encode` turned into the text; None for other texts."""
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
    """A person's action in a chat with a bot.

    `private`: no one else reads the message. `card` is the ref of the card whose button was
    pressed. The platform's `thread`, `response_url` and `trigger_id` are needed for the reply.
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
    """Return the JSON object in the body; empty for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def get_object(inside: Any, *names: str) -> dict[str, Any]:
    """Return the object at the path `names`; empty if there is none."""
    for name in names:
        inside = inside.get(name) if isinstance(inside, dict) else None
    return inside if isinstance(inside, dict) else {}


def get_text(inside: Any, name: str, most: int = 300) -> str:
    """Return the text under `name`, cut to `most` characters and safe for Postgres; empty if
    there is none.
    """
    found = inside.get(name) if isinstance(inside, dict) else None
    return sanitize_text(found)[:most] if isinstance(found, str) else ""


def sanitize_text(text: str) -> str:
    """Return the text without NULs and lone surrogates, which Postgres can't store."""
    return text.replace("\0", "�").encode(errors="replace").decode()
