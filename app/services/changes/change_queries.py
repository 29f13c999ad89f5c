"""Stored changes of attempts. The caller has checked that the task can be seen."""

import zlib
from collections.abc import Collection, Sequence

from sqlalchemy import select

from app.domain.diff import EXPIRED, DiffBase
from app.extensions import db
from app.models import Change, ChangedFile, Content, Task


def find_change(
    task: Task,
    stage: int | None = None,
    attempt: int | None = None,
    round: int | None = None,
) -> Change | None:
    """Return the latest change of the task; None if there is none.

    Its base is the task's; for a `stage` the previous stage; for a `round` after the first one the
    previous round. With an `attempt`, or a round in addition to the stage, it's the latest of
    these.
    """
    since = DiffBase.BASE
    if stage is not None:
        since = DiffBase.STAGE
    elif round is not None and round > 1:
        since = DiffBase.ROUND
    query = select(Change).where(
        Change.task_id == task.id, Change.since == since, Change.is_complete
    )
    for column, wanted in (
        (Change.stage_index, stage),
        (Change.attempt, attempt),
        (Change.round, round),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    return db.session.scalar(query.order_by(Change.id.desc()).limit(1))


def list_files(change: Change, limit: int | None = None) -> Sequence[ChangedFile]:
    """Return the first `limit` files that it touches, in order. None if its files have expired."""
    query = select(ChangedFile).where(ChangedFile.change_id == change.id)
    return db.session.scalars(query.order_by(ChangedFile.position).limit(limit)).all()


def find_file(change: Change, path: str) -> ChangedFile | None:
    """Return the file with that name after the change, or, if it was deleted, before."""
    query = select(ChangedFile).where(ChangedFile.change_id == change.id, ChangedFile.path == path)
    return db.session.scalar(query.limit(1))


def content(task_id: int, id: str) -> bytes | None:
    """Return the content's bytes; None if they aren't stored."""
    query = select(Content.data).where(
        Content.task_id == task_id, Content.id == id, Content.is_complete
    )
    data = db.session.scalar(query)
    return None if data is None else zlib.decompress(data)


def packed_content(task_id: int, id: str) -> bytes:
    """Return the content's stored bytes, packed by zlib; none if it's deleted."""
    query = select(Content.data).where(
        Content.task_id == task_id, Content.id == id, Content.is_complete
    )
    return db.session.scalar(query) or zlib.compress(b"")


def sizes(task_id: int, ids: Collection[str]) -> dict[str, int]:
    """Return the sizes of the task's contents that are stored."""
    query = select(Content.id, Content.size).where(
        Content.task_id == task_id, Content.id.in_(ids), Content.is_complete
    )
    return {row.id: row.size for row in db.session.execute(query)} if ids else {}


def has_expired(change: Change) -> bool:
    """Whether the files' retention period is over."""
    return change.left_out == EXPIRED
