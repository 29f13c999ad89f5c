"""Readiness: whether everything that the server needs is running, for `/readyz` and `flask
doctor`.
"""

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

HEARTBEATS = {
    "dispatcher": heartbeats.DISPATCHER,  # a Celery worker that runs the dispatcher
    "sweeper": heartbeats.SWEEPER,  # a Celery worker that runs beat's jobs
    "beat": heartbeats.BEAT,
}
"""Redis keys of the heartbeats to check: sent every 2 s, the sweeper's every 5 s."""
MAX_HEARTBEAT_AGE_SECONDS = 15
# A slower service counts as missing: probes don't wait for long.
PROBE_SECONDS = 2.0


def missing_services() -> list[str]:
    """Return the names of the services and processes that are missing."""
    away = [] if _with_timeout(_is_postgres_up) else ["postgres"]
    ages = _with_timeout(_heartbeat_ages)
    if ages is None:
        return [*away, "redis", *HEARTBEATS]
    return away + [name for name, seconds in ages.items() if not is_recent(seconds)]


def is_dispatching() -> bool:
    """Whether a dispatcher runs, by its heartbeat."""
    ages = _with_timeout(_heartbeat_ages)
    return ages is not None and is_recent(ages["dispatcher"])


def heartbeat_age(sign: bytes | str | None) -> float | None:
    """Return the age in seconds of a heartbeat from Redis; None if there is none."""
    return None if sign is None else time.time() - float(sign)


def is_recent(seconds: float | None) -> bool:
    return seconds is not None and seconds < MAX_HEARTBEAT_AGE_SECONDS


def _with_timeout(ask: Callable[[], Result]) -> Result | None:
    with gevent.Timeout(PROBE_SECONDS, False):
        return ask()
    return None


def _is_postgres_up() -> bool:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return False
    return True


def _heartbeat_ages() -> dict[str, float | None] | None:
    """Return the age in seconds of each heartbeat (None: there is none); None if Redis is down."""
    try:
        signs = redis_extension.client.mget(HEARTBEATS.values())
    except redis.exceptions.RedisError:
        return None
    return {name: heartbeat_age(sign) for name, sign in zip(HEARTBEATS, signs, strict=True)}
