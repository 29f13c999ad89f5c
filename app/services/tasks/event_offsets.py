"""Positions of a task's events of certain types, at a nearly constant cost.

Each event has a number in its task, and one among those of its type; both are in one index. So one
row tells how many of a type come before a position, and a binary search finds the position that a
given number of events of several types come before:

    number       1  2  3  4  5  6  7  8        which is the 4th log or warning?
    log          1     2        3     4        before 5: 2 + 1 = 3, so it is 5 or later
    warning            -  1        2           before 7: 3 + 1 = 4, so it is before 7, that is 6

A million events take twenty steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, TextClause, bindparam, text

from app.domain.task import EventType
from app.extensions import db
from app.models import Event

_COUNT = """
    SELECT coalesce(sum(latest.type_number), 0) AS events
    FROM asked CROSS JOIN LATERAL (
        SELECT type_number FROM task_events AS e
        WHERE e.task_id = :task_id AND e.type = asked.type AND e.number <= {number}
        ORDER BY e.number DESC LIMIT 1
    ) AS latest
"""
# `high` is the position as soon as `low` is the number before it. Negative :skipped: all but so
# many.
_FIND: TextClause = text(f"""
    WITH RECURSIVE asked AS (
        SELECT DISTINCT type FROM unnest(:types) AS type
    ), counted AS (
        SELECT events AS total, CASE WHEN :skipped < 0 THEN greatest(0, events + :skipped)
                                     ELSE :skipped END AS skipped
        FROM ({_COUNT.format(number=":last")}) AS counted
    ), halving (low, high) AS (
        SELECT 0, CAST(:last AS integer) FROM counted WHERE skipped < total
        UNION ALL
        SELECT CASE WHEN upto.events <= skipped THEN middle ELSE low END,
               CASE WHEN upto.events <= skipped THEN high ELSE middle END
        FROM (
            SELECT low, high, (low + high) / 2 AS middle, skipped FROM halving, counted
            WHERE high - low > 1
        ) AS half CROSS JOIN LATERAL ({_COUNT.format(number="half.middle")}) AS upto
    )
    SELECT total, (SELECT min(high) FROM halving) AS number FROM counted
""").bindparams(bindparam("types", type_=ARRAY(Event.type.type)))


@dataclass(frozen=True)
class EventOffset:
    """The start of a page: the number of its first event, None if no event is left; and the
    total number of events.
    """

    number: int | None
    total: int


def find_offset(task_id: int, types: Sequence[EventType], last: int, skipped: int) -> EventOffset:
    """Return the start of a page of a task's events: of those up to number `last` and of `types`
    (empty: all), after the first `skipped`.

    A negative `skipped` keeps that many of the last.
    """
    if types:
        about = {"task_id": task_id, "types": list(types), "last": last}
        found = db.session.execute(_FIND, about | {"skipped": max(min(skipped, last), -last)})
        total, number = found.one()
        return EventOffset(number, int(total))
    if skipped < 0:
        skipped = max(0, last + skipped)
    return EventOffset(skipped + 1 if skipped < last else None, last)
