"""Heartbeats for `/readyz`: each is the Unix time of the last one."""

from datetime import datetime

import structlog
from redis.exceptions import RedisError

from app.extensions import redis

DISPATCHER = "muster:dispatcher:heartbeat"  # of the last dispatch job
SWEEPER = "muster:sweeper:heartbeat"  # of the last sweep of machines
BEAT = "muster:beat:heartbeat"  # of the last job that beat has sent

log = structlog.get_logger(__name__)


def record_heartbeat(where: str, now: datetime) -> None:
    """Record a heartbeat in Redis. A failure is logged, and soon made up for."""
    try:
        redis.client.set(where, now.timestamp())
    except RedisError as error:
        log.warning("heartbeat_not_written", where=where, error=str(error))
