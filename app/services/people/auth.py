"""Logins, and what they hand out: an access token for minutes, a refresh token for days.

The refresh tokens of one login are its family. Each is exchanged for its successor; one that
comes back later was copied, and then nobody can tell the owner from the thief: all of them die.
"""

import uuid
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from flask import current_app
from sqlalchemy import bindparam, select, update

from app.domain import tokens as forms
from app.domain.errors import InvalidCredentials, InvalidToken
from app.domain.search import LARGEST_ID
from app.domain.tokens import TokenKind
from app.extensions import db
from app.models import Developer, RefreshToken
from app.services import audit, clock
from app.services.people import developers, passwords, second_factor, sessions, tokens

log = structlog.get_logger(__name__)

# Each request of a person begins with it.
_BY_ID = (
    select(Developer)
    .where(Developer.id == bindparam("id"))
    .execution_options(prepared="developer_by_id")
)


class Pair(NamedTuple):
    """What a login gets."""

    access_token: str
    refresh_token: str


def login(name: str, password: str, totp_code: str | None = None) -> Pair:
    """Raises InvalidCredentials, after the same time whatever the reason.

    Raises TotpRequired and TotpInvalid only to those who know the password.
    """
    developer = developers.named(name)
    known = developer.password_hash if developer else passwords.NOBODY
    is_open = developer is not None and developer.disabled_at is None
    db.session.commit()  # no connection is held while the hash is computed
    # Of a disabled account no more is asked than of one that there is not.
    if not passwords.matches(known, password) or developer is None or not is_open:
        raise InvalidCredentials
    developer = developers.locked(developer.id)
    # Looked at again: a changed password must not let the old one in.
    if developer is None or developer.disabled_at or developer.password_hash != known:
        raise InvalidCredentials
    second_factor.demand(developer, totp_code, clock.now())
    if passwords.is_outdated(known):
        developer.password_hash = passwords.hash_of(password)
    return _committed(begin_family(developer, clock.now()))


def developer_of(access_token: str) -> Developer:
    """Whose token it is, in one query. Raises InvalidToken."""
    claims = tokens.access_claims(access_token)
    if not 0 < claims.developer_id <= LARGEST_ID:  # Postgres refuses it
        raise InvalidToken
    developer = db.session.scalars(_BY_ID, {"id": claims.developer_id}).one_or_none()
    if developer is None or not sessions.is_current(developer, claims.generation):
        raise InvalidToken
    return developer


def refresh(refresh_token: str) -> Pair:
    """The next pair. Raises InvalidToken; a token that was copied ends its whole family."""
    developer, link = _link(refresh_token)
    now = clock.now()  # after the wait for the lock
    if link.revoked_at or link.expires_at <= now:
        raise InvalidToken
    if not sessions.is_current(developer, link.generation):
        raise InvalidToken
    overlap = timedelta(seconds=current_app.config["REFRESH_OVERLAP_SECONDS"])
    if link.replaced_at and now > link.replaced_at + overlap:
        _revoke(link.family, now)
        # Whoever presented it: that is what is not known.
        audit.record("login.refresh_reused", "developer", developer.id, actor=None)
        db.session.commit()
        log.warning("refresh_token_reused", developer=developer.id, family=str(link.family))
        raise InvalidToken
    link.replaced_at = link.replaced_at or now
    return _committed(_pair(developer, link.family, now))


def logout(developer: Developer, refresh_token: str) -> None:
    """End the login that the token is of. A token that is not the developer's own is left alone."""
    try:
        owner, link = _link(refresh_token)
    except InvalidToken:
        return
    if owner.id == developer.id:
        _revoke(link.family, clock.now())
        db.session.commit()


def begin_family(developer: Developer, now: datetime) -> Pair:
    """The first pair of a login. The caller holds the developer's lock, and commits."""
    return _pair(developer, uuid.uuid4(), now)


def _pair(developer: Developer, family: uuid.UUID, now: datetime) -> Pair:
    refresh_token = tokens.new(TokenKind.REFRESH)
    db.session.add(
        RefreshToken(
            developer_id=developer.id,
            family=family,
            digest=forms.digest(refresh_token),
            generation=developer.token_generation,
            created_at=now,
            expires_at=now + timedelta(seconds=current_app.config["REFRESH_SECONDS"]),
        )
    )
    return Pair(tokens.access_token(developer, family), refresh_token)


def _committed(pair: Pair) -> Pair:
    db.session.commit()
    return pair


def _link(refresh_token: str) -> tuple[Developer, RefreshToken]:
    """The token's row and its developer, both locked. Raises InvalidToken."""
    if not forms.is_token(refresh_token, TokenKind.REFRESH):
        raise InvalidToken
    wanted = select(RefreshToken).where(RefreshToken.digest == forms.digest(refresh_token))
    found = db.session.scalar(wanted)
    # The developer's lock is the one for all of their tokens: a family that is being revoked
    # gets no new member meanwhile.
    developer = developers.locked(found.developer_id) if found else None
    link = db.session.scalar(wanted.execution_options(populate_existing=True))
    if developer is None or link is None:
        raise InvalidToken
    return developer, link


def _revoke(family: uuid.UUID, now: datetime) -> None:
    db.session.execute(
        update(RefreshToken)
        .where(RefreshToken.family == family, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
