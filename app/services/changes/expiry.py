"""The expiry of stored changes: files and contents are deleted, the counts stay."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from app.domain.diff import EXPIRED
from app.extensions import db
from app.models import Change, ChangedFile, Content, Task

BATCH = 1000  # rows deleted per transaction
MAX_BATCHES = 500  # transactions per run
# No row of the session is one of these.
_NO_SYNC: dict[str, Any] = {"execution_options": {"synchronize_session": False}}


def sweep(cutoff: datetime) -> int:
    """Delete the changes of tasks that ended before then, the oldest first, as far as one run gets.

    Returns the number of completed tasks. Commits each batch, and waits for no lock.
    """
    total = 0
    for _ in range(MAX_BATCHES):
        task_id = db.session.scalar(
            select(Task.id)
            .where(Task.has_contents, Task.finished_at < cutoff)
            .order_by(Task.finished_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if task_id is None:
            db.session.commit()
            break
        total += _delete_batch(task_id)
        db.session.commit()
    return total


def _delete_batch(task_id: int) -> bool:
    """Delete some of the task's rows. Returns whether these were the last ones."""
    contents = select(Content.id).where(Content.task_id == task_id).limit(BATCH)
    of_task = Content.task_id == task_id
    gone = _execute_delete(
        delete(Content).where(of_task, Content.id.in_(contents.scalar_subquery()))
    )
    files = (
        select(ChangedFile.change_id, ChangedFile.position)
        .join(Change, Change.id == ChangedFile.change_id)
        .where(Change.task_id == task_id)
        .limit(BATCH)
        .cte()
    )
    gone += _execute_delete(
        delete(ChangedFile).where(
            ChangedFile.change_id == files.c.change_id, ChangedFile.position == files.c.position
        )
    )
    # A partly deleted change isn't shown.
    shown = update(Change).where(Change.task_id == task_id, Change.left_out != EXPIRED)
    db.session.execute(shown.values(left_out=EXPIRED), **_NO_SYNC)
    if gone:
        return False
    done = update(Task).where(Task.id == task_id).values(has_contents=False)
    db.session.execute(done, **_NO_SYNC)
    return True


def _execute_delete(statement: Any) -> int:
    result: Any = db.session.execute(statement, **_NO_SYNC)
    return int(result.rowcount)
