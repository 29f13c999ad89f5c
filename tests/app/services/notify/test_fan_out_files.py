"""Messages about what a task has changed name some of the files."""

import pytest
from sqlalchemy import select, update

from app.extensions import db
from app.models import Developer, Event, Gate, Notification, OutboxEntry, Project, Task
from app.services.chat import cards
from app.services.clock import now
from app.services.notify import fan_out
from tests.app.services.notify.fan_out_world import make_asking_task
from tests.factories import make_attempt, make_change, make_machine

FILES = [{"path": f"{name}.py", "insertions": 1, "deletions": 2} for name in "abcdefg"]
NAMED = "\na.py +1 -2, b.py +1 -2, c.py +1 -2, d.py +1 -2, e.py +1 -2, and 2 more"


def at_gate(ada: Developer, project: Project, stage: int) -> Task:
    """A task that has changed something, and asks before that stage."""
    task = make_asking_task(ada, project)
    task.pipeline = task.pipeline * 2
    task.stage_index = stage
    for kind in (Gate, Event, OutboxEntry):
        mine = update(kind).where(kind.task_id == task.id).values(stage_index=stage)
        db.session.execute(mine)
    make_attempt(task, make_machine())
    make_change(task, FILES)
    return task


@pytest.mark.parametrize(("stage", "named"), [(0, ""), (1, NAMED)])
def test_a_question_behind_a_stage_names_some_files(
    stage: int, named: str, ada: Developer, project: Project
) -> None:
    task = at_gate(ada, project, stage)
    fan_out.expand(now())
    text = "stage publish asks: Run stage “publish”?"
    assert set(db.session.scalars(select(Notification.body))) == {text + named}
    gate = db.session.scalars(select(Gate)).one()
    progress = cards.describe_progress(task)
    assert cards.build_card(task, gate).body == progress + named
    assert cards.build_card(task, None).body == progress
