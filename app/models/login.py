"""Logins, and the refresh tokens that continue them."""

import uuid

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.login import LoginVia
from app.extensions import Model
from app.models.columns import Big, BigId, Timestamp, pg_enum


class Login(Model):
    """A developer's login, until it's ended, or expires without a refresh.

    `client` is the client's own name, and `address` its last one; `last_seen_at` is accurate to one
    minute. `reauthenticated_at`: when its owner last proved their identity, by signing in or later.
    `provider` is the provider that they used; `provider_session` is encrypted.
    """

    __tablename__ = "logins"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    developer_id: Mapped[Big] = mapped_column(ForeignKey("developers.id", ondelete="CASCADE"))
    via: Mapped[LoginVia] = mapped_column(pg_enum(LoginVia))
    client: Mapped[str]
    address: Mapped[str | None]
    created_at: Mapped[Timestamp]
    last_seen_at: Mapped[Timestamp]
    reauthenticated_at: Mapped[Timestamp | None]
    expires_at: Mapped[Timestamp]
    ended_at: Mapped[Timestamp | None]
    provider: Mapped[str | None]
    provider_session: Mapped[str | None]

    __table_args__ = (
        Index("ix_logins_developer", "developer_id", "created_at", "id"),
        Index("ix_logins_end", text("LEAST(expires_at, ended_at)")),
    )


class RefreshToken(Model):
    """A refresh token. Those of one login (`family`), each replacing the previous one, end with
    it.
    """

    __tablename__ = "refresh_tokens"

    id: Mapped[BigId]
    developer_id: Mapped[Big] = mapped_column(ForeignKey("developers.id", ondelete="CASCADE"))
    family: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("logins.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(unique=True)
    generation: Mapped[int]
    created_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp] = mapped_column(index=True)
    replaced_at: Mapped[Timestamp | None]
