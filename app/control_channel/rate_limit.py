"""Rate limits of machines: a machine that sends too much is read more slowly.

Log bytes have their own limit, the send window. Pure except for the passed clock.
"""

import uuid
from collections import OrderedDict
from collections.abc import Sequence

from muster.protocol import frames

RATE_PER_SECOND = 500.0
BURST = 10_000.0  # allows the backlog of a machine that was away for long
MAX_WAIT_SECONDS = 5.0  # maximum seconds per pause, so that no heartbeats are missed
MAX_MACHINES = 10_000

HELLO_COST = 50.0
_FACTS_COST = 50.0  # its own transaction, and a wakeup of the dispatcher
_TERMINALS_COST = 10.0  # its own transaction
_TEXT_COST, _MAX_CHEAP_TEXT = 0.2, 4000  # nothing is stored; characters
_SMALL_LOG_BYTES = 256  # bytes of a log frame; below it, the frame costs more than its content


class RateLimiter:
    """One machine's limiter in one process; it outlives connections."""

    def __init__(self, now: float) -> None:
        self._available, self._updated_at = BURST, now

    def spend(self, cost: float, now: float) -> float:
        """Spend the cost, and return how many seconds to pause reading."""
        self._available = (
            min(BURST, self._available + (now - self._updated_at) * RATE_PER_SECOND) - cost
        )
        self._updated_at = now
        return min(MAX_WAIT_SECONDS, max(0.0, -self._available / RATE_PER_SECOND))


class RateLimiters:
    """The limiters of the process's most recent machines."""

    def __init__(self) -> None:
        self._limiters: OrderedDict[uuid.UUID, RateLimiter] = OrderedDict()

    def get(self, machine_id: uuid.UUID, now: float) -> RateLimiter:
        found = self._limiters.setdefault(machine_id, RateLimiter(now))
        self._limiters.move_to_end(machine_id)
        while len(self._limiters) > MAX_MACHINES:
            self._limiters.popitem(last=False)
        return found


def batch_cost(batch: Sequence[object]) -> float:
    """Return the cost of received frames."""
    return sum(map(_frame_cost, batch))


def _frame_cost(frame: object) -> float:
    match frame:
        case frames.Log(data=data):
            return 1.0 if len(data) < _SMALL_LOG_BYTES else 0.0
        case frames.Heartbeat(capabilities=None, repositories=None, sandbox=None, upgrade=None):
            return 1.0 if frame.waiting_terminals is None else _TERMINALS_COST
        case frames.Heartbeat():
            return _FACTS_COST
        case frames.TextDelta(text=text):
            return _TEXT_COST if len(text) < _MAX_CHEAP_TEXT else 1.0
        case frames.TerminalClosed() | frames.RepositoryChecked():
            return _TERMINALS_COST
    return 1.0
