"""Bots, and the chats in which they speak of projects."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.chat import BotPlatform
from app.extensions import Model
from app.models.columns import Big, BigId, Moment, pg_enum


class Bot(Model):
    """An account on a chat platform, or an address to notify (`domain.chat` says what holds what).

    `app_secret`, `webhook_token` and `encrypt_key` hold Fernet tokens (see `services.vault`).
    """

    __tablename__ = "bots"

    id: Mapped[BigId]
    platform: Mapped[BotPlatform] = mapped_column(pg_enum(BotPlatform))
    name: Mapped[str]
    app_id: Mapped[str | None]
    app_secret: Mapped[str | None]
    webhook_token: Mapped[str | None]
    encrypt_key: Mapped[str | None]
    created_at: Mapped[Moment]

    # By the app an event's bot is found; those that have none are not held against each other.
    __table_args__ = (UniqueConstraint("platform", "app_id"),)


class BotBinding(Model):
    """A chat of a bot in which a project's tasks are made and told about."""

    __tablename__ = "bot_bindings"

    id: Mapped[BigId]
    bot_id: Mapped[Big] = mapped_column(ForeignKey("bots.id", ondelete="CASCADE"))
    platform_chat_id: Mapped[str]
    project_id: Mapped[Big] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )
    chat_name: Mapped[str]
    created_at: Mapped[Moment]

    __table_args__ = (UniqueConstraint("bot_id", "platform_chat_id"),)
