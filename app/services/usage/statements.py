"""The SQL that stores a stage run's usage so far: one statement.

It replaces the run's previous report, and updates the task's sum and the machines' counters. The
caller holds the task's lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from app.domain.fleet_counters import COST, FleetCounter
from app.domain.usage import Figures
from app.extensions import db
from app.services.counters import usage


@dataclass(frozen=True)
class StageRun:
    """Whose usage it is. `day` applies only to the run's first report."""

    task_id: int
    attempt: int
    stage_index: int
    run: int
    agent: str
    project_id: int
    developer_id: int
    stage_name: str
    day: date


_FIGURES = "input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost"
_THIS_RUN = "(task_id, attempt, stage_index, run) = (:task_id, :attempt, :stage_index, :run)"

_STORE_USAGE = text(f"""
    WITH item AS (
        SELECT * FROM unnest(
            CAST(:models AS text[]), CAST(:inputs AS bigint[]), CAST(:cached AS bigint[]),
            CAST(:outputs AS bigint[]), CAST(:reasoning AS bigint[]),
            CAST(CAST(:costs AS text[]) AS numeric[]), CAST(:estimates AS boolean[])
        ) AS i(model, {_FIGURES}, is_estimate)
    ), before AS (
        SELECT * FROM usages WHERE {_THIS_RUN}
    ), gone AS (
        DELETE FROM usages
        WHERE {_THIS_RUN} AND (agent <> :agent OR model NOT IN (SELECT model FROM item))
    ), kept AS (
        INSERT INTO usages (
            task_id, attempt, stage_index, run, agent, model, {_FIGURES}, is_estimate,
            project_id, developer_id, stage_name, day
        )
        SELECT CAST(:task_id AS bigint), CAST(:attempt AS integer), CAST(:stage_index AS integer),
               CAST(:run AS integer), CAST(:agent AS text), model, {_FIGURES}, is_estimate,
               CAST(:project_id AS bigint), CAST(:developer_id AS bigint),
               CAST(:stage_name AS text),
               coalesce((SELECT min(day) FROM before), CAST(:day AS date))
        FROM item
        ON CONFLICT (task_id, attempt, stage_index, run, agent, model) DO UPDATE SET
            input_tokens = excluded.input_tokens, cached_tokens = excluded.cached_tokens,
            output_tokens = excluded.output_tokens, reasoning_tokens = excluded.reasoning_tokens,
            cost = excluded.cost, is_estimate = excluded.is_estimate
    ), of_task AS (
        SELECT {_FIGURES}, is_estimate FROM usages WHERE task_id = :task_id AND NOT {_THIS_RUN}
        UNION ALL SELECT {_FIGURES}, is_estimate FROM item
    ), summed AS (
        UPDATE tasks SET usage = (SELECT {usage.AS_JSON} FROM of_task) WHERE id = :task_id
    ), change AS (
        SELECT agent, sum(input_tokens) AS input, sum(cached_tokens) AS cached,
               sum(output_tokens) AS output, sum(reasoning_tokens) AS reasoning, sum(cost) AS cost
        FROM (
            SELECT CAST(:agent AS text) AS agent, {_FIGURES} FROM item
            UNION ALL
            SELECT agent, -input_tokens, -cached_tokens, -output_tokens, -reasoning_tokens, -cost
            FROM before
        ) AS both_of_them
        GROUP BY agent
    )
    INSERT INTO fleet_increments (counter, label, times, amount)
    SELECT '{FleetCounter.USAGE}', agent || ' ' || kind, times, amount
    FROM change CROSS JOIN LATERAL (VALUES
        ('input', input, 0), ('cached', cached, 0), ('output', output, 0),
        ('reasoning', reasoning, 0), ('{COST}', 0, cost)
    ) AS figure(kind, times, amount)
    WHERE times > 0 OR amount > 0
""").execution_options(prepared="usage_store")


def store_usage(run: StageRun, items: Mapping[str, Figures]) -> None:
    """Store the run's usage, by model ("" for a missing one); there is at least one. The task's
    known total is reread at its next use.
    """
    found: Sequence[Figures] = list(items.values())
    asked = {
        **vars(run),
        "models": list(items),
        "inputs": [each.input_tokens for each in found],
        "cached": [each.cached_tokens for each in found],
        "outputs": [each.output_tokens for each in found],
        "reasoning": [each.reasoning_tokens for each in found],
        "costs": [None if each.cost is None else str(each.cost) for each in found],
        "estimates": [each.is_estimate for each in found],
    }
    db.session.connection().execute(_STORE_USAGE, asked)
