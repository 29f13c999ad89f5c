"""Readiness: whether all that the server needs is running, for `/readyz` and `flask doctor`."""

import time
from collections.abc import Callable
from typing import TypeVar

import gevent
import redis.exceptions
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.extensions import redis as redis_extension
from app.services.ops import heartbeats

Result = TypeVar("Result")

SIGNS = {
    "dispatcher": heartbeats.DISPATCHER,  # a Celery worker that runs the dispatcher
    "sweeper": heartbeats.SWEEPER,  # a Celery worker that runs beat's jobs
    "beat": heartbeats.BEAT,
}
"""The heartbeats that are checked, and their keys in Redis: every 2 s, the sweeper's every 5 s."""
SIGN_SECONDS = 15
# A service that takes longer counts as missing: probes do not wait for long.
PROBE_SECONDS = 2.0


def missing() -> list[str]:
    """The names of the services and processes that are missing."""
    away = [] if _within_time(_asks_postgres) else ["postgres"]
    ages = _within_time(_ages)
    if ages is None:
        return [*away, "redis", *SIGNS]
    return away + [name for name, seconds in ages.items() if not is_young(seconds)]


def is_dispatching() -> bool:
    """Whether a dispatcher runs, judged by its heartbeat."""
    ages = _within_time(_ages)
    return ages is not None and is_young(ages["dispatcher"])


def age(sign: bytes | str | None) -> float | None:
    """The age in seconds of a sign of life, as it is stored in Redis; None if there is none."""
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
    """The age in seconds of each heartbeat (None: there is none); None if Redis is away."""
    try:
        signs = redis_extension.client.mget(SIGNS.values())
    except redis.exceptions.RedisError:
        return None
    return {name: age(sign) for name, sign in zip(SIGNS, signs, strict=True)}
