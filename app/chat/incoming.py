"""What comes in from a platform, in one shape for all of them; as JSON it waits in a row."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Intent(StrEnum):
    """What somebody did in a chat."""

    COMMAND = "command"  # wrote something to the bot
    PRESS = "press"  # pressed a button of a card, or chose from its menu
    ANSWER = "answer"  # sent the text that an input gate asks for


class Button(NamedTuple):
    """What a card's button stands for; `what`: confirm, reject, ask (for a text), or choice N."""

    task_id: int
    stage_index: int
    round: int
    what: str

    def written(self) -> str:
        """As it travels in the card."""
        return ":".join(map(str, self))


def button(text: str) -> Button | None:
    """What was written; None for what no button of ours says."""
    parts = text.split(":")
    if len(parts) != 4 or not all(part.isascii() and part.isdecimal() for part in parts[:3]):
        return None
    if any(len(part) > 18 for part in parts[:3]) or len(parts[3]) > 20:
        return None
    task_id, stage_index, round_ = (int(part) for part in parts[:3])
    return Button(task_id, stage_index, round_, parts[3])


@dataclass(frozen=True)
class Incoming:
    """`private`: nobody else reads what was written. `card` is the ref of the card pressed,
    `thread`, `response_url` and `trigger_id` are the platform's, for the answer.
    """

    event_id: str
    user_id: str
    chat_id: str
    private: bool
    wanted: Intent
    text: str = ""
    button: str | None = None
    card: str | None = None
    thread: str | None = None
    response_url: str | None = None
    trigger_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> "Incoming":
        return cls(**{**stored, "wanted": Intent(stored["wanted"])})


def document(body: bytes | str) -> dict[str, Any]:
    """The JSON object in it; empty for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def part(inside: Any, *names: str) -> dict[str, Any]:
    """The object at the end of that path; empty where there is none."""
    for name in names:
        inside = inside.get(name) if isinstance(inside, dict) else None
    return inside if isinstance(inside, dict) else {}


def text_of(inside: Any, name: str, most: int = 300) -> str:
    """The text of that name, with nothing in it that Postgres could not hold; else empty."""
    found = inside.get(name) if isinstance(inside, dict) else None
    return clean(found)[:most] if isinstance(found, str) else ""


def clean(text: str) -> str:
    """Without NUL and halves of surrogate pairs."""
    return text.replace("\0", "�").encode(errors="replace").decode()
