"""What a machine says that an agent has used, also of an attempt that has ended: it is true."""

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
from app.services.projects import agents
from app.services.tasks.stages import LiveAttempt
from app.services.usage import budgets, statements
from muster.protocol import frames

MAX_MODELS = 100
MAX_MODEL_NAME = 200


def handle_usage(live: LiveAttempt, body: frames.Usage) -> None:
    """Keep it in place of what was said of that run before; where no cost was said it is computed.

    Nothing is kept of a report that knows nothing. Raises Conflict for a stage that there is not,
    and an agent that is none. The caller holds the machine's lock and the task's, and commits.
    """
    task, attempt = live.task, live.attempt
    stages = pipeline.parse(task.pipeline)
    if body.stage_index >= len(stages):
        raise Conflict(f"there is no stage {body.stage_index}")
    if body.run >= MAX_RUNS:
        raise LimitExceeded(f"it is of run {body.run} of the stage")
    if not TYPE.fullmatch(body.agent):
        raise Conflict("its agent is none")
    stage = stages[body.stage_index]
    options = agents.stage_options(stage, task.agent_options, task.project.agent_options) or {}
    # An agent that names no model used the one that it was told to.
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
        day=live.now.astimezone(UTC).date(),
    )
    statements.store_usage(run, items)
    db.session.expire(task, ["usage"])  # the statement has changed it in the row
    if attempt.ended_at is None:
        budgets.check_budgets(live.machine, task, attempt, live.now)


def _sum_by_model(items: Iterable[frames.UsageItem], unnamed: str) -> dict[str, Figures]:
    """What is known, by model; `unnamed` for one that is not named."""
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
