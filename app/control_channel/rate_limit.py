"""How fast machines may speak: who says more is read more slowly, and so has to wait.

Log bytes have their own bound, the window. Pure but for the clock that is handed in.
"""

import uuid
from collections import OrderedDict
from collections.abc import Sequence

from muster.protocol import frames

PER_SECOND = 500.0
AT_ONCE = 10_000.0  # what a machine has to tell that was away for long
LONGEST_WAIT = 5.0  # seconds at a time: heartbeats are not to be missed for it
MOST_MACHINES = 10_000

HELLO = 50.0
_FACTS = 50.0  # a transaction of its own, and the dispatcher is woken
_CLOSED = 10.0  # a transaction of its own
_TINY = 256  # bytes of a log frame: below it is the frame that costs, not what is in it


class Allowance:
    """One machine's, in one process: it outlives connections."""

    def __init__(self, now: float) -> None:
        self._left, self._at = AT_ONCE, now

    def spend(self, cost: float, now: float) -> float:
        """Take it, and return how many seconds to wait before more is taken."""
        self._left = min(AT_ONCE, self._left + (now - self._at) * PER_SECOND) - cost
        self._at = now
        return min(LONGEST_WAIT, max(0.0, -self._left / PER_SECOND))


class Rates:
    """The allowances of the machines that one process has heard last."""

    def __init__(self) -> None:
        self._known: OrderedDict[uuid.UUID, Allowance] = OrderedDict()

    def of(self, machine_id: uuid.UUID, now: float) -> Allowance:
        found = self._known.setdefault(machine_id, Allowance(now))
        self._known.move_to_end(machine_id)
        while len(self._known) > MOST_MACHINES:
            self._known.popitem(last=False)
        return found


def cost(batch: Sequence[object]) -> float:
    """What frames cost that have come."""
    return sum(map(_cost, batch))


def _cost(frame: object) -> float:
    match frame:
        case frames.Log(data=data):
            return 1.0 if len(data) < _TINY else 0.0
        case frames.Heartbeat(capabilities=None, repositories=None, room=None, upgrade=None):
            return 1.0
        case frames.Heartbeat():
            return _FACTS
        case frames.TerminalClosed():
            return _CLOSED
    return 1.0
