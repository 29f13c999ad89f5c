"""What is told, to whom, and how it can fail: the words that all platforms share."""

from dataclasses import dataclass, field
from datetime import datetime

from app.domain.chat import BotPlatform


@dataclass(frozen=True)
class Address:
    """A bot's credentials, readable, and whom it is to speak to: a room, or a person.

    Not to be printed: `repr` leaves out what is secret, whoever forgets it.
    """

    platform: BotPlatform
    app_id: str | None
    app_secret: str | None = field(repr=False)
    webhook_token: str | None = field(repr=False)
    chat_id: str | None


@dataclass(frozen=True)
class GateCard:
    """A stage's question. `answered` says who answered what, once somebody has."""

    stage_index: int
    stage_name: str
    round: int
    kind: str
    prompt: str
    choices: tuple[str, ...]
    answered: str | None


@dataclass(frozen=True)
class Message:
    """Something that happened to a task. `delivery_id` tells a repetition from a second one."""

    delivery_id: int
    kind: str
    title: str
    body: str
    task_id: int
    project_key: str
    status: str
    url: str | None
    gate: GateCard | None
    occurred_at: datetime


class DeliveryRefused(Exception):
    """It will not be taken, however often it is sent; `words` are the platform's own, or ours."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class TryAgain(Exception):
    """It was not taken this time. `after`: not before so many seconds, if the platform says so."""

    def __init__(self, words: str, after: float | None = None) -> None:
        super().__init__(words)
        self.words, self.after = words, after


def cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis: at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
