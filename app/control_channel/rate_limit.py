"""How fast machines may speak: who says more is read more slowly, and so has to wait.

Log bytes have their own bound, the window. Pure but for the clock that is handed in.
"""

import uuid
from collections import OrderedDict
from collections.abc import Sequence

from muster.protocol import frames

RATE_PER_SECOND = 500.0
BURST = 10_000.0  # what a machine has to tell that was away for long
MAX_WAIT_SECONDS = 5.0  # seconds at a time: heartbeats are not to be missed for it
MAX_MACHINES = 10_000

HELLO_COST = 50.0
_FACTS_COST = 50.0  # a transaction of its own, and the dispatcher is woken
_TERMINAL_CLOSED_COST = 10.0  # a transaction of its own
_SMALL_LOG_BYTES = 256  # bytes of a log frame: below it is the frame that costs, not what is in it


class RateLimiter:
    """One machine's, in one process: it outlives connections."""

    def __init__(self, now: float) -> None:
        self._available, self._updated_at = BURST, now

    def spend(self, cost: float, now: float) -> float:
        """Take it, and return how many seconds to wait before more is taken."""
        self._available = (
            min(BURST, self._available + (now - self._updated_at) * RATE_PER_SECOND) - cost
        )
        self._updated_at = now
        return min(MAX_WAIT_SECONDS, max(0.0, -self._available / RATE_PER_SECOND))


class RateLimiters:
    """The allowances of the machines that one process has heard last."""

    def __init__(self) -> None:
        self._limiters: OrderedDict[uuid.UUID, RateLimiter] = OrderedDict()

    def get(self, machine_id: uuid.UUID, now: float) -> RateLimiter:
        found = self._limiters.setdefault(machine_id, RateLimiter(now))
        self._limiters.move_to_end(machine_id)
        while len(self._limiters) > MAX_MACHINES:
            self._limiters.popitem(last=False)
        return found


def batch_cost(batch: Sequence[object]) -> float:
    """What frames cost that have come."""
    return sum(map(_frame_cost, batch))


def _frame_cost(frame: object) -> float:
    match frame:
        case frames.Log(data=data):
            return 1.0 if len(data) < _SMALL_LOG_BYTES else 0.0
        case frames.Heartbeat(capabilities=None, repositories=None, sandbox=None, upgrade=None):
            return 1.0
        case frames.Heartbeat():
            return _FACTS_COST
        case frames.TerminalClosed():
            return _TERMINAL_CLOSED_COST
    return 1.0
