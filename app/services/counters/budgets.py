"""The budgets of tasks and their use: one statement, also for many tasks.

Monthly sums are computed only for existing budgets.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import text

from app.domain.budget import BudgetOwner, BudgetStatus, UsedAmounts, month_start
from app.domain.usage import Figures
from app.extensions import db

_NOW, _BEGIN = "CAST(:now AS timestamptz)", "CAST(:begin AS timestamptz)"
# Usage since the start of the month of those in `owner(id)`.
_MONTH_USAGE = """
    SELECT owner.id, used.tokens, used.cost, (work.seconds + at_work.seconds) / 60 AS minutes
    FROM {owners} AS owner
    CROSS JOIN LATERAL (
        SELECT CASE WHEN count(input_tokens) + count(output_tokens) > 0
               THEN coalesce(sum(input_tokens), 0) + coalesce(sum(output_tokens), 0) END AS tokens,
               sum(cost) AS cost
        FROM usages WHERE {column} = owner.id AND day >= CAST(:month AS date)
    ) AS used
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(extract(epoch FROM ended_at - greatest(started_at, {begin}))), 0)
               AS seconds
        FROM run_intervals WHERE {column} = owner.id AND ended_at > {begin}
    ) AS work
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(extract(epoch FROM {now} - greatest(running_since, {begin}))), 0)
               AS seconds
        FROM tasks
        WHERE {in_tasks} = owner.id AND status = 'running' AND running_since < {now}
    ) AS at_work
"""
_COLUMNS = {
    BudgetOwner.PROJECT: {"column": "project_id", "in_tasks": "project_id"},
    BudgetOwner.DEVELOPER: {"column": "developer_id", "in_tasks": "created_by"},
}


def _month_usage_sql(of: BudgetOwner, owners: str) -> str:
    return _MONTH_USAGE.format(owners=f"({owners})", now=_NOW, begin=_BEGIN, **_COLUMNS[of])


def _requested_sql(of: BudgetOwner) -> str:
    return _month_usage_sql(
        of, f"SELECT DISTINCT {of}_id AS id FROM asked WHERE {of}_budget IS NOT NULL"
    )


_USED_BY_ONE = {
    of: text(_month_usage_sql(of, "SELECT CAST(:owner AS bigint) AS id")) for of in _COLUMNS
}


_STATUSES = text(f"""
    WITH asked AS (
        SELECT t.id, t.project_id, t.created_by AS developer_id, t.usage, t.allowed,
               t.budget AS task_budget, t.warned_grants = t.grants AS task_told,
               p.key AS project, p.budget AS project_budget,
               p.budget_notified_month AS project_told,
               d.name AS developer, d.budget AS developer_budget,
               d.budget_notified_month AS developer_told,
               (coalesce(work.seconds, 0) + coalesce(
                   extract(epoch FROM greatest({_NOW} - t.running_since, interval '0')), 0
               )) / 60 AS minutes
        FROM tasks AS t
        JOIN projects AS p ON p.id = t.project_id
        JOIN developers AS d ON d.id = t.created_by
        CROSS JOIN LATERAL (
            SELECT sum(extract(epoch FROM ended_at - started_at)) AS seconds
            FROM run_intervals WHERE task_id = t.id
        ) AS work
        WHERE t.id = ANY(CAST(:tasks AS bigint[]))
          AND (t.budget IS NOT NULL OR p.budget IS NOT NULL OR d.budget IS NOT NULL)
    ), of_project AS ({_requested_sql(BudgetOwner.PROJECT)}),
    of_developer AS ({_requested_sql(BudgetOwner.DEVELOPER)})
    SELECT asked.*,
           p.tokens AS project_tokens, p.cost AS project_cost, p.minutes AS project_minutes,
           d.tokens AS developer_tokens, d.cost AS developer_cost, d.minutes AS developer_minutes
    FROM asked
    LEFT JOIN of_project AS p ON p.id = asked.project_id
    LEFT JOIN of_developer AS d ON d.id = asked.developer_id
""").execution_options(prepared="budget_statuses")


def statuses_of_tasks(task_ids: Collection[int], now: datetime) -> dict[int, list[BudgetStatus]]:
    """Return the budgets of each task: its own, its project's and its creator's, as far as they
    exist.

    Tasks without any are omitted.
    """
    asked = {"tasks": sorted(task_ids), **_month_parameters(month_start(now), now)}
    rows = db.session.connection().execute(_STATUSES, asked).mappings()
    return {row["id"]: _read_statuses(row, month_start(now)) for row in rows}


def statuses_of_task(task_id: int, now: datetime) -> list[BudgetStatus]:
    return statuses_of_tasks([task_id], now).get(task_id, [])


def month_usage(of: BudgetOwner, owner_id: int, now: datetime) -> UsedAmounts:
    """Return this month's usage of a project's tasks, or of a developer's."""
    asked = {"owner": owner_id, **_month_parameters(month_start(now), now)}
    row = db.session.execute(_USED_BY_ONE[of], asked).mappings().one()
    return _to_used(row["minutes"], row["tokens"], row["cost"])


def _month_parameters(month: date, now: datetime) -> dict[str, Any]:
    return {"month": month, "begin": datetime.combine(month, time(), UTC), "now": now}


def _read_statuses(row: Any, month: date) -> list[BudgetStatus]:
    figures = Figures.from_json(row["usage"])
    by_task = _to_used(row["minutes"], figures.tokens, figures.cost)
    found = []
    for of in BudgetOwner:
        if (budget := row[f"{of}_budget"]) is None:
            continue
        is_own = of is BudgetOwner.TASK
        standing = BudgetStatus(
            owner=of,
            name=str(row["id"]) if is_own else row[of],
            month=None if is_own else month,
            budget=budget,
            granted={},
            used=by_task if is_own else _to_used(*(row[f"{of}_{name}"] for name in _FIGURES)),
            by_task=by_task,
            is_notified=bool(row["task_told"]) if is_own else row[f"{of}_told"] == month,
        )
        found.append(replace(standing, granted=(row["allowed"] or {}).get(standing.key, {})))
    return found


_FIGURES = ("minutes", "tokens", "cost")


def _to_used(minutes: Any, tokens: Any, cost: Any) -> UsedAmounts:
    return UsedAmounts(
        float(minutes),
        None if tokens is None else int(tokens),
        None if cost is None else float(cost),
    )
