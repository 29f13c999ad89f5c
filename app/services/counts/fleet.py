"""What is counted of the fleet: what is folded, and the moves that are not yet.

The counts only rise, and outlive the rows that they came from.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import func, select, text, union_all

from app.domain.fleet import FleetCounter
from app.extensions import db
from app.models import FleetCount, FleetMove
from app.postgres.advisory_locks import AdvisoryLock
from app.services.counts import rollup

_FOLD = text("""
    WITH gone AS (
        DELETE FROM fleet_moves WHERE ctid IN (SELECT ctid FROM fleet_moves LIMIT :batch)
        RETURNING counter, label, times, amount
    ), counted AS (
        INSERT INTO fleet_counts AS kept (counter, label, times, amount)
        SELECT counter, label, sum(times), sum(amount) FROM gone GROUP BY counter, label
        ON CONFLICT (counter, label) DO UPDATE
        SET times = kept.times + excluded.times, amount = kept.amount + excluded.amount
    )
    SELECT count(*) FROM gone
""")


class Count(NamedTuple):
    """How often, and the sum of what was measured."""

    times: int = 0
    amount: float = 0.0


def read() -> dict[FleetCounter, dict[str, Count]]:
    """Each counter → each label that occurred → its count."""
    columns = ("counter", "label", "times", "amount")
    parts = [select(*(getattr(kind, name) for name in columns)) for kind in (FleetCount, FleetMove)]
    both = union_all(*parts).subquery()
    sums = func.sum(both.c.times), func.sum(both.c.amount)
    query = select(both.c.counter, both.c.label, *sums).group_by(both.c.counter, both.c.label)
    found: dict[FleetCounter, dict[str, Count]] = defaultdict(dict)
    for counter, label, times, amount in db.session.execute(query):
        found[counter][label] = Count(int(times), amount)
    return found


def note(counter: FleetCounter, times: Mapping[str, int]) -> None:
    """Count what no trigger sees, by label. The caller commits."""
    db.session.add_all(
        FleetMove(counter=counter, label=label, times=n, amount=0.0) for label, n in times.items()
    )


def fold() -> int:
    """Add the moves up; how many there were. Commits."""
    return rollup.fold(AdvisoryLock.FOLD_FLEET_COUNTS, _FOLD)
