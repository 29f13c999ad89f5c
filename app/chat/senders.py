"""How a message gets to where somebody reads it."""

import json
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from datetime import datetime

from app.domain.chat import BotPlatform

SECONDS = 10.0


@dataclass(frozen=True)
class Address:
    """Where to. Secrets are decrypted; `chat_id` is a room, or a person's id on the platform."""

    platform: BotPlatform
    app_id: str | None
    app_secret: str | None
    webhook_token: str | None
    chat_id: str | None


@dataclass(frozen=True)
class GateCard:
    """A question; `answered` is who answered what, for a card that is edited in place."""

    stage_index: int
    stage_name: str
    round: int
    kind: str
    prompt: str
    choices: tuple[str, ...]
    answered: str | None


@dataclass(frozen=True)
class Message:
    """What is told."""

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


class Refused(Exception):
    """The platform will never take it; in its own words."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class TryAgain(Exception):
    """It may take it later: `after` so many seconds, if it said so."""

    def __init__(self, words: str, after: float | None = None) -> None:
        super().__init__(words)
        self.words, self.after = words, after


def send(address: Address, message: Message, *, allowed_hosts: frozenset[str]) -> str | None:
    """Post it; the platform's id of what was posted, where it has one.

    Raises Refused, TryAgain.
    """
    if address.platform is not BotPlatform.WEBHOOK:
        raise TryAgain(f"{address.platform} is not spoken yet")
    body = json.dumps(asdict(message), default=str).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address.webhook_token or "", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            return None
    except urllib.error.HTTPError as error:
        if error.code in (429, 500, 502, 503, 504):
            after = error.headers.get("Retry-After")
            raise TryAgain(f"HTTP {error.code}", float(after) if after else None) from None
        raise Refused(f"HTTP {error.code}") from None
    except OSError as error:
        raise TryAgain(type(error).__name__) from None


def edit(address: Address, ref: str, message: Message, *, allowed_hosts: frozenset[str]) -> None:
    """Change the card in place; nothing where the platform cannot. Raises Refused, TryAgain."""
