"""Question cards. Each is a delivery, even if a command has posted it.

So each chat gets one card per question, and closing the question edits that card once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select, text

from app.chat.incoming_events import Button
from app.domain.delivery import DeliveryAction, DeliveryState
from app.domain.notification_rules import NotificationType
from app.extensions import db
from app.models import Bot, Delivery, Gate, OutboxEntry
from app.services.notify import deliveries
from app.services.notify.deliveries import DeliveryResult

# A dead card is claimed again; any other has been posted, or is being sent.
_CLAIM = text("""
    INSERT INTO deliveries AS d (outbox_id, task_id, bot_id, chat_id, developer_id, action, state,
                                 attempts, due_at, leased_until, created_at)
    VALUES (:outbox_id, :task_id, :bot_id, :chat_id, :developer_id, 'post', 'sending',
            1, :now, :lease, :now)
    ON CONFLICT (outbox_id, bot_id, chat_id, action) DO UPDATE
    SET state = 'sending', attempts = d.attempts + 1, due_at = :now, leased_until = :lease,
        done_at = NULL
    WHERE d.state = 'dead'
    RETURNING d.id, d.attempts
""")


@dataclass(frozen=True)
class ClaimedCard:
    """A card that the caller must post before its lease ends; after that the sender posts it."""

    delivery_id: int
    attempts: int

    def mark_posted(self, ref: str | None, now: datetime) -> None:
        """Record that the card was posted, with the platform's `ref`. Commits."""
        self._store_result(
            DeliveryResult(self.delivery_id, self.attempts, DeliveryState.SENT, now, ref)
        )

    def mark_failed(self, words: str, now: datetime) -> None:
        """Record that posting failed; the next request for the card tries again. Commits."""
        dead = DeliveryState.DEAD
        self._store_result(DeliveryResult(self.delivery_id, self.attempts, dead, now, error=words))

    def _store_result(self, mark: DeliveryResult) -> None:
        deliveries.store_results([(0, mark)], {}, mark.due_at)


class AlreadyPosted(Exception):
    """The chat already has a card of the question, or will have one soon."""


def claim(
    bot: Bot, chat_id: str, developer_id: int | None, gate: Gate, now: datetime
) -> ClaimedCard | None:
    """Lease the card of an open question to the caller, for a chat or for a direct message.

    Returns None if the outbox entry of the question has been deleted: then nothing would edit the
    card. Commits. Raises AlreadyPosted.
    """
    asked = select(OutboxEntry.id).where(
        _is_question_entry(gate.task_id, gate.round, gate.stage_index)
    )
    outbox_id = db.session.scalar(asked.order_by(OutboxEntry.number.desc()).limit(1))
    if outbox_id is None:
        return None
    lease = now + timedelta(seconds=current_app.config["DELIVERY_LEASE_SECONDS"])
    whose = {"bot_id": bot.id, "chat_id": chat_id, "developer_id": developer_id}
    what = {"outbox_id": outbox_id, "task_id": gate.task_id, "now": now, "lease": lease}
    found = db.session.execute(_CLAIM, whose | what).one_or_none()
    db.session.commit()
    if found is None:
        raise AlreadyPosted
    return ClaimedCard(found.id, found.attempts)


def is_tracked(bot: Bot, card: str, pressed: Button) -> bool:
    """Whether the delivery that closes the question will edit the card.

    It won't if a person presses a button before the card's `ref` is stored.
    """
    here = (Delivery.ref == card) | (
        Delivery.ref.is_(None) & (Delivery.state == DeliveryState.SENDING)
    )
    query = (
        select(Delivery.id)
        .join(OutboxEntry, OutboxEntry.id == Delivery.outbox_id)
        .where(
            _is_question_entry(pressed.task_id, pressed.round, pressed.stage_index),
            Delivery.bot_id == bot.id,
            Delivery.action == DeliveryAction.POST,
            here,
        )
    )
    return db.session.scalar(query.limit(1)) is not None


def _is_question_entry(task_id: int, round_: int, stage_index: int) -> Any:
    return (
        (OutboxEntry.task_id == task_id)
        & (OutboxEntry.kind == NotificationType.GATE_OPENED)
        & (OutboxEntry.round == round_)
        & (OutboxEntry.stage_index == stage_index)
    )
