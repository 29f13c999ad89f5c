"""Agents' usage by day, by indexes. (A task's usage is stored in its row.)"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from app.domain.usage import Figures
from app.extensions import db
from app.models import Usage

_TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")

# The same in our own SQL, for `usage.statements`: an object, null if nothing is known.
AS_JSON = """
    CASE WHEN count(*) > 0 THEN jsonb_build_object(
        'inputTokens', sum(input_tokens), 'cachedTokens', sum(cached_tokens),
        'outputTokens', sum(output_tokens), 'reasoningTokens', sum(reasoning_tokens),
        'cost', sum(cost),
        'isEstimate', sum(cost) IS NOT NULL AND bool_or(is_estimate OR cost IS NULL)
    ) END
"""


def sum_columns(where: ColumnElement[bool] | None = None) -> list[ColumnElement[Any]]:
    """Return the columns that sum the known values of rows (that meet the condition);
    `to_figures` combines them.
    """

    def sum_known(column: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.sum(column if where is None else case((where, column)))

    is_partial: ColumnElement[Any] = Usage.is_estimate | Usage.cost.is_(None)
    is_partial = func.bool_or(is_partial if where is None else where & is_partial)
    cost = sum_known(Usage.cost.expression)
    is_estimate = func.coalesce(and_(cost.is_not(None), is_partial), False)
    return [*(sum_known(getattr(Usage, name)) for name in _TOKENS), cost, is_estimate]


def to_figures(values: Sequence[Any]) -> Figures:
    """Combine the values of the columns of `sum_columns`."""
    *tokens, cost, is_estimate = values
    taken, cached, made, reasoning = (None if n is None else int(n) for n in tokens)
    return Figures(taken, cached, made, reasoning, cost, is_estimate)


def usage_on_and_since(projects: Select[int], day: date, since: date) -> tuple[Figures, Figures]:
    """Return the usage of the projects' tasks on that day, and since an earlier one, by one query.

    `projects` is a query of IDs.
    """
    query = select(*sum_columns(Usage.day == day), *sum_columns()).where(
        Usage.project_id.in_(projects), Usage.day >= since
    )
    row = db.session.execute(query).one()
    half = len(row) // 2
    return to_figures(row[:half]), to_figures(row[half:])
