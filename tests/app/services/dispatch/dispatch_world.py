"""What tests of the dispatcher share: many tasks, and who got which slot."""

from typing import Any

import sqlalchemy as sa

from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Machine, Task
from app.services.clock import now
from tests.factories import make_developer, make_project


def make_tasks(count: int, **given: Any) -> list[int]:
    """Many queued tasks at once; their ids."""
    project, creator = make_project(), make_developer()
    moment = now()
    row = {
        "project_id": project.id,
        "description": "Make it work.",
        "status": TaskStatus.QUEUED,
        "created_by": creator.id,
        "agent_type": "claude",
        "pipeline": project.pipeline,
        "checkpoints": {},
        "created_at": moment,
        "updated_at": moment,
    }
    insert = sa.insert(Task).returning(Task.id)
    ids = list(db.session.scalars(insert, [row | given] * count))
    named = sa.update(Task).where(Task.branch_name.is_(None))
    db.session.execute(named.values(branch_name=sa.func.concat("muster/", Task.id)))
    db.session.commit()
    return ids


def check_slots() -> None:
    """Every slot is held by an attempt, and none is held twice."""
    held = (
        sa.select(sa.func.count())
        .where(Attempt.machine_id == Machine.id, Attempt.has_slot)
        .scalar_subquery()
    )
    rows = db.session.execute(sa.select(Machine.slots_used, Machine.slots_total, held)).all()
    for used, total, slots in rows:
        assert used == slots
        assert used <= total


def assigned_ids() -> list[int]:
    query = sa.select(Task.id).where(Task.status == TaskStatus.ASSIGNED).order_by(Task.id)
    return list(db.session.scalars(query))


def assigned_twice() -> list[int]:
    """Tasks with more than one attempt, read at one time despite concurrent work."""
    query = sa.select(Attempt.task_id).group_by(Attempt.task_id).having(sa.func.count() > 1)
    return list(db.session.scalars(query))
