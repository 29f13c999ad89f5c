"""Personal access tokens: credentials for a developer's scripts."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_, select, update

from app import wakeups
from app.domain import field_errors
from app.domain.errors import InvalidFields, InvalidToken, NotFound
from app.domain.token_scope import AccessScope, TokenScope
from app.domain.tokens import TokenKind, digest, is_token
from app.extensions import db
from app.models import Developer, PersonalToken, Project
from app.services import audit, clock, settings
from app.services.accounts import developers, logins, tokens
from app.services.projects import projects

PREFIX_LENGTH = len("mst_pat_") + 8  # enough for people to distinguish tokens
# Maximum rate of writes for a used token, instead of one per request.
USE_PRECISION = timedelta(minutes=1)


@dataclass(frozen=True)
class PersonalTokenView:
    """A token's row. `secret` is the token itself, right after creation. `projects` are its
    project keys; None for all.
    """

    token: PersonalToken
    secret: str | None = None
    projects: Sequence[str] | None = None

    @property
    def scopes(self) -> list[TokenScope]:
        reach = AccessScope.from_columns(self.token.scopes, self.token.projects)
        return [scope for scope in TokenScope if scope in reach.scopes]


def create(
    actor: Developer,
    login_id: uuid.UUID,
    *,
    label: str,
    expires_at: datetime | None = None,
    scopes: Sequence[TokenScope] | None = None,
    project_keys: Sequence[str] | None = None,
) -> PersonalTokenView:
    """Create a token for the reauthenticated login.

    By default, it has all the actor's permissions, and the maximum lifetime that an admin has set.
    Commits. Raises ReauthenticationRequired, InvalidFields.
    """
    developers.lock_current(actor)  # an account that is being disabled gets no more tokens
    now = clock.now()
    logins.require_recent(actor, login_id, now)
    expires_at = _expires_at(expires_at, now)
    if scopes and project_keys and TokenScope.ADMIN in scopes:
        raise InvalidFields({"scopes": [field_errors.SCOPES_CLASH]})
    ids = None if project_keys is None else _project_ids(actor, project_keys)
    secret = tokens.generate(TokenKind.PERSONAL)
    token = PersonalToken(
        developer_id=actor.id,
        label=label,
        prefix=secret[:PREFIX_LENGTH],
        digest=digest(secret),
        scopes=None if scopes is None else sorted(set(scopes)),
        projects=ids,
        created_at=now,
        expires_at=expires_at,
    )
    db.session.add(token)
    db.session.flush()
    view = views([token], secret)[0]
    fields: dict[str, Any] = {"label": label, "prefix": token.prefix, "expiresAt": expires_at}
    fields |= {"scopes": view.scopes, "projects": view.projects}
    audit.record("personal_token.created", "personal_token", token.id, actor=actor, after=fields)
    db.session.commit()
    return view


def _expires_at(wanted: datetime | None, now: datetime) -> datetime | None:
    """Return when a token expires whose requested expiry is `wanted`. Raises InvalidFields."""
    days = settings.value(settings.TOKEN_DAYS)
    latest = now + timedelta(days=days) if days else None
    if wanted is None:
        return latest
    if wanted <= now:
        raise InvalidFields({"expiresAt": [field_errors.PAST]})
    if latest is not None and wanted > latest:
        raise InvalidFields({"expiresAt": [field_errors.LIVES_TOO_LONG(days=days)]})
    return wanted


def _project_ids(actor: Developer, keys: Sequence[str]) -> list[int]:
    """Return the IDs of the projects, which the actor must see. Raises InvalidFields."""
    try:
        return sorted({projects.get(actor, key).id for key in keys})
    except NotFound:
        raise InvalidFields({"projects": [field_errors.NO_SUCH_PROJECT]}) from None


def views(tokens_: Sequence[PersonalToken], secret: str | None = None) -> list[PersonalTokenView]:
    """Return the tokens with their project keys, in the same order, with at most one query."""
    ids = {id_ for token in tokens_ for id_ in token.projects or ()}
    query = select(Project.id, Project.key).where(Project.id.in_(ids))
    keys = {row.id: row.key for row in db.session.execute(query)} if ids else {}
    return [
        PersonalTokenView(
            token,
            secret,
            None if token.projects is None else sorted(keys[id_] for id_ in token.projects),
        )
        for token in tokens_
    ]


def listing(actor: Developer) -> Select[PersonalToken]:
    """Return the query of the developer's own tokens."""
    return select(PersonalToken).where(PersonalToken.developer_id == actor.id)


def revoke(actor: Developer, token_id: int) -> PersonalTokenView:
    """Revoke a token. Commits. Raises NotFound, also for another's token."""
    token = db.session.get(PersonalToken, token_id, with_for_update=True, populate_existing=True)
    if token is None or token.developer_id != actor.id:
        raise NotFound("Token not found.")
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        wakeups.publish_sign_out(actor.id)
        audit.record("personal_token.revoked", "personal_token", token_id, actor=actor)
    db.session.commit()
    return views([token])[0]


def revoke_all(developer: Developer, now: datetime) -> None:
    """Revoke all of the developer's tokens. The caller holds their lock, and commits."""
    db.session.execute(
        update(PersonalToken)
        .where(PersonalToken.developer_id == developer.id, PersonalToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def is_personal_token(credential: str) -> bool:
    """Whether the credential has the format of a personal access token."""
    return is_token(credential, TokenKind.PERSONAL)


def developer_of(secret: str) -> Developer:
    """Return the developer of a token, in one query and at most one write per minute. Raises
    InvalidToken.
    """
    query = (
        select(PersonalToken, Developer)
        .join(Developer, Developer.id == PersonalToken.developer_id)
        .where(PersonalToken.digest == digest(secret))
    )
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise InvalidToken
    token, developer = found
    now = clock.now()
    if token.revoked_at or developer.disabled_at or _has_ended(token, now):
        raise InvalidToken
    _record_use(token, now)
    developer.access_scope = AccessScope.from_columns(token.scopes, token.projects)
    return developer


def _record_use(token: PersonalToken, now: datetime) -> None:
    before = now - USE_PRECISION
    if token.last_used_at is not None and token.last_used_at > before:
        return
    db.session.execute(
        update(PersonalToken)
        # The condition is repeated, so that only one of many concurrent requests writes.
        .where(
            PersonalToken.id == token.id,
            or_(PersonalToken.last_used_at.is_(None), PersonalToken.last_used_at <= before),
        )
        .values(last_used_at=now)
    )
    db.session.commit()


def _has_ended(token: PersonalToken, now: datetime) -> bool:
    return token.expires_at is not None and token.expires_at <= now
