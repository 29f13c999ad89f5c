"""Logins: started, used, reauthenticated and ended; and the token pair of each.

Ending a login immediately ends its access and refresh tokens, and everything opened with them.
Personal access tokens aren't part of a login.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import Select, select, update

from app import wakeups
from app.domain import login as rules
from app.domain.errors import InvalidToken, NotFound, ReauthenticationRequired
from app.domain.login import LoginVia
from app.domain.tokens import TokenKind, digest
from app.extensions import db
from app.models import Developer, Login, RefreshToken
from app.services import audit, clock
from app.services.accounts import developers, tokens

# Maximum rate of writes for a used login, instead of one per request.
SEEN_PRECISION = timedelta(minutes=1)


class TokenPair(NamedTuple):
    """The two tokens of a login."""

    access_token: str
    refresh_token: str


def start(
    developer: Developer,
    now: datetime,
    *,
    via: LoginVia,
    client: str,
    address: str,
    provider: str | None = None,
) -> TokenPair:
    """Start a login and return its first pair. The caller holds the developer's lock, and commits.

    `client`: the login's name (`domain.login.client_name`). A device sign-in is approved elsewhere,
    so nobody has proved their identity on the device itself.
    """
    login = Login(
        id=uuid.uuid4(),
        developer_id=developer.id,
        via=via,
        client=client,
        address=_truncate_address(address),
        created_at=now,
        last_seen_at=now,
        reauthenticated_at=None if via is LoginVia.DEVICE else now,
        expires_at=_expires_at(now),
        provider=provider,
    )
    db.session.add(login)
    db.session.flush()  # before its refresh token, which names it
    fields = {"login": str(login.id), "via": via, "client": client, "provider": provider}
    audit.record("login.started", "developer", developer.id, actor=developer, after=fields)
    return _issue_pair(developer, login.id, now)


def refresh(developer: Developer, login_id: uuid.UUID, now: datetime, address: str) -> TokenPair:
    """Return the next pair of a login. The caller holds the developer's lock, and commits.

    Raises InvalidToken if the login has ended.
    """
    seen: dict[str, Any] = {"last_seen_at": now, "expires_at": _expires_at(now)}
    if address:
        seen["address"] = _truncate_address(address)
    gone_on = db.session.scalar(
        update(Login)
        .where(Login.id == login_id, Login.ended_at.is_(None))
        .values(**seen)
        .returning(Login.id)
    )
    if gone_on is None:
        raise InvalidToken
    return _issue_pair(developer, login_id, now)


def record_use(login_id: uuid.UUID, last_seen_at: datetime, now: datetime, address: str) -> None:
    """Record that the login is used: at most one write per minute. Commits what it writes."""
    before = now - SEEN_PRECISION
    if last_seen_at > before:
        return
    seen: dict[str, Any] = {"last_seen_at": now}
    if address:
        seen["address"] = _truncate_address(address)
    db.session.execute(
        # The condition is repeated, so that only one of many concurrent requests writes.
        update(Login).where(Login.id == login_id, Login.last_seen_at <= before).values(**seen),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()


def end(login_id: uuid.UUID, now: datetime) -> bool:
    """End a login; return whether it was active. The caller holds the developer's lock, and
    commits.
    """
    developer_id = db.session.scalar(
        update(Login)
        .where(Login.id == login_id, Login.ended_at.is_(None))
        .values(ended_at=now)
        .returning(Login.developer_id)
    )
    if developer_id is not None:
        wakeups.publish_sign_out(developer_id)
    return developer_id is not None


def end_all(developer: Developer, now: datetime, *, but: uuid.UUID | None = None) -> int:
    """End all of the developer's logins `but` one; return their number.

    The caller holds the developer's lock, and commits.
    """
    theirs = [Login.developer_id == developer.id, Login.ended_at.is_(None)]
    if but is not None:
        theirs.append(Login.id != but)
    ended = db.session.scalars(
        update(Login).where(*theirs).values(ended_at=now).returning(Login.id)
    ).all()
    # Their owner or an admin may no longer trust these devices. Sessions that stay signed in become
    # known again when they refresh.
    developer.device_generation += 1
    wakeups.publish_sign_out(developer.id)
    return len(ended)


def list_active(developer: Developer, now: datetime) -> Select[Login]:
    """Return the query of the developer's active logins."""
    return select(Login).where(
        Login.developer_id == developer.id, Login.ended_at.is_(None), Login.expires_at > now
    )


def lock_current(developer: Developer, login_id: uuid.UUID) -> Login:
    """Lock the developer's login. Raises InvalidToken if it has ended meanwhile."""
    login = db.session.get(
        Login, login_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if login is None or login.developer_id != developer.id or login.ended_at is not None:
        raise InvalidToken
    return login


def reauthenticate(
    developer: Developer, login_id: uuid.UUID, now: datetime, *, by: str
) -> datetime:
    """Record that the login's developer has just proved their identity, `by` what means.

    Returns when the reauthentication expires. The caller holds the developer's lock, and commits.
    Raises InvalidToken if the login has ended meanwhile.
    """
    lock_current(developer, login_id).reauthenticated_at = now
    fields = {"login": str(login_id), "by": by}
    audit.record("login.reauthenticated", "developer", developer.id, actor=developer, after=fields)
    return now + rules.REAUTHENTICATION_LIFETIME


def reauthenticated_until(login_id: uuid.UUID, now: datetime) -> datetime | None:
    """Return when the login's reauthentication expires; None if it has expired, or the login has
    ended.
    """
    reauthenticated_at = db.session.scalar(
        select(Login.reauthenticated_at).where(Login.id == login_id, Login.ended_at.is_(None))
    )
    return rules.reauthenticated_until(reauthenticated_at, now)


def require_recent(developer: Developer, login_id: uuid.UUID, now: datetime) -> None:
    """Raise ReauthenticationRequired unless the login's developer has recently signed in or
    reauthenticated; InvalidToken if the login has ended meanwhile.
    """
    if not rules.is_reauthenticated(lock_current(developer, login_id).reauthenticated_at, now):
        raise ReauthenticationRequired


# ---- your own logins ----------------------------------------------------------------------------


def end_one(actor: Developer, login_id: uuid.UUID) -> None:
    """End one of the actor's logins. Commits. Raises NotFound, InvalidToken."""
    developers.lock_current(actor)
    mine = list_active(actor, clock.now()).where(Login.id == login_id)
    if db.session.scalar(mine) is None:
        raise NotFound("Session not found.")
    actor.device_generation += 1  # as in `end_all`
    end_own(actor, login_id)


def end_own(actor: Developer, login_id: uuid.UUID) -> None:
    """End that login of the actor's. The caller holds its lock. Commits."""
    end(login_id, clock.now())
    fields = {"login": str(login_id)}
    audit.record("login.ended", "developer", actor.id, actor=actor, before=fields)
    db.session.commit()


def end_many(actor: Developer, *, but: uuid.UUID | None) -> None:
    """End all of the actor's logins `but` one. Commits. Raises InvalidToken."""
    developers.lock_current(actor)
    if ended := end_all(actor, clock.now(), but=but):
        fields = {"logins": ended}
        audit.record("login.ended", "developer", actor.id, actor=actor, before=fields)
    db.session.commit()


def _issue_pair(developer: Developer, login_id: uuid.UUID, now: datetime) -> TokenPair:
    refresh_token = tokens.generate(TokenKind.REFRESH)
    db.session.add(
        RefreshToken(
            developer_id=developer.id,
            family=login_id,
            digest=digest(refresh_token),
            generation=developer.token_generation,
            created_at=now,
            expires_at=_expires_at(now),
        )
    )
    return TokenPair(tokens.access_token(developer, login_id), refresh_token)


def _expires_at(now: datetime) -> datetime:
    return now + timedelta(seconds=current_app.config["REFRESH_SECONDS"])


def _truncate_address(address: str) -> str | None:
    return address[: audit.ADDRESS_LENGTH] or None
