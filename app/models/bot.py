"""Bots, and the chats that are bound to projects."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.chat import BotPlatform
from app.extensions import Model
from app.models.audit_stream import AuditStream
from app.models.columns import Big, BigId, Timestamp, pg_enum


class Bot(Model):
    """An account on a chat platform, or a URL to notify.

    `domain.chat.CREDENTIALS` has the meaning of the credentials on each platform. `app_secret`,
    `webhook_token` and `encrypt_key` are encrypted (`services.encryption`). With `audit_log`, the
    URL also receives the audit log (`services.notify.audit_stream`).
    """

    __tablename__ = "bots"

    id: Mapped[BigId]
    platform: Mapped[BotPlatform] = mapped_column(pg_enum(BotPlatform))
    name: Mapped[str]
    app_id: Mapped[str | None]
    app_secret: Mapped[str | None]
    webhook_token: Mapped[str | None]
    encrypt_key: Mapped[str | None]
    audit_log: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Timestamp]

    audit_stream: Mapped[AuditStream | None] = relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )

    # The app ID finds the bot of an event. Bots without one (null) don't conflict.
    __table_args__ = (UniqueConstraint("platform", "app_id"),)


class BotBinding(Model):
    """A chat that is bound to a project: the bot creates and reports the project's tasks there."""

    __tablename__ = "bot_bindings"

    id: Mapped[BigId]
    bot_id: Mapped[Big] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    platform_chat_id: Mapped[str]
    project_id: Mapped[Big] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )
    chat_name: Mapped[str]
    created_at: Mapped[Timestamp]

    __table_args__ = (UniqueConstraint("bot_id", "platform_chat_id"),)
