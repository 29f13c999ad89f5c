"""Machines' reports of agents' usage, also of ended attempts: they are true."""

from collections.abc import Iterable
from datetime import UTC
from decimal import Decimal

from app.domain import pipeline, prices
from app.domain.agents import TYPE
from app.domain.errors import Conflict
from app.domain.storage_limits import MAX_RUNS, LimitExceeded
from app.domain.usage import Figures
from app.extensions import db
from app.services import settings
from app.services.locks import LockedTask
from app.services.projects import agents
from app.services.usage import budgets, statements
from muster.protocol import frames, runs

MAX_MODELS = 100
MAX_MODEL_NAME = 200


def handle_usage(locked: LockedTask, body: frames.Usage) -> None:
    """Store the report in place of that run's previous one; a missing cost is computed.

    A report without known values isn't stored. Raises Conflict for an unknown stage, and an invalid
    agent. The caller holds the machine's lock and the task's, and commits.
    """
    task, attempt = locked.task, locked.attempt
    stages = pipeline.parse(task.pipeline)
    if body.stage_index >= len(stages):
        raise Conflict(f"there is no stage {body.stage_index}")
    is_later = runs.turn_of(body.run) > runs.turn_of(attempt.run)
    if is_later or body.run % runs.RUNS_PER_TURN >= MAX_RUNS:
        raise LimitExceeded(f"it's from run {body.run} of the stage")
    if not TYPE.fullmatch(body.agent):
        raise Conflict("its agent is invalid")
    stage = stages[body.stage_index]
    options = agents.stage_options(stage, task.agent_options, task.project.agent_options) or {}
    # An agent that reports no model used the configured one.
    found = _sum_by_model(body.items, options.get("model") or "")
    if not found:
        return
    table = prices.parse(settings.value("prices"))
    items = {
        model: prices.add_cost(table, body.agent, model, used) for model, used in found.items()
    }
    run = statements.StageRun(
        task_id=task.id,
        attempt=attempt.number,
        stage_index=body.stage_index,
        run=body.run,
        agent=body.agent,
        project_id=task.project_id,
        developer_id=task.created_by,
        stage_name=stage.name,
        day=locked.now.astimezone(UTC).date(),
    )
    statements.store_usage(run, items)
    db.session.expire(task, ["usage"])  # the statement has changed it in the row
    if attempt.ended_at is None:
        budgets.check_budgets(locked)


def _sum_by_model(items: Iterable[frames.UsageItem], unnamed: str) -> dict[str, Figures]:
    """Return the known values, by model; `unnamed` for a missing one."""
    found: dict[str, Figures] = {}
    for item in items:
        used = Figures(
            item.input_tokens,
            item.cached_tokens,
            item.output_tokens,
            item.reasoning_tokens,
            None if item.cost is None else Decimal(str(item.cost)),
        )
        if used.is_known and len(found) < MAX_MODELS:
            found[(item.model or unnamed)[:MAX_MODEL_NAME]] = used
    return found
