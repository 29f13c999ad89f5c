"""Sign-in: a login's access token is valid for minutes, its refresh token for days.

The refresh tokens of one login are a family. Each is exchanged for the next one. If a used token
comes again, it was copied, and nobody can tell the owner from the thief: the login ends.
"""

import uuid
from datetime import timedelta

import structlog
from flask import current_app
from sqlalchemy import bindparam, select

from app.domain import tokens as forms
from app.domain.errors import InvalidCredentials, InvalidToken, PasswordLoginOff
from app.domain.login import LoginVia
from app.domain.tokens import TokenKind
from app.extensions import db
from app.models import Developer, Login, RefreshToken
from app.services import audit, clock
from app.services.accounts import (
    break_glass,
    developers,
    logins,
    passwords,
    second_factor,
    sessions,
    tokens,
)
from app.services.accounts.logins import TokenPair

log = structlog.get_logger(__name__)

# Each request of a developer starts with this query.
_BY_LOGIN = (
    select(Developer, Login.last_seen_at)
    .join(Login, Login.developer_id == Developer.id)
    .where(Login.id == bindparam("login"), Login.ended_at.is_(None))
    .execution_options(prepared="developer_by_login")
)


def login(
    name: str, password: str, totp_code: str | None = None, *, client: str = "", address: str = ""
) -> TokenPair:
    """Start a login, and return its tokens. Commits. `client` and `address` as in `logins.start`.

    Raises InvalidCredentials, after the same time whatever the reason; PasswordLoginOff,
    TotpRequired and TotpInvalid only if the password is correct.
    """
    developer = developers.find_by_name(name)
    known = developer.password_hash if developer else passwords.UNUSABLE_HASH
    is_open = developer is not None and developer.disabled_at is None
    db.session.commit()  # no connection is held while the hash is computed
    # A disabled account looks like one that doesn't exist.
    if not passwords.matches(known, password) or developer is None or not is_open:
        raise InvalidCredentials
    developer = developers.lock_developer(developer.id)
    # Checked again, under the lock: the password may have changed meanwhile.
    if developer is None or developer.disabled_at or developer.password_hash != known:
        raise InvalidCredentials
    if not break_glass.is_password_allowed(developer):
        raise PasswordLoginOff
    second_factor.require_code(developer, totp_code, clock.now())
    if passwords.is_outdated(known):
        developer.password_hash = passwords.hash_password(password)
    pair = logins.start(
        developer, clock.now(), via=LoginVia.PASSWORD, client=client, address=address
    )
    db.session.commit()
    return pair


def developer_of(access_token: str, address: str = "") -> Developer:
    """Return the developer of an access token, in one query and at most one write per minute.
    Raises InvalidToken.
    """
    claims = tokens.access_claims(access_token)
    found = db.session.execute(_BY_LOGIN, {"login": claims.login}).one_or_none()
    if found is None:
        raise InvalidToken
    developer, last_seen_at = found
    if developer.id != claims.developer_id or not sessions.is_current(developer, claims.generation):
        raise InvalidToken
    logins.record_use(claims.login, last_seen_at, clock.now(), address)
    return developer


def refresh(refresh_token: str, address: str = "") -> TokenPair:
    """Exchange a refresh token for a new pair. Commits.

    Raises InvalidToken. A token that was used before ends its login.
    """
    developer, link = _lock_refresh_token(refresh_token)
    now = clock.now()  # after the wait for the lock
    if link.expires_at <= now:
        raise InvalidToken
    if not sessions.is_current(developer, link.generation):
        raise InvalidToken
    overlap = timedelta(seconds=current_app.config["REFRESH_OVERLAP_SECONDS"])
    if link.replaced_at and now > link.replaced_at + overlap:
        if logins.end(link.family, now):
            developer.device_generation += 1  # the thief's device may be known, too
            # No actor: either the owner or a thief has sent the token.
            audit.record("login.refresh_reused", "developer", developer.id, actor=None)
            log.warning("refresh_token_reused", developer=developer.id, login=str(link.family))
        db.session.commit()
        raise InvalidToken
    pair = logins.refresh(developer, link.family, now, address)
    link.replaced_at = link.replaced_at or now
    db.session.commit()
    return pair


def logout(developer: Developer, refresh_token: str) -> None:
    """End the refresh token's login, and everything opened from it. Commits.

    Another developer's token is ignored.
    """
    end_login(refresh_token, whose=developer.id)


def end_login(refresh_token: str, whose: int | None = None) -> None:
    """End the refresh token's login, anyone's or only one developer's. Commits."""
    try:
        owner, link = _lock_refresh_token(refresh_token)
    except InvalidToken:
        return
    if whose in (None, owner.id) and logins.end(link.family, clock.now()):
        fields = {"login": str(link.family)}
        audit.record("login.ended", "developer", owner.id, actor=owner, before=fields)
    db.session.commit()


def login_of(refresh_token: str) -> uuid.UUID | None:
    """Return the refresh token's login, ended or not; None for an invalid token."""
    digest = forms.digest(refresh_token)
    return db.session.scalar(select(RefreshToken.family).where(RefreshToken.digest == digest))


def _lock_refresh_token(refresh_token: str) -> tuple[Developer, RefreshToken]:
    """Lock the token's row and its developer, and return both. Raises InvalidToken."""
    if not forms.is_token(refresh_token, TokenKind.REFRESH):
        raise InvalidToken
    wanted = select(RefreshToken).where(RefreshToken.digest == forms.digest(refresh_token))
    found = db.session.scalar(wanted)
    # The developer's lock is the lock of all their tokens, so that a login that is being ended gets
    # no new token.
    developer = developers.lock_developer(found.developer_id) if found else None
    link = db.session.scalar(wanted.execution_options(populate_existing=True))
    if developer is None or link is None:
        raise InvalidToken
    return developer, link
