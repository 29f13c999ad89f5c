"""What is kept of attempts' changes, for whoever may see the task: the caller has asked that."""

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
    """The latest change of the task's; None where there is none.

    It is counted from the task's base; of a `stage` from the stage before it; of a `round` after
    the first one from the round before it. With an `attempt`, or a round beside the stage, it is
    the latest of these.
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
    """The files that it touches, in order; the first `limit` of them. None of one whose files have
    expired.
    """
    query = select(ChangedFile).where(ChangedFile.change_id == change.id)
    return db.session.scalars(query.order_by(ChangedFile.position).limit(limit)).all()


def find_file(change: Change, path: str) -> ChangedFile | None:
    """The file that is called so after the change, or was before it, where it was deleted."""
    query = select(ChangedFile).where(ChangedFile.change_id == change.id, ChangedFile.path == path)
    return db.session.scalar(query.limit(1))


def content(task_id: int, id: str) -> bytes | None:
    """The content's bytes; None where they are not kept."""
    query = select(Content.data).where(
        Content.task_id == task_id, Content.id == id, Content.is_complete
    )
    data = db.session.scalar(query)
    return None if data is None else zlib.decompress(data)


def packed_content(task_id: int, id: str) -> bytes:
    """The content's bytes as they are stored, packed by zlib; of one that is gone, none."""
    query = select(Content.data).where(
        Content.task_id == task_id, Content.id == id, Content.is_complete
    )
    return db.session.scalar(query) or zlib.compress(b"")


def sizes(task_id: int, ids: Collection[str]) -> dict[str, int]:
    """The bytes of those of the task's contents that are here."""
    query = select(Content.id, Content.size).where(
        Content.task_id == task_id, Content.id.in_(ids), Content.is_complete
    )
    return {row.id: row.size for row in db.session.execute(query)} if ids else {}


def has_expired(change: Change) -> bool:
    """Whether the files were kept for their time, and are gone."""
    return change.left_out == EXPIRED
