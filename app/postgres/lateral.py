"""LATERAL joins that look up one value at a time, so that an index serves each in order."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, FromClause, cast, column, func
from sqlalchemy.orm import InstrumentedAttribute


def lateral_values(of: InstrumentedAttribute[Any], values: Sequence[Any]) -> FromClause:
    """Return a FROM item with one column, `value`: each of `values`, typed like the column `of`.

    Join it with a LATERAL that selects the rows of one value. `WHERE status IN (a, b) ORDER BY id`
    would have to sort: an index on (status, id) has the IDs of a in order, and those of b, but not
    those of both. Duplicate values appear once.
    """
    array = cast(list(dict.fromkeys(values)), ARRAY(of.type))
    rows = func.unnest(array).table_valued(column("value", of.type), name=f"of_{of.key}")
    return rows.render_derived()
