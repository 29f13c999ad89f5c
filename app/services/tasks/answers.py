"""The effects of an answer to a gate."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.domain import budget as budgets
from app.domain import pipeline
from app.domain.pipeline import AGENT_GATES, GateKind
from app.domain.task import EventType
from app.models import Developer, Gate, Task
from app.services import audit
from app.services.locks import LockedTask
from app.services.tasks import (
    attempts,
    branches,
    budget_grants,
    checkpoint_conflicts,
    history,
    interrupts,
    permission_requests,
    questions,
    resumption,
    work_lineage,
)


def apply_answer(
    actor: Developer,
    locked: LockedTask,
    gate: Gate,
    result: str,
    comment: str | None,
    *,
    budget: Mapping[str, Any] | None = None,
) -> None:
    """Answer an open gate of the locked task. The caller commits. Raises InvalidFields."""
    accepted = pipeline.judge_answer(gate.kind, gate.choices, result)
    task, now = locked.task, locked.now
    is_go = isinstance(accepted, pipeline.Approved)
    granted = budget_grants.grant_budget(task, gate, budgets.exclude_none(budget), now, is_go=is_go)
    branches.apply_answer(task, gate, result)
    gate.answered_at, gate.answered_by = now, actor.id
    gate.approved = work_lineage.approved_revision(task, gate)
    gate.result, gate.comment = result, comment
    _record_answer(task, gate, actor, granted, now)
    if isinstance(accepted, pipeline.Rejected):
        why = f"rejected by {actor.name}" + (f": {comment}" if comment else "")
        attempts.cancel(locked, why, by=actor.id, gone=True)
    elif interrupts.answer(actor, locked, gate):
        pass
    elif gate.kind in AGENT_GATES and locked.has_live_attempt:
        is_request = gate.kind is GateKind.PERMISSION
        answer = permission_requests.answer_request(locked, gate) if is_request else None
        questions.answer_question(locked, answer or dict(accepted.variables))
        attempts.bump_orders_version(locked.machine)
    elif gate.kind is GateKind.CHECKPOINT:
        checkpoint_conflicts.resume_from_previous(locked, actor.name)
    else:
        resumption.resume(locked)
    audit.record_privileged("gate.answered", task, actor)
    locked.wake_machine()


def _record_answer(
    task: Task, gate: Gate, actor: Developer, granted: dict[str, Any], now: datetime
) -> None:
    result = gate.result or ""
    text = f"answered by {actor.name}: {result if len(result) <= 200 else result[:199] + '…'}"
    about: dict[str, Any] = {
        "result": result,
        "comment": gate.comment,
        "by": actor.id,
        "answeredBy": {"id": actor.id, "name": actor.name},
        "number": gate.number,
    }
    about |= granted
    index = gate.stage_index
    history.record_event(
        task, EventType.CONFIRMED, text, now, stage_index=index, data=about, by=actor.id
    )
