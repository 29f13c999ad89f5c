"""Enrollment tokens: each enrolls one machine, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import Select, select

from app.domain import field_errors
from app.domain.agents import installed_agents
from app.domain.errors import InvalidFields, NotFound
from app.domain.tokens import TokenKind, digest
from app.extensions import db
from app.models import Attempt, Developer, EnrollmentToken
from app.services import audit, rights, settings
from app.services.accounts import tokens
from app.services.clock import now as clock_now
from app.services.machines import queries
from app.services.machines.queries import MachineView

PREFIX_LENGTH = len("mst_enroll_") + 8  # enough for people to distinguish tokens


class TokenStatus(StrEnum):
    UNUSED = "unused"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True)
class EnrollmentTokenView:
    """An enrollment token and its use; `secret` is the token itself, right after its creation, and
    `install_line` the command that adds a machine with it.

    A revoked token may have been used before.
    """

    token: EnrollmentToken
    status: TokenStatus
    secret: str | None = None
    install_line: str | None = None

    @property
    def connected_at(self) -> datetime | None:
        """Return when the machine first connected, read from the database."""
        return self.machine.machine.connected_at if self.machine else None

    @property
    def agents(self) -> list[Mapping[str, Any]]:
        """Return the agents found on the machine, by its capabilities; none before it has
        connected and reported them.
        """
        if self.machine is None or self.connected_at is None:
            return []
        return installed_agents(self.machine.machine.capabilities)

    @property
    def first_task(self) -> Attempt | None:
        """Return the first attempt that started on the machine, read from the database."""
        begun = Attempt.machine_id == self.token.machine_id, Attempt.started_at.is_not(None)
        query = select(Attempt).where(*begun).order_by(Attempt.started_at).limit(1)
        return db.session.scalar(query) if self.token.machine_id else None

    @cached_property
    def machine(self) -> MachineView | None:
        """Return the token's machine, read from the database."""
        machine_id = self.token.machine_id
        return queries.get(machine_id) if machine_id else None


def create(
    actor: Developer, *, label: str = "", expires_at: datetime | None = None
) -> EnrollmentTokenView:
    """Create an enrollment token; without `expires_at`, its lifetime is the setting's. Commits.

    Raises Forbidden, InvalidFields for an expiry in the past.
    """
    rights.require_admin(actor)
    now = clock_now()
    if expires_at is not None and expires_at <= now:
        raise InvalidFields({"expiresAt": [field_errors.PAST]})
    lifetime = timedelta(hours=settings.value("enrollmentTokenHours"))
    secret = tokens.generate(TokenKind.ENROLLMENT)
    token = EnrollmentToken(
        label=label,
        prefix=secret[:PREFIX_LENGTH],
        digest=digest(secret),
        created_by=actor.id,
        created_at=now,
        expires_at=expires_at or now + lifetime,
    )
    db.session.add(token)
    db.session.flush()
    fields = {"label": label, "prefix": token.prefix, "expiresAt": token.expires_at}
    audit.record("worker_token.created", "worker_token", token.id, actor=actor, after=fields)
    db.session.commit()
    return EnrollmentTokenView(token, TokenStatus.UNUSED, secret)


def listing(actor: Developer) -> Select[EnrollmentToken]:
    """Return the query of all tokens. Raises Forbidden."""
    rights.require_admin(actor)
    return select(EnrollmentToken)


def get(actor: Developer, token_id: int) -> EnrollmentTokenView:
    """Return one enrollment token. Raises Forbidden, NotFound."""
    rights.require_admin(actor)
    return view(_require_found(db.session.get(EnrollmentToken, token_id)))


def revoke(actor: Developer, token_id: int) -> EnrollmentTokenView:
    """Revoke a token: it enrolls no machine any more; its existing machine stays. Returns the
    token. Commits.

    Raises Forbidden, NotFound.
    """
    rights.require_admin(actor)
    token = _require_found(db.session.get(EnrollmentToken, token_id, with_for_update=True))
    if token.revoked_at is None:
        token.revoked_at = clock_now()
        audit.record("worker_token.revoked", "worker_token", token_id, actor=actor)
    db.session.commit()
    return view(token)


def view(token: EnrollmentToken) -> EnrollmentTokenView:
    """Return the token's current state."""
    return EnrollmentTokenView(token, _status(token, clock_now()))


def _status(token: EnrollmentToken, now: datetime) -> TokenStatus:
    if token.revoked_at is not None:
        return TokenStatus.REVOKED
    if token.used_at is not None:
        return TokenStatus.USED
    return TokenStatus.EXPIRED if token.expires_at <= now else TokenStatus.UNUSED


def _require_found(token: EnrollmentToken | None) -> EnrollmentToken:
    if token is None:
        raise NotFound("Enrollment token not found.")
    return token
