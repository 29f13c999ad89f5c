"""What the tests beside it share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from app.chat.senders import Address, Message
from app.extensions import db
from app.models import BotHealth, Delivery
from app.services.clock import now

Answer = Callable[[Address, Message], str | None]


GATE = {
    "stageIndex": 0,
    "stageName": "publish",
    "round": 1,
    "kind": "choose",
    "prompt": "Where?",
    "choices": ["here", "there"],
    "number": 0,
}


MESSAGE = {"title": "T", "body": "B", "status": "suspended", "projectKey": "P"}


@dataclass
class Platform:
    """Stands in for the senders: what it was given, and how it answers."""

    answer: Answer = lambda _address, _message: None
    sent: list[tuple[Address, Message]] = field(default_factory=list)
    edited: list[tuple[str, Message]] = field(default_factory=list)

    def send(self, address: Address, message: Message, *, allowed_hosts: object) -> str | None:
        self.sent.append((address, message))
        return self.answer(address, message)

    def edit(self, address: Address, ref: str, message: Message, *, allowed_hosts: object) -> None:
        self.edited.append((ref, message))
        self.answer(address, message)


def fails(problem: Exception) -> Answer:
    def answer(_address: Address, _message: Message) -> str | None:
        raise problem

    return answer


def again(delivery: Delivery) -> Delivery:
    db.session.refresh(delivery)
    return delivery


def make_due(delivery: Delivery) -> None:
    """As if its wait, its bot's rest and its lease were over."""
    past = now() - timedelta(seconds=1)
    again(delivery)
    delivery.due_at = past
    delivery.leased_until = past if delivery.leased_until else None
    health = db.session.get(BotHealth, delivery.bot_id, populate_existing=True)
    if health is not None and health.paused_until is not None:
        health.paused_until = past
    db.session.commit()
