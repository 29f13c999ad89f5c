"""Values to be asked for one after the other."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, FromClause, cast, column, func
from sqlalchemy.orm import InstrumentedAttribute


def lateral_values(of: InstrumentedAttribute[Any], values: Sequence[Any]) -> FromClause:
    """Each of the values once, as rows of one column `value`: to be joined with a LATERAL.

    No index has the rows of several values in the order of something else; of one it has.
    """
    given = cast(list(dict.fromkeys(values)), ARRAY(of.type))
    turns = func.unnest(given).table_valued(column("value", of.type), name=f"of_{of.key}")
    return turns.render_derived()
