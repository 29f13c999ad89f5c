"""The clocks of a machine.

Leases and timeouts are told by the boot-time clock: unlike the monotonic one it counts the time
that a machine was suspended, and unlike the wall clock nobody sets it. What the server dates is
told by the server's clock.
"""

import time


def boot_seconds() -> float:
    """Seconds since the machine booted, suspended time included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wall_milliseconds() -> int:
    """Milliseconds since the epoch, for people and for what outlives a boot."""
    return time.time_ns() // 1_000_000


class ServerClock:
    """The server's clock: our own until the server has told the time, and never set by anybody
    but the server from then on. Safe to use from any thread."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self.told(time.time())

    def told(self, now: float) -> None:
        """The server says that it is this late, in seconds since the epoch."""
        self._ahead = now - boot_seconds()

    def now(self) -> float:
        """Seconds since the epoch."""
        return boot_seconds() + self._ahead
