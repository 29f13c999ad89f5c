"""Counters of all machines: stored counts, plus pending moves (`models.fleet_counters`).

They only grow, and outlive the counted rows.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import func, select, text, union_all

from app.domain.fleet_counters import FleetCounter
from app.extensions import db
from app.models import FleetCount, FleetIncrement
from app.postgres.advisory_locks import AdvisoryLock
from app.services.counters import rollup

_ROLL_UP = text("""
    WITH gone AS (
        DELETE FROM fleet_increments WHERE ctid IN (SELECT ctid FROM fleet_increments LIMIT :batch)
        RETURNING counter, label, times, amount
    ), counted AS (
        INSERT INTO fleet_counts AS kept (counter, label, times, amount)
        SELECT counter, label, sum(times), sum(amount) FROM gone GROUP BY counter, label
        ON CONFLICT (counter, label) DO UPDATE
        SET times = kept.times + excluded.times, amount = kept.amount + excluded.amount
    )
    SELECT count(*) FROM gone
""")


class CounterValue(NamedTuple):
    """A counter's value: the number of occurrences, and the sum of the measured amounts."""

    times: int = 0
    amount: float = 0.0


def read_counters() -> dict[FleetCounter, dict[str, CounterValue]]:
    """Return the counts by counter and label; labels without occurrences are omitted."""
    columns = ("counter", "label", "times", "amount")
    parts = [
        select(*(getattr(kind, name) for name in columns)) for kind in (FleetCount, FleetIncrement)
    ]
    both = union_all(*parts).subquery()
    sums = func.sum(both.c.times), func.sum(both.c.amount)
    query = select(both.c.counter, both.c.label, *sums).group_by(both.c.counter, both.c.label)
    found: dict[FleetCounter, dict[str, CounterValue]] = defaultdict(dict)
    for counter, label, times, amount in db.session.execute(query):
        found[counter][label] = CounterValue(int(times), amount)
    return found


def increment(counter: FleetCounter, times: Mapping[str, int]) -> None:
    """Add to a counter, by label, what no trigger counts. The caller commits."""
    db.session.add_all(
        FleetIncrement(counter=counter, label=label, times=n, amount=0.0)
        for label, n in times.items()
    )


def roll_up() -> int:
    """Add the moves to the counts. Returns the number of moves. Commits."""
    return rollup.roll_up(AdvisoryLock.ROLL_UP_FLEET_COUNTS, _ROLL_UP)
