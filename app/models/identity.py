"""Sign-in providers, and people's identities there."""

from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.roles import SystemRole
from app.extensions import Model
from app.models.columns import Big, BigId, Json, Timestamp, pg_enum


class IdentityProvider(Model):
    """An OpenID Connect provider. `client_secret` is encrypted (`services.encryption`).

    `roles` [{group, role}] and `memberships` [{group, project_key, role}] are what groups grant.
    """

    __tablename__ = "identity_providers"

    id: Mapped[BigId]
    name: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    issuer: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[str | None]
    scopes: Mapped[str]
    enabled: Mapped[bool]
    create_accounts: Mapped[bool]
    match_email: Mapped[bool]
    email_domains: Mapped[list[str]] = mapped_column(Json)
    groups_claim: Mapped[str]
    allowed_groups: Mapped[list[str]] = mapped_column(Json)
    roles: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    memberships: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    created_at: Mapped[Timestamp]
    updated_at: Mapped[Timestamp]


class DeveloperIdentity(Model):
    """A developer's identity at a provider. `role` and `projects` {id: role} are what their
    groups there granted at their last sign-in.
    """

    __tablename__ = "developer_identities"

    id: Mapped[BigId]
    developer_id: Mapped[Big] = mapped_column(ForeignKey("developers.id", ondelete="CASCADE"))
    provider_id: Mapped[Big] = mapped_column(ForeignKey("identity_providers.id"))
    subject: Mapped[str]
    email: Mapped[str | None]
    role: Mapped[SystemRole | None] = mapped_column(pg_enum(SystemRole))
    projects: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    linked_at: Mapped[Timestamp]
    last_used_at: Mapped[Timestamp | None]

    __table_args__ = (
        UniqueConstraint("provider_id", "subject"),
        Index("uq_developer_identities_developer", "developer_id", "provider_id", unique=True),
    )
