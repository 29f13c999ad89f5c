"""Short-lived state in Redis, stored under a secret and consumed once.

If it's lost with Redis, the flow starts again.
"""

import json
from collections.abc import Mapping
from typing import Any

from app.domain.errors import TooManyAttempts
from app.domain.tokens import digest
from app.extensions import redis
from app.services.accounts import login_limits


def store(kind: str, secret: str, kept: Mapping[str, Any], seconds: int) -> None:
    """Store the state. Raises redis.RedisError if Redis is down."""
    redis.client.set(_key(kind, secret), json.dumps(kept), ex=seconds)


def consume(kind: str, secret: str) -> dict[str, Any] | None:
    """Remove and return the state; only one caller with the secret gets it. None if there is
    none.
    """
    found: Any = redis.client.getdel(_key(kind, secret))
    return None if found is None else dict(json.loads(found))


def limit_rate(kind: str, who: str, most: int) -> None:
    """Count an action of a developer ID or an address. Raises TooManyAttempts past `most` in 15
    minutes.
    """
    bound = (login_limits.window_limit(most, kind), login_limits.network_of(who))
    if not redis.limiter.hit(*bound):
        raise TooManyAttempts(login_limits.read_state(*bound).reset_seconds)


def _key(kind: str, secret: str) -> str:
    return f"one_time:{kind}:{digest(secret)}"
