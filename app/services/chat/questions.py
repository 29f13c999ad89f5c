"""The cards that ask a question: each is a delivery, whoever had it posted. So a chat is asked
once, and whatever closes the question edits the card, once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select, text

from app.chat.incoming import Button
from app.domain.audience import NewsKind
from app.domain.delivery import DeliveryAct, DeliveryState
from app.extensions import db
from app.models import Bot, Delivery, Gate, OutboxEntry
from app.services.notify import deliveries
from app.services.notify.deliveries import Mark

# One that had been given up is tried again; any other is there, or on its way.
_TAKE = text("""
    INSERT INTO deliveries AS d (outbox_id, task_id, bot_id, chat_id, developer_id, act, state,
                                 attempts, due_at, leased_until, created_at)
    VALUES (:outbox_id, :task_id, :bot_id, :chat_id, :developer_id, 'post', 'sending',
            1, :now, :lease, :now)
    ON CONFLICT (outbox_id, bot_id, chat_id, act) DO UPDATE
    SET state = 'sending', attempts = d.attempts + 1, due_at = :now, leased_until = :lease,
        done_at = NULL
    WHERE d.state = 'dead'
    RETURNING d.id, d.attempts
""")


@dataclass(frozen=True)
class Taken:
    """A card that is ours to post until a lease ends; then it is the sender's."""

    delivery_id: int
    attempts: int

    def posted(self, ref: str | None, now: datetime) -> None:
        """Commits."""
        self._mark(Mark(self.delivery_id, self.attempts, DeliveryState.SENT, now, ref))

    def failed(self, words: str, now: datetime) -> None:
        """Whoever asks for the card next tries again. Commits."""
        dead = DeliveryState.DEAD
        self._mark(Mark(self.delivery_id, self.attempts, dead, now, error=words))

    def _mark(self, mark: Mark) -> None:
        deliveries.mark([(0, mark)], {}, mark.due_at)


class AskedThere(Exception):
    """That chat has a card of the question, or is about to."""


def take(
    bot: Bot, chat_id: str, developer_id: int | None, gate: Gate, now: datetime
) -> Taken | None:
    """The card of an open question in a room, or with that developer, to be posted now.

    None where the question's news are older than what is kept: nothing will edit that card.
    Commits. Raises AskedThere.
    """
    asked = select(OutboxEntry.id).where(_of(gate.task_id, gate.round, gate.stage_index))
    outbox_id = db.session.scalar(asked.order_by(OutboxEntry.number.desc()).limit(1))
    if outbox_id is None:
        return None
    lease = now + timedelta(seconds=current_app.config["DELIVERY_LEASE_SECONDS"])
    whose = {"bot_id": bot.id, "chat_id": chat_id, "developer_id": developer_id}
    what = {"outbox_id": outbox_id, "task_id": gate.task_id, "now": now, "lease": lease}
    found = db.session.execute(_TAKE, whose | what).one_or_none()
    db.session.commit()
    if found is None:
        raise AskedThere
    return Taken(found.id, found.attempts)


def is_kept(bot: Bot, card: str, pressed: Button) -> bool:
    """Whether what closes the question edits that card by itself.

    People can be faster than the note of where the card is.
    """
    here = (Delivery.ref == card) | (
        Delivery.ref.is_(None) & (Delivery.state == DeliveryState.SENDING)
    )
    query = (
        select(Delivery.id)
        .join(OutboxEntry, OutboxEntry.id == Delivery.outbox_id)
        .where(
            _of(pressed.task_id, pressed.round, pressed.stage_index),
            Delivery.bot_id == bot.id,
            Delivery.act == DeliveryAct.POST,
            here,
        )
    )
    return db.session.scalar(query.limit(1)) is not None


def _of(task_id: int, round_: int, stage_index: int) -> Any:
    return (
        (OutboxEntry.task_id == task_id)
        & (OutboxEntry.kind == NewsKind.GATE_OPENED)
        & (OutboxEntry.round == round_)
        & (OutboxEntry.stage_index == stage_index)
    )
