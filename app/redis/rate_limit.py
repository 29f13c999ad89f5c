"""Counts per minute across all server processes, without a round trip per count.

Each process counts locally. Counts near a limit are shared through Redis, once per second in the
background. So nothing waits for it, and while Redis is down, each process uses its own count.
"""

import math
import threading
import time
from collections import Counter
from typing import NamedTuple

import redis
import structlog

WINDOW_SECONDS = 60
SYNC_SECONDS = 1.0
SYNC_THRESHOLD_DIVISOR = 10
"""Counts below a limit divided by this aren't shared: even several processes together don't reach
the limit.
"""

log = structlog.get_logger(__name__)


class RateLimitStatus(NamedTuple):
    """A limit, how much of it is left in this minute, and the seconds until the next minute."""

    limit: int
    remaining: int
    reset_seconds: int
    is_exceeded: bool


class SharedRateLimit:
    """The counts of one process, by name. `prefix` is that of the counts in Redis."""

    def __init__(self, client: "redis.Redis", prefix: str) -> None:
        self._client, self._prefix = client, prefix
        self._lock = threading.Lock()
        self._minute = 0
        self._shared: dict[str, int] = {}  # across all processes, as far as known
        self._local: Counter[str] = Counter()  # and not yet shared
        self._synced_names: set[str] = set()
        self._sync_thread: threading.Thread | None = None

    def count(self, name: str, limit: int, now: float | None = None) -> RateLimitStatus:
        """Count once more, unless the limit is reached."""
        now = time.time() if now is None else now
        with self._lock:
            self._reset_on_new_minute(int(now // WINDOW_SECONDS))
            done = self._shared.get(name, 0) + self._local[name]
            is_over = done >= limit
            if not is_over:
                self._local[name] += 1
                done += 1
            if done * SYNC_THRESHOLD_DIVISOR > limit:
                self._synced_names.add(name)
                self._start_sync()
        reset = math.ceil((self._minute + 1) * WINDOW_SECONDS - now)
        return RateLimitStatus(limit, max(0, limit - done), max(1, reset), is_over)

    def sync(self) -> bool:
        """Exchange counts with the other processes; return whether there was anything to share."""
        with self._lock:
            minute = self._minute
            mine = {name: self._local[name] for name in self._synced_names if self._local[name]}
        if not mine:
            return False
        with self._client.pipeline(transaction=False) as pipe:
            for name, times in mine.items():
                key = f"{self._prefix}:{minute}:{name}"
                pipe.incrby(key, times)
                pipe.expire(key, 2 * WINDOW_SECONDS)
            totals = pipe.execute()[::2]
        with self._lock:
            if minute == self._minute:
                for (name, times), total in zip(mine.items(), totals, strict=True):
                    self._shared[name] = total
                    self._local[name] -= times
        return True

    def _reset_on_new_minute(self, minute: int) -> None:
        if minute != self._minute:
            self._minute = minute
            self._shared.clear()
            self._local.clear()
            self._synced_names.clear()

    def _start_sync(self) -> None:
        if self._sync_thread is None:
            self._sync_thread = threading.Thread(target=self._run_sync, name="rates", daemon=True)
            self._sync_thread.start()

    def _run_sync(self) -> None:
        """Sync once per second, until a minute without anything to share."""
        quiet, is_away = 0.0, False
        while quiet < WINDOW_SECONDS:
            time.sleep(SYNC_SECONDS)
            quiet += SYNC_SECONDS
            try:
                quiet, is_away = 0.0 if self.sync() else quiet, False
            except redis.RedisError as error:
                if not is_away:
                    log.warning("rates_not_synced", error=type(error).__name__)
                is_away = True
        with self._lock:
            self._sync_thread = None
