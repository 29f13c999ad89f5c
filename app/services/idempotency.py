"""Requests that a client may repeat, because it did not hear the answer.

What a request made and the key that it came with are committed together: there is a key exactly
where there is an effect. Of the same requests at once one gets the key; the others wait for its
commit, take back what they made, and answer what it answered.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.domain.errors import IdempotencyKeyReused, InvalidFields
from app.extensions import db
from app.models import Developer, IdempotencyKey
from app.services import clock, settings

Made = TypeVar("Made")


class StoredResponse(NamedTuple):
    """A response's body, and whether it was given before."""

    body: dict[str, Any]
    replayed: bool


class _KeyTaken(Exception):
    """Another request has committed under this key."""


def once(
    actor: Developer,
    key: str,
    request: Mapping[str, Any],
    make: Callable[[Callable[[Made], None]], Made],
    answer: Callable[[Made], dict[str, Any]],
    require_right: Callable[[], object],
) -> StoredResponse:
    """What `answer` says of what `make` makes, or said of it when this request came first.

    `make(remember)` calls `remember` with what it made, last before its commit. `answer` asks
    Postgres nothing. `require_right` raises where the actor may not be told any more. Raises
    IdempotencyKeyReused where the key came with another request, and what `make` raises; then
    nothing is remembered.
    """
    now = clock.now()
    over = now - timedelta(hours=settings.value("idempotencyHours"))
    mine = _Mine(actor.id, key, _fingerprint(request), now, over)
    body: dict[str, Any] = {}
    # A repetition as a rule comes after the commit: it makes nothing, and locks nothing.
    if first := _first(mine):
        require_right()
        return StoredResponse(_body_of(first, mine), replayed=True)

    def remember(made: Made) -> None:
        body.update(answer(made))
        _claim(mine, body)

    try:
        make(remember)
    except (_KeyTaken, InvalidFields) as error:  # fields that were right may be wrong by now
        db.session.rollback()
        if first := _first(mine):
            return StoredResponse(_body_of(first, mine), replayed=True)
        if isinstance(error, InvalidFields):
            raise
        return once(
            actor, key, request, make, answer, require_right
        )  # the other was forgotten just now
    return StoredResponse(body, replayed=False)


class _Mine(NamedTuple):
    developer_id: int
    key: str
    fingerprint: str
    now: datetime
    over: datetime  # a key of that moment or before is nobody's any more


def _fingerprint(request: Mapping[str, Any]) -> str:
    canonical = json.dumps(request, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _claim(mine: _Mine, body: dict[str, Any]) -> None:
    """Waits while another request holds the key. Raises _KeyTaken once that has committed."""
    fresh = {"fingerprint": mine.fingerprint, "response": body, "created_at": mine.now}
    claim = (
        insert(IdempotencyKey)
        .values(developer_id=mine.developer_id, key=mine.key, **fresh)
        .on_conflict_do_update(
            index_elements=[IdempotencyKey.developer_id, IdempotencyKey.key],
            set_=fresh,
            where=IdempotencyKey.created_at <= mine.over,  # not swept yet
        )
        .returning(IdempotencyKey.key)
    )
    if db.session.scalar(claim) is None:
        raise _KeyTaken


def _first(mine: _Mine) -> IdempotencyKey | None:
    """The key, if a request has committed under it."""
    return db.session.scalar(
        select(IdempotencyKey).where(
            IdempotencyKey.developer_id == mine.developer_id,
            IdempotencyKey.key == mine.key,
            IdempotencyKey.created_at > mine.over,
        )
    )


def _body_of(first: IdempotencyKey, mine: _Mine) -> dict[str, Any]:
    """What the key's first request was answered. Raises IdempotencyKeyReused."""
    if first.fingerprint != mine.fingerprint:
        raise IdempotencyKeyReused
    return first.response
