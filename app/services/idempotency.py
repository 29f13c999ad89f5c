"""Idempotency keys: requests that a client may repeat because it didn't get the response.

A request's effect and its key are committed together, so a key exists exactly if the effect does.
Of equal concurrent requests one gets the key; the others wait for its commit, roll back their own
effect, and return the same response.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import DomainError, IdempotencyKeyReused
from app.extensions import db
from app.models import Developer, IdempotencyKey
from app.services import clock, settings

Made = TypeVar("Made")


class StoredResponse(NamedTuple):
    """A response's body, and whether it's the stored one of an earlier request."""

    body: dict[str, Any]
    replayed: bool


class _KeyUsed(Exception):
    """Another request has committed under this key."""


def run_once(
    actor: Developer,
    key: str,
    request: Mapping[str, Any],
    make: Callable[[Callable[[Made], None]], Made],
    answer: Callable[[Made], dict[str, Any]],
    require_right: Callable[[], object],
) -> StoredResponse:
    """Carry out a request once, and return its response: the first one, if it's repeated.

    `make(remember)` carries it out and commits; just before its commit, it calls `remember` with
    its result. `answer` turns that into the response's body, without queries. `require_right`
    raises if the actor may no longer see the stored response. Raises IdempotencyKeyReused if the
    key came with a different request, and what `make` raises; then nothing is stored.
    """
    now = clock.now()
    over = now - timedelta(hours=settings.value("idempotencyHours"))
    mine = _KeyClaim(actor.id, key, _fingerprint(request), now, over)
    body: dict[str, Any] = {}
    # A repetition usually comes after the commit: then it does nothing, and locks nothing.
    if first := _find_first(mine):
        require_right()
        return StoredResponse(_response_body(first, mine), replayed=True)

    def remember(made: Made) -> None:
        body.update(answer(made))
        _claim(mine, body)

    try:
        make(remember)
    except (
        _KeyUsed,
        DomainError,
    ) as error:  # the first request may have made this one invalid
        db.session.rollback()
        if first := _find_first(mine):
            return StoredResponse(_response_body(first, mine), replayed=True)
        if isinstance(error, DomainError):
            raise
        return run_once(
            actor, key, request, make, answer, require_right
        )  # the other request's key was just deleted
    return StoredResponse(body, replayed=False)


class _KeyClaim(NamedTuple):
    developer_id: int
    key: str
    fingerprint: str
    now: datetime
    expired_before: datetime  # keys created at this time or before have expired


def _fingerprint(request: Mapping[str, Any]) -> str:
    canonical = json.dumps(request, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _claim(mine: _KeyClaim, body: dict[str, Any]) -> None:
    """Store the key; waits for a request that is storing the same key.

    Raises _KeyUsed if that request has committed.
    """
    fresh = {"fingerprint": mine.fingerprint, "response": body, "created_at": mine.now}
    claim = (
        insert(IdempotencyKey)
        .values(developer_id=mine.developer_id, key=mine.key, **fresh)
        .on_conflict_do_update(
            index_elements=[IdempotencyKey.developer_id, IdempotencyKey.key],
            set_=fresh,
            where=IdempotencyKey.created_at <= mine.expired_before,  # expired, but not yet deleted
        )
        .returning(IdempotencyKey.key)
    )
    if db.session.scalar(claim) is None:
        raise _KeyUsed


def _find_first(mine: _KeyClaim) -> IdempotencyKey | None:
    """Return the stored key, if a request has committed under it and it hasn't expired."""
    return db.session.scalar(
        select(IdempotencyKey).where(
            IdempotencyKey.developer_id == mine.developer_id,
            IdempotencyKey.key == mine.key,
            IdempotencyKey.created_at > mine.expired_before,
        )
    )


def _response_body(first: IdempotencyKey, mine: _KeyClaim) -> dict[str, Any]:
    """Return the body of the response to the key's first request. Raises IdempotencyKeyReused."""
    if first.fingerprint != mine.fingerprint:
        raise IdempotencyKeyReused
    return first.response
