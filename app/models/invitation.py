"""Invitations."""

from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.roles import SystemRole
from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp, pg_enum


class Invitation(Model):
    """A link with which one person creates an account.

    `digest` is that of the secret in the link. `projects` has the new account's role by project ID.
    `developer_id` is the account, once `accepted_at` is set.
    """

    __tablename__ = "invitations"

    id: Mapped[BigId]
    digest: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None]
    role: Mapped[SystemRole] = mapped_column(pg_enum(SystemRole))
    projects: Mapped[dict[str, Any]] = mapped_column(Json)
    note: Mapped[str]
    created_by: Mapped[Big] = mapped_column(ForeignKey("developers.id"))
    created_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp]
    withdrawn_at: Mapped[Timestamp | None]
    accepted_at: Mapped[Timestamp | None]
    developer_id: Mapped[Big | None] = mapped_column(ForeignKey("developers.id"))

    __table_args__ = (Index("ix_invitations_end", text("LEAST(expires_at, withdrawn_at)")),)
