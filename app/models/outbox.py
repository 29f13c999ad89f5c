"""The outbox: events to notify people of, and the resulting chat messages."""

from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.delivery import DeliveryAction, DeliveryState
from app.domain.notification_rules import NotificationType
from app.extensions import Model
from app.models.bot import Bot
from app.models.columns import Big, BigId, Json, Timestamp, pg_enum
from app.models.task import Task


class OutboxEntry(Model):
    """An event of a task that may notify people, written in the event's transaction.

    `services.notify.fan_out` expands each entry once, into notifications and deliveries, and sets
    `content`, the content that they show: {title, body, status, state, projectKey, gate?,
    refused?}. `number` is the event's number in its task, `actor_id` the developer who caused it.
    """

    __tablename__ = "outbox"

    id: Mapped[BigId]
    task_id: Mapped[Big] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[NotificationType] = mapped_column(pg_enum(NotificationType))
    round: Mapped[int]
    stage_index: Mapped[int | None]
    actor_id: Mapped[Big | None]
    message: Mapped[str]
    content: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[Timestamp]
    expanded_at: Mapped[Timestamp | None] = mapped_column(index=True)

    task: Mapped[Task] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("task_id", "number"),  # an event notifies once
        Index("ix_outbox_waiting", "id", postgresql_where=text("expanded_at IS NULL")),
    )


_IS_OPEN = text("state IN ('pending', 'sending')")


class Delivery(Model):
    """A message to one chat. Unique by entry, chat and action, so that none is planned twice.

    `card_id` is, for an edit, the delivery that posted the card; `ref` is the platform's ID of the
    posted message. A delivery that is being sent belongs to its sender until `leased_until`; after
    that any sender may claim it. `error` is the platform's last error message. `developer_id` is
    the recipient of a direct message.
    """

    __tablename__ = "deliveries"

    id: Mapped[BigId]
    outbox_id: Mapped[Big] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"))
    task_id: Mapped[Big]
    bot_id: Mapped[Big] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"), index=True)
    chat_id: Mapped[str]
    developer_id: Mapped[Big | None]
    action: Mapped[DeliveryAction] = mapped_column(pg_enum(DeliveryAction))
    card_id: Mapped[Big | None]
    state: Mapped[DeliveryState] = mapped_column(pg_enum(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[Timestamp]
    leased_until: Mapped[Timestamp | None]
    ref: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[Timestamp]
    done_at: Mapped[Timestamp | None]

    outbox: Mapped[OutboxEntry] = relationship(lazy="raise")
    bot: Mapped[Bot] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("outbox_id", "bot_id", "chat_id", "action"),
        Index("ix_deliveries_due", "bot_id", "due_at", postgresql_where=_IS_OPEN),
        # A delivery waits for the earlier ones of its task in the same chat.
        Index(
            "ix_deliveries_turn", "task_id", "bot_id", "chat_id", "id", postgresql_where=_IS_OPEN
        ),
        Index("ix_deliveries_card", "card_id", postgresql_where=text("card_id IS NOT NULL")),
        Index("ix_deliveries_state", "state", "id"),
    )


class BotHealth(Model):
    """A bot's circuit breaker (`domain.delivery.CircuitBreaker`), and the counts of its
    deliveries.
    """

    __tablename__ = "bot_health"

    bot_id: Mapped[Big] = mapped_column(
        ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[Timestamp | None]
    sent: Mapped[Big] = mapped_column(default=0)
    retried: Mapped[Big] = mapped_column(default=0)
    died: Mapped[Big] = mapped_column(default=0)


class NotificationPreference(Model):
    """A developer's preferences that differ from `domain.notification_rules.DEFAULTS`."""

    __tablename__ = "notification_preferences"

    developer_id: Mapped[Big] = mapped_column(
        ForeignKey("developers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    choices: Mapped[dict[str, Any]] = mapped_column(Json)
