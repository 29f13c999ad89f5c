"""What people have to be told, and how far that is."""

from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.audience import NewsKind
from app.domain.delivery import DeliveryAct, DeliveryState
from app.extensions import Model
from app.models.bot import Bot
from app.models.columns import Big, BigId, Json, Moment, pg_enum
from app.models.task import Task


class OutboxEntry(Model):
    """An event that somebody is to be told of, written in its transaction.

    It is expanded once, into notifications and deliveries; `told` is what they say: {title, body,
    status, projectKey, gate?}. `actor_id` is the developer who acted.
    """

    __tablename__ = "outbox"

    id: Mapped[BigId]
    task_id: Mapped[Big] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[NewsKind] = mapped_column(pg_enum(NewsKind))
    round: Mapped[int]
    stage_index: Mapped[int | None]
    actor_id: Mapped[Big | None]
    message: Mapped[str]
    told: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[Moment]
    expanded_at: Mapped[Moment | None] = mapped_column(index=True)

    task: Mapped[Task] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("task_id", "number"),  # an event is told once
        Index("ix_outbox_waiting", "id", postgresql_where=text("expanded_at IS NULL")),
    )


_IS_OPEN = text("state IN ('pending', 'sending')")


class Delivery(Model):
    """A message to one chat. Unique by event, recipient and act: nothing is planned twice.

    `card_id` is the delivery whose card an edit is of; `ref` is the platform's id of what was
    posted. `leased_until` is when one that is being sent is anybody's again. `error` is what the
    platform said last. `developer_id` is whom a direct message is for.
    """

    __tablename__ = "deliveries"

    id: Mapped[BigId]
    outbox_id: Mapped[Big] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"))
    task_id: Mapped[Big]
    bot_id: Mapped[Big] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"), index=True)
    chat_id: Mapped[str]
    developer_id: Mapped[Big | None]
    act: Mapped[DeliveryAct] = mapped_column(pg_enum(DeliveryAct))
    card_id: Mapped[Big | None]
    state: Mapped[DeliveryState] = mapped_column(pg_enum(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[Moment]
    leased_until: Mapped[Moment | None]
    ref: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[Moment]
    done_at: Mapped[Moment | None]

    outbox: Mapped[OutboxEntry] = relationship(lazy="raise")
    bot: Mapped[Bot] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("outbox_id", "bot_id", "chat_id", "act"),
        Index("ix_deliveries_due", "bot_id", "due_at", postgresql_where=_IS_OPEN),
        # What a later one waits for.
        Index(
            "ix_deliveries_turn", "task_id", "bot_id", "chat_id", "id", postgresql_where=_IS_OPEN
        ),
        Index("ix_deliveries_card", "card_id", postgresql_where=text("card_id IS NOT NULL")),
        Index("ix_deliveries_state", "state", "id"),
    )


class BotHealth(Model):
    """How a bot's host answers (`domain.delivery.Circuit`), and how much went there since it is."""

    __tablename__ = "bot_health"

    bot_id: Mapped[Big] = mapped_column(
        ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    failures: Mapped[int] = mapped_column(default=0)
    rests_until: Mapped[Moment | None]
    sent: Mapped[Big] = mapped_column(default=0)
    retried: Mapped[Big] = mapped_column(default=0)
    died: Mapped[Big] = mapped_column(default=0)


class NotificationPreference(Model):
    """What a developer wants to hear, as far as it differs from `domain.audience.DEFAULTS`."""

    __tablename__ = "notification_preferences"

    developer_id: Mapped[Big] = mapped_column(
        ForeignKey("developers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    choices: Mapped[dict[str, Any]] = mapped_column(Json)
