"""How often something was done in this minute, over all server processes, without asking anybody.

Each process counts for itself. What has been done so often that a limit may matter is told to the
others through Redis, once a second and in the background: so nothing waits for it, and while Redis
is away each process goes by its own count.
"""

import math
import threading
import time
from collections import Counter
from typing import NamedTuple

import redis
import structlog

WINDOW_SECONDS = 60
TELL_SECONDS = 1.0
QUIET_PARTS = 10
"""Below this part of a limit nobody is told: several processes together do not reach it either."""

log = structlog.get_logger(__name__)


class Standing(NamedTuple):
    """A limit, how much of it is left in this minute, and in how many seconds the next begins."""

    limit: int
    remaining: int
    reset_seconds: int
    is_over: bool


class Rates:
    """The counts of one process, by name. `prefix` is that of the counts in Redis."""

    def __init__(self, client: "redis.Redis", prefix: str) -> None:
        self._client, self._prefix = client, prefix
        self._lock = threading.Lock()
        self._minute = 0
        self._told: dict[str, int] = {}  # by all processes, as far as known
        self._ours: Counter[str] = Counter()  # and not told yet
        self._loud: set[str] = set()
        self._teller: threading.Thread | None = None

    def count(self, name: str, limit: int, now: float | None = None) -> Standing:
        """Count it once more, unless the limit is reached."""
        now = time.time() if now is None else now
        with self._lock:
            self._turn(int(now // WINDOW_SECONDS))
            done = self._told.get(name, 0) + self._ours[name]
            is_over = done >= limit
            if not is_over:
                self._ours[name] += 1
                done += 1
            if done * QUIET_PARTS > limit:
                self._loud.add(name)
                self._have_told()
        reset = math.ceil((self._minute + 1) * WINDOW_SECONDS - now)
        return Standing(limit, max(0, limit - done), max(1, reset), is_over)

    def tell(self) -> bool:
        """Exchange counts with the other processes; return whether there was anything to tell."""
        with self._lock:
            minute = self._minute
            mine = {name: self._ours[name] for name in self._loud if self._ours[name]}
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
                    self._told[name] = total
                    self._ours[name] -= times
        return True

    def _turn(self, minute: int) -> None:
        if minute != self._minute:
            self._minute = minute
            self._told.clear()
            self._ours.clear()
            self._loud.clear()

    def _have_told(self) -> None:
        if self._teller is None:
            self._teller = threading.Thread(target=self._go_on, name="rates", daemon=True)
            self._teller.start()

    def _go_on(self) -> None:
        """Tell once a second, until a minute has passed in which nothing could be told."""
        quiet, is_away = 0.0, False
        while quiet < WINDOW_SECONDS:
            time.sleep(TELL_SECONDS)
            quiet += TELL_SECONDS
            try:
                quiet, is_away = 0.0 if self.tell() else quiet, False
            except redis.RedisError as error:
                if not is_away:
                    log.warning("rates_not_told", error=type(error).__name__)
                is_away = True
        with self._lock:
            self._teller = None
