"""Logins and their tokens: an access token, valid for minutes, and a refresh token, for days.

The refresh tokens of one login are a family. Each is exchanged for the next one. If a token comes
again after that, it was copied, and nobody can tell the owner from the thief: the whole family is
revoked.
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

# Each request of a developer begins with this query.
_BY_ID = (
    select(Developer)
    .where(Developer.id == bindparam("id"))
    .execution_options(prepared="developer_by_id")
)


class Pair(NamedTuple):
    """The two tokens of a login."""

    access_token: str
    refresh_token: str


def login(name: str, password: str, totp_code: str | None = None) -> Pair:
    """Begin a login, and return its tokens. Commits.

    Raises InvalidCredentials, after the same time whatever the reason; TotpRequired and TotpInvalid
    only if the password is right.
    """
    developer = developers.named(name)
    known = developer.password_hash if developer else passwords.NOBODY
    is_open = developer is not None and developer.disabled_at is None
    db.session.commit()  # no connection is held while the hash is computed
    # A disabled account looks like one that does not exist.
    if not passwords.matches(known, password) or developer is None or not is_open:
        raise InvalidCredentials
    developer = developers.locked(developer.id)
    # Checked again, under the lock: the password may have been changed meanwhile.
    if developer is None or developer.disabled_at or developer.password_hash != known:
        raise InvalidCredentials
    second_factor.demand(developer, totp_code, clock.now())
    if passwords.is_outdated(known):
        developer.password_hash = passwords.hash_of(password)
    return _committed(begin_family(developer, clock.now()))


def developer_of(access_token: str) -> Developer:
    """The developer of an access token, in one query. Raises InvalidToken."""
    claims = tokens.access_claims(access_token)
    if not 0 < claims.developer_id <= LARGEST_ID:  # Postgres refuses it
        raise InvalidToken
    developer = db.session.scalars(_BY_ID, {"id": claims.developer_id}).one_or_none()
    if developer is None or not sessions.is_current(developer, claims.generation):
        raise InvalidToken
    return developer


def refresh(refresh_token: str) -> Pair:
    """Exchange a refresh token for a new pair. Commits.

    Raises InvalidToken. A token that was used before revokes its whole family.
    """
    developer, link = _link(refresh_token)
    now = clock.now()  # after the wait for the lock
    if link.revoked_at or link.expires_at <= now:
        raise InvalidToken
    if not sessions.is_current(developer, link.generation):
        raise InvalidToken
    overlap = timedelta(seconds=current_app.config["REFRESH_OVERLAP_SECONDS"])
    if link.replaced_at and now > link.replaced_at + overlap:
        _revoke(link.family, now)
        # No actor: it is not known whether the owner or a thief has sent the token.
        audit.record("login.refresh_reused", "developer", developer.id, actor=None)
        db.session.commit()
        log.warning("refresh_token_reused", developer=developer.id, family=str(link.family))
        raise InvalidToken
    link.replaced_at = link.replaced_at or now
    return _committed(_pair(developer, link.family, now))


def logout(developer: Developer, refresh_token: str) -> None:
    """End the login of the refresh token, and with it what was opened from that login. Commits.

    A token that is not one of the developer's own is left alone.
    """
    try:
        owner, link = _link(refresh_token)
    except InvalidToken:
        return
    if owner.id == developer.id:
        _revoke(link.family, clock.now())
        db.session.commit()


def begin_family(developer: Developer, now: datetime) -> Pair:
    """The first pair of a new login. The caller holds the developer's lock, and commits."""
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
    # The developer's lock is the lock of all of their tokens, so that a family that is being
    # revoked gets no new token.
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
