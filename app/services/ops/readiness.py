"""Whether what the server needs is there, for `/readyz` and `flask doctor`."""

import time
from collections.abc import Callable
from typing import TypeVar

import gevent
import redis.exceptions
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.extensions import redis as redis_extension
from app.services.ops import signs

Result = TypeVar("Result")

SIGNS = {
    "dispatcher": signs.DISPATCHER,  # a worker that hands tasks out
    "sweeper": signs.SWEEPER,  # one that carries out what beat sends
    "beat": signs.BEAT,
}
"""Whose life signs are looked at, and where they are left: every 2 s, the sweeper's every 5."""
SIGN_SECONDS = 15
# What has not answered by then is missing: who probes does not wait for long either.
PROBE_SECONDS = 2.0


def missing() -> list[str]:
    """The names of what is away."""
    away = [] if _within_time(_asks_postgres) else ["postgres"]
    ages = _within_time(_ages)
    if ages is None:
        return [*away, "redis", *SIGNS]
    return away + [name for name, seconds in ages.items() if not is_young(seconds)]


def is_dispatching() -> bool:
    """Whether queued tasks are looked at, as far as can be seen."""
    ages = _within_time(_ages)
    return ages is not None and is_young(ages["dispatcher"])


def age(sign: bytes | str | None) -> float | None:
    """How many seconds ago a sign was left; None where there is none."""
    return None if sign is None else time.time() - float(sign)


def is_young(seconds: float | None) -> bool:
    return seconds is not None and seconds < SIGN_SECONDS


def _within_time(ask: Callable[[], Result]) -> Result | None:
    with gevent.Timeout(PROBE_SECONDS, False):
        return ask()
    return None


def _asks_postgres() -> bool:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return False
    return True


def _ages() -> dict[str, float | None] | None:
    """How old each sign is (None: there is none); None where Redis is away."""
    try:
        signs = redis_extension.client.mget(SIGNS.values())
    except redis.exceptions.RedisError:
        return None
    return {name: age(sign) for name, sign in zip(SIGNS, signs, strict=True)}
