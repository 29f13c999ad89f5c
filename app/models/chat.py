"""Events from chat platforms, and the tokens that link chat accounts to developers."""

from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp


class ChatEvent(Model):
    """A person's action in a chat with a bot; `event_id` is the platform's ID.

    `payload` is a `chat.incoming_events.IncomingEvent` as JSON. After the event has taken effect
    (`done_at`), `reply` is the reply to send. `due_at` is when the event is processed next; null
    when nothing is left to do.
    """

    __tablename__ = "chat_events"

    id: Mapped[BigId]
    bot_id: Mapped[Big] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    event_id: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    received_at: Mapped[Timestamp] = mapped_column(index=True)
    due_at: Mapped[Timestamp | None]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[Timestamp | None]
    reply: Mapped[dict[str, Any] | None] = mapped_column(Json)

    __table_args__ = (
        UniqueConstraint("bot_id", "event_id"),
        Index("ix_chat_events_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )


class ChatToken(Model):
    """A token that links a developer to the chat account that sends it to a bot. It works once."""

    __tablename__ = "chat_tokens"

    id: Mapped[BigId]
    developer_id: Mapped[Big] = mapped_column(
        ForeignKey("developers.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp] = mapped_column(index=True)
    used_at: Mapped[Timestamp | None]
