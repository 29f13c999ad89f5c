"""What is kept for some minutes in Redis, under a secret that somebody else holds, and taken once.

Whatever of it is lost with Redis is begun anew.
"""

import json
from collections.abc import Mapping
from typing import Any

from app.domain.errors import TooManyAttempts
from app.domain.tokens import digest
from app.extensions import redis
from app.services.accounts import login_limits


def store(kind: str, secret: str, kept: Mapping[str, Any], seconds: int) -> None:
    """Keep it. Raises redis.RedisError when Redis is away."""
    redis.client.set(_key(kind, secret), json.dumps(kept), ex=seconds)


def consume(kind: str, secret: str) -> dict[str, Any] | None:
    """Take it away; of several who come with the secret one has it. None where it is not there."""
    found: Any = redis.client.getdel(_key(kind, secret))
    return None if found is None else dict(json.loads(found))


def limit_rate(kind: str, who: str, most: int) -> None:
    """Count what somebody does, a developer's id or an address. Raises TooManyAttempts past `most`
    in 15 minutes.
    """
    bound = (login_limits.window_limit(most, kind), login_limits.network_of(who))
    if not redis.limiter.hit(*bound):
        raise TooManyAttempts(login_limits.read_state(*bound).reset_seconds)


def _key(kind: str, secret: str) -> str:
    return f"one_time:{kind}:{digest(secret)}"
