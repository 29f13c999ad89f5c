"""The latest answers to tasks' questions: who answered, how, and with what comment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
    # Columns, not objects: the session keeps one that it has read while the question was open.
    query = (
        select(
            Gate.task_id,
            Gate.stage_index,
            Gate.number,
            Gate.kind,
            Gate.result,
            Gate.comment,
            Gate.answered_by,
            Gate.answered_at,
            Developer.name,
        )
        .join(Task, and_(Task.id == Gate.task_id, Task.round == Gate.round))
        .join(Developer, Developer.id == Gate.answered_by)
        .where(Gate.task_id.in_([task.id for task in tasks]), Gate.result.is_not(None))
        .order_by(Gate.task_id, Gate.answered_at.desc())
        .ext(distinct_on(Gate.task_id))
    )
    return {row.task_id: _to_answer(row) for row in db.session.execute(query)}


def _to_answer(row: Any) -> LastAnswer:
    return LastAnswer(
        stage_index=row.stage_index,
        number=row.number,
        kind=row.kind,
        result=row.result,
        comment=row.comment,
        answered_by=Answerer(row.answered_by, row.name),
        answered_at=row.answered_at,
    )
