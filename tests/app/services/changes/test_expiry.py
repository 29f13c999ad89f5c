"""What a task has changed goes when its time is over, batch by batch; the numbers stay."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.diff import EXPIRED
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Change, ChangedFile, Content, Task
from app.services.changes import expiry
from app.services.clock import now
from app.services.ops import retention
from tests.factories import make_attempt, make_change, make_content, make_machine, make_task


def worked_on(days_ago: int | None) -> Task:
    """A task that has changed something; it ended so long ago, or not yet."""
    ended = None if days_ago is None else now() - timedelta(days=days_ago)
    status = TaskStatus.QUEUED if ended is None else TaskStatus.COMPLETED
    task = make_task(status=status, finished_at=ended)
    make_attempt(task, make_machine())
    contents = [make_content(task, b"%d" % number) for number in range(3)]
    make_change(task, [{"path": content.id, "patch": content.id} for content in contents])
    return task


def rows(task: Task) -> tuple[int, int, list[str]]:
    """How many contents and files the task has, and what is left out of its changes."""
    db.session.expire_all()
    count = sa.select(sa.func.count())
    contents = db.session.scalar(count.select_from(Content).where(Content.task_id == task.id))
    files = count.select_from(ChangedFile).join(Change, Change.id == ChangedFile.change_id)
    changes = sa.select(Change.left_out).where(Change.task_id == task.id)
    kept = db.session.scalar(files.where(Change.task_id == task.id))
    return contents or 0, kept or 0, list(db.session.scalars(changes))


@pytest.mark.parametrize("batch", [2, 1000])
def test_what_ended_long_ago_goes_and_the_rest_stays(
    batch: int, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "BATCH", batch)
    old, new, live = worked_on(91), worked_on(89), worked_on(None)
    retention.sweep(now())
    assert rows(old) == (0, 0, [EXPIRED])
    assert rows(new) == rows(live) == (3, 3, [""])
    numbers = db.session.scalars(sa.select(Change.files_changed).where(Change.task_id == old.id))
    assert list(numbers) == [3]
    assert [task.has_contents for task in (old, new, live)] == [False, True, True]
    assert expiry.sweep(now()) == 1, "of the other that has ended"


def test_what_is_half_gone_is_not_shown(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "BATCH", 2)
    monkeypatch.setattr(expiry, "MAX_BATCHES", 1)
    old = worked_on(91)
    assert expiry.sweep(now()) == 0
    assert rows(old) == (1, 1, [EXPIRED])
