"""Developers and their credentials."""

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, exists, text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.domain.roles import SystemRole
from app.domain.token_scope import UNRESTRICTED, AccessScope
from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp, pg_enum


class Developer(Model):
    """A person with an account.

    Raising `token_generation` ends all their sessions; raising `device_generation` makes all their
    browsers unknown again (`known_devices`). `base_role` is the role that people granted, if a
    provider's groups have raised it. `email` is in lower case and set only by admins or a provider:
    it identifies the person there. `platform_uid` is their account on a chat platform
    (`domain.chat.platform_uid_of`). `budget` and `budget_notified_month` are like a project's, for
    the tasks that they create. `must_change_password`: it was generated, or another person chose
    it. The console asks for a new one; nothing is refused because of it.
    """

    __tablename__ = "developers"

    id: Mapped[BigId]
    name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[SystemRole] = mapped_column(pg_enum(SystemRole))
    base_role: Mapped[SystemRole | None] = mapped_column(pg_enum(SystemRole))
    email: Mapped[str | None] = mapped_column(unique=True)
    git_name: Mapped[str]
    git_email: Mapped[str]
    token_generation: Mapped[int] = mapped_column(default=1)
    device_generation: Mapped[int] = mapped_column(default=1, server_default="1")
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    platform_uid: Mapped[str | None] = mapped_column(unique=True)
    budget: Mapped[dict[str, Any] | None] = mapped_column(Json)
    budget_notified_month: Mapped[date | None]
    disabled_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp]

    if TYPE_CHECKING:
        # See below.
        totp_enabled: Mapped[bool]
        access_scope: AccessScope

    __table_args__ = (Index("uq_developers_name", text("lower(name)"), unique=True),)


class PersonalToken(Model):
    """A personal access token, for a developer's scripts. `last_used_at` is accurate to one minute.

    `scopes` and the IDs in `projects` limit it permanently (`domain.token_scope`); null: no limit.
    """

    __tablename__ = "personal_tokens"

    id: Mapped[BigId]
    developer_id: Mapped[Big] = mapped_column(
        ForeignKey("developers.id", ondelete="CASCADE"), index=True
    )
    label: Mapped[str]
    prefix: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str] | None] = mapped_column(Json)
    projects: Mapped[list[int] | None] = mapped_column(Json)
    created_at: Mapped[Timestamp]
    last_used_at: Mapped[Timestamp | None]
    expires_at: Mapped[Timestamp | None]
    revoked_at: Mapped[Timestamp | None]

    __table_args__ = (Index("ix_personal_tokens_end", text("LEAST(expires_at, revoked_at)")),)


class SecondFactor(Model):
    """A developer's TOTP, required at logins once `enabled_at` is set.

    `secret` is encrypted. `last_step` is the time step of the last accepted code: no code of that
    or an earlier step is accepted again.
    """

    __tablename__ = "second_factors"

    developer_id: Mapped[Big] = mapped_column(
        ForeignKey("developers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    secret: Mapped[str]
    last_step: Mapped[Big] = mapped_column(default=0)
    enabled_at: Mapped[Timestamp | None]


# Deferred, so that it isn't read with each request's developer: lists undefer it.
Developer.totp_enabled = column_property(
    exists()
    .where(SecondFactor.developer_id == Developer.id, SecondFactor.enabled_at.is_not(None))
    .correlate_except(SecondFactor),
    deferred=True,
)


# The scope of the request's credential: not a column, `personal_tokens` sets it.
Developer.access_scope = UNRESTRICTED


class RecoveryCode(Model):
    """A one-time code for a developer who has lost their device."""

    __tablename__ = "recovery_codes"

    developer_id: Mapped[Big] = mapped_column(
        ForeignKey("second_factors.developer_id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(primary_key=True)
