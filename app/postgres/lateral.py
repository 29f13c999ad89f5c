"""LATERAL joins that look up one value at a time, so that an index serves each in its order."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, FromClause, cast, column, func
from sqlalchemy.orm import InstrumentedAttribute


def lateral_values(of: InstrumentedAttribute[Any], values: Sequence[Any]) -> FromClause:
    """A FROM item of one column, `value`: each of `values`, which have the type of the column `of`.

    Join it with a LATERAL that selects the rows of one value. `WHERE status IN (a, b) ORDER BY id`
    would have to sort: an index on (status, id) has the ids of a in order, and those of b in order,
    but not those of both. Values that are given twice come once.
    """
    array = cast(list(dict.fromkeys(values)), ARRAY(of.type))
    rows = func.unnest(array).table_valued(column("value", of.type), name=f"of_{of.key}")
    return rows.render_derived()
