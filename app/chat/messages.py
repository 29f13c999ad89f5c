"""The types shared by all platforms: addresses, messages, and delivery errors."""

from dataclasses import dataclass, field
from datetime import datetime

from app.domain.chat import BotPlatform

REJECT = "Reject and end the task"
REJECT_EFFECT = (
    "The task ends as cancelled: nothing more runs, no branch is pushed, and queued follow-ups are "
    "withdrawn. To have the work changed instead, request changes in the console."
)


_PERMISSION_CHOICES = {
    "allow_once": "Allow once",
    "allow_for_task": "Allow for this task",
    "deny": "Deny",
}


def reject_title(task_id: int) -> str:
    """Return the question before an answer that ends the task."""
    return f"Reject #{task_id} and end the task?"


@dataclass(frozen=True)
class Address:
    """A bot's decrypted credentials, and its target: a bound chat, or a person.

    `repr` omits the secrets, so that printing an address can't leak them.
    """

    platform: BotPlatform
    app_id: str | None
    app_secret: str | None = field(repr=False)
    webhook_token: str | None = field(repr=False)
    chat_id: str | None


@dataclass(frozen=True)
class GateCard:
    """The question of a stage's gate.

    `answered` is text: who answered what; None while open. `number` is that of the stage's
    question, 0 before the stage.
    """

    stage_index: int
    stage_name: str
    round: int
    kind: str
    prompt: str
    choices: tuple[str, ...]
    answered: str | None
    number: int = 0

    @property
    def choice_texts(self) -> list[str]:
        """The choices, as people see them."""
        names = _PERMISSION_CHOICES if self.kind == "permission" else {}
        return [names.get(choice, choice) for choice in self.choices]

    @property
    def mark(self) -> str:
        """The mark before the answer. A rejection has no check mark."""
        no = {"confirm": ": reject", "permission": ": deny"}.get(self.kind)
        is_rejected = no is not None and (self.answered or "").endswith(no)
        return "✗" if is_rejected else "✓"


@dataclass(frozen=True)
class RefusedHost:
    """A host that a stage was denied, and that its project can allow. `number` is the event's."""

    stage_index: int
    round: int
    number: int
    host: str


@dataclass(frozen=True)
class Message:
    """A message about an event of a task. A repeated message has the same `delivery_id`.

    `status` is the API's, for webhooks; `state` is what people see (`domain.shown_state`).
    """

    delivery_id: int
    kind: str
    title: str
    body: str
    task_id: int
    project_key: str
    status: str
    state: str
    url: str | None
    gate: GateCard | None
    occurred_at: datetime
    refused: RefusedHost | None = None


class DeliveryRefused(Exception):
    """The message can't be delivered, however often it's sent; `reason` says why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.reason = words


class RetryLater(Exception):
    """The message wasn't delivered this time. `retry_after_seconds`: requested delay, if any."""

    def __init__(self, words: str, after: float | None = None) -> None:
        super().__init__(words)
        self.reason, self.retry_after_seconds = words, after


def truncate(text: str, most: int) -> str:
    """Return the text, cut to at most `most` characters; a cut text ends with an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"
