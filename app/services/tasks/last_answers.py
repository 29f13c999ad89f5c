"""The latest answers to tasks' questions: who answered, how, and with what comment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.domain.answers import Answerer
from app.domain.pipeline import GateKind
from app.extensions import db
from app.models import Developer, Gate, Task


@dataclass(frozen=True)
class LastAnswer:
    """The latest answer in a task's round. `number`: as in `models.Gate`."""

    stage_index: int
    number: int
    kind: GateKind
    result: str
    comment: str | None
    answered_by: Answerer
    answered_at: datetime


def find_last_answers(tasks: Sequence[Task]) -> dict[int, LastAnswer]:
    """Return the latest answers of the tasks' current rounds, by task ID. One query."""
    if not tasks:
        return {}
    query = (
        select(Gate, Developer.name)
        .join(Task, and_(Task.id == Gate.task_id, Task.round == Gate.round))
        .join(Developer, Developer.id == Gate.answered_by)
        .where(Gate.task_id.in_([task.id for task in tasks]), Gate.result.is_not(None))
        .order_by(Gate.task_id, Gate.answered_at.desc())
        .ext(distinct_on(Gate.task_id))
    )
    return {gate.task_id: _to_answer(gate, name) for gate, name in db.session.execute(query)}


def _to_answer(gate: Gate, name: str) -> LastAnswer:
    assert gate.answered_at is not None
    assert gate.answered_by is not None
    return LastAnswer(
        stage_index=gate.stage_index,
        number=gate.number,
        kind=gate.kind,
        result=gate.result or "",
        comment=gate.comment,
        answered_by=Answerer(gate.answered_by, name),
        answered_at=gate.answered_at,
    )
