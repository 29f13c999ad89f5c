"""What is done to the stack and when: fixed by the seed, before anything runs."""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.chaos import broken_sandboxes
from tests.chaos.rules.orphans import KILL_FIRST, KILL_MAKER
from tests.chaos.rules.sandboxes import BREAK, BREAK_AT

MACHINES = 4
SERVERS = 2
CLIENTS_PORT = "clients"
DRAIN_BY = "drain with a deadline"


@dataclass(frozen=True)
class PlannedDisruption:
    """`at` and `lasts` are seconds; what has no duration is over at once.

    `machine` and `server` are numbers (-1: none, or all). `pick` chooses among what there is at
    that moment, as a share of it.
    """

    at: float
    name: str
    lasts: float = 0.0
    machine: int = -1
    server: int = -1
    pick: float = 0.0


@dataclass(frozen=True)
class _Kind:
    """How often a blow is dealt, for how long (0: at once), and to what."""

    name: str
    weight: float
    min_seconds: float = 0.0
    max_seconds: float = 0.0
    aims: str = ""  # machine, office (a machine, through the API), server or nothing


# A lease is 20 s: some of these are over long before it, some long after.
_KINDS = (
    _Kind("kill daemon", 8, 0.5, 4, "machine"),
    _Kind("kill daemon for long", 2, 22, 35, "machine"),
    _Kind("kill shim", 6, 0, 0, "machine"),
    _Kind("kill stage", 6, 0, 0, "machine"),
    _Kind(KILL_FIRST, 4, 0, 0, "machine"),
    _Kind(KILL_MAKER, 4, 0, 0, "machine"),
    _Kind("power cut", 2, 1, 30, "machine"),
    _Kind("torn journal", 4, 0.5, 3, "machine"),
    _Kind("stop daemon", 4, 1, 12, "machine"),
    _Kind("stop daemon for long", 2, 22, 35, "machine"),
    _Kind("stop shim", 3, 1, 15, "machine"),
    _Kind("freeze machine", 4, 1, 15, "machine"),
    _Kind("freeze machine for long", 5, 22, 40, "machine"),
    _Kind("cut", 8, 0, 0, "machine"),
    _Kind("refuse", 4, 1, 15, "machine"),
    _Kind("refuse for long", 2, 22, 35, "machine"),
    _Kind("swallow", 4, 1, 15, "machine"),
    _Kind("swallow for long", 3, 22, 35, "machine"),
    _Kind("swallow up", 3, 1, 30, "machine"),
    _Kind("swallow down", 3, 1, 30, "machine"),
    _Kind(BREAK, 4, 2, 12, "machine"),
    _Kind("cut clients", 3),
    _Kind("upgrade daemon", 5, 0, 0, "machine"),
    _Kind("replace machine", 2, 8, 15, "machine"),
    _Kind("drain", 4, 3, 20, "office"),
    _Kind(DRAIN_BY, 4, 6, 20, "office"),
    _Kind("roll gunicorns", 3, 1, 3, "server"),
    _Kind("kill gunicorn", 3, 0.3, 3, "server"),
    _Kind("kill web worker", 4, 0, 0, "server"),
    _Kind("stop web worker", 2, 1, 8, "server"),
    _Kind("kill celery", 3, 0.3, 5),
    _Kind("kill beat", 2, 0.3, 5),
    _Kind("empty redis", 5),
    _Kind("restart valkey", 2, 0.2, 1.5),
    _Kind("restart postgres", 3, 0.2, 2),
)
DRAINS = frozenset({"drain", DRAIN_BY})
NAMES = (*(sort.name for sort in _KINDS), BREAK_AT)
_STEPS_PACE = 12.0  # seconds, on average, from one step at which rooms break to the next


def schedule(seed: int, seconds: float, pace: float = 2.0) -> list[PlannedDisruption]:
    """Blows in order, one in `pace` seconds on average, none after `seconds`.

    A machine suffers one thing that lasts at a time, so that what is frozen is frozen as a whole;
    but it may be drained beside that, and its rooms may break at a step: one step after the other,
    so that each comes up.
    """
    rng = random.Random(f"faults-{seed}")
    busy = {(n, drains): 0.0 for n in range(MACHINES) for drains in (False, True)}
    blows = _plan_disruptions(rng, seconds, pace, busy)
    steps = _breaks(random.Random(f"steps-{seed}"), seconds)
    return list(heapq.merge(blows, steps, key=lambda blow: blow.at))


def _breaks(rng: random.Random, seconds: float) -> Iterator[PlannedDisruption]:
    at, count = rng.expovariate(1 / _STEPS_PACE), len(broken_sandboxes.STEPS)
    number = rng.randrange(count)
    while at < seconds:
        machine, pick = rng.randrange(MACHINES), (number % count + 0.5) / count
        lasts = round(rng.uniform(3, 10), 2)
        yield PlannedDisruption(round(at, 2), BREAK_AT, lasts, machine, pick=pick)
        at, number = at + rng.expovariate(1 / _STEPS_PACE), number + 1


def _plan_disruptions(
    rng: random.Random, seconds: float, pace: float, busy: dict[tuple[int, bool], float]
) -> Iterator[PlannedDisruption]:
    at = pace
    while at < seconds:
        blow = _plan_disruption(rng, at)
        place = (blow.machine, blow.name in DRAINS)
        if blow.machine < 0 or busy[place] <= at:
            if blow.machine >= 0:
                # After something that lasts it is given a moment, to be hit while it recovers.
                busy[place] = at + blow.lasts + rng.choice((0.5, 2.0, 8.0)) * bool(blow.lasts)
            yield blow
        at += rng.expovariate(1 / pace)


def _plan_disruption(rng: random.Random, at: float) -> PlannedDisruption:
    sort = rng.choices(_KINDS, [sort.weight for sort in _KINDS])[0]
    return PlannedDisruption(
        at=round(at, 2),
        name=sort.name,
        lasts=round(rng.uniform(sort.min_seconds, sort.max_seconds), 2),
        machine=rng.randrange(MACHINES) if sort.aims in ("machine", "office") else -1,
        server=rng.randrange(SERVERS) if sort.aims == "server" else -1,
        pick=rng.random(),
    )
