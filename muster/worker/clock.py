"""The clocks of a machine.

Leases and timeouts use the boot-time clock: unlike the monotonic one it includes the time that a
machine was suspended, and unlike the wall clock nobody sets it. Timestamps for the server use the
server's clock.
"""

import time


def boot_seconds() -> float:
    """Seconds since the machine booted, including suspended time."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def wall_milliseconds() -> int:
    """Milliseconds since the epoch, for people and for data that outlives a boot."""
    return time.time_ns() // 1_000_000


class ServerClock:
    """The server's clock, as far as this machine knows it. Safe to use from any thread.

    It is the machine's own clock until the server sends its time first. From then on it follows
    only the server, even if the machine's clock changes.
    """

    def __init__(self) -> None:
        self._offset_seconds = 0.0
        self.synchronize(time.time())

    def synchronize(self, now: float) -> None:
        """Set the clock to `now`, the server's time in seconds since the epoch."""
        self._offset_seconds = now - boot_seconds()

    def now(self) -> float:
        """The server's time in seconds since the epoch."""
        return boot_seconds() + self._offset_seconds
