"""The lock of the one job that sends deliveries: an expiring key in Redis.

A job that starts meanwhile sets a flag (`wakeups.SEND_FLAG`), which the holder checks at its end.
"""

from typing import Any

import structlog
from redis.exceptions import RedisError

from app import wakeups
from app.extensions import redis

LOCK_KEY = "muster:send:lock"  # which job sends

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return redis.call('EXISTS', KEYS[2])
"""

log = structlog.get_logger(__name__)


def acquire(holder: str, milliseconds: int) -> bool:
    """Acquire or extend the lock. Returns whether the holder has it now, and False without Redis.

    The holder's flag is cleared: later requests set it again.
    """
    try:
        held: Any = redis.client.set(LOCK_KEY, holder, nx=True, px=milliseconds, get=True)
        if held is not None and held.decode() != holder:
            # For the job that has the lock to see.
            redis.client.set(wakeups.SEND_FLAG, 1, px=wakeups.FLAG_MILLISECONDS)
            return False
        with redis.client.pipeline(transaction=False) as pipe:
            pipe.pexpire(LOCK_KEY, milliseconds)
            pipe.delete(wakeups.SEND_FLAG)
            pipe.execute()
    except RedisError as error:
        log.warning("send_lock_not_acquired", error=str(error))
        return False
    return True


def release(holder: str) -> bool:
    """Release the lock, if it's still this holder's; return whether another job was requested
    meanwhile.
    """
    try:
        return bool(redis.client.eval(_RELEASE, 2, LOCK_KEY, wakeups.SEND_FLAG, holder))
    except RedisError as error:
        log.warning("send_lock_not_released", error=str(error))  # it expires
        return False
