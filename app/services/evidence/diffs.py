"""A bundle's record of a task's changes: patches, as machines sent them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.models import Change, ChangedFile
from app.services.changes import change_queries
from app.services.evidence.parts import CHUNK_BYTES, Part

PAGE_SIZE = 500


def list_changes(task_id: int) -> Sequence[Change]:
    """Return the task's changes, in order."""
    whose = (Change.attempt, Change.stage_index, Change.partial, Change.since)
    query = select(Change).where(Change.task_id == task_id, Change.is_complete)
    return db.session.scalars(query.order_by(*whose)).all()


def change_to_json(change: Change) -> dict[str, Any]:
    """Return a change's entry in `task.json`. For one without a patch, that's everything."""
    return {
        "attempt": change.attempt,
        "round": change.round,
        "stageIndex": change.stage_index,
        "partial": change.partial,
        "since": change.since,
        "base": change.base,
        "commit": change.commit,
        "filesChanged": change.files_changed,
        "insertions": change.insertions,
        "deletions": change.deletions,
        "leftOut": change.left_out,
        "createdAt": change.created_at,
    }


def parts(task_id: int, changes: Sequence[Change]) -> Iterator[Part]:
    """Return the patches of changes with stored contents."""
    for change in changes:
        if not change.left_out:
            middle = "-partial" if change.partial else ""
            stage = f"attempt-{change.attempt}-stage-{change.stage_index}{middle}"
            name = f"diffs/{stage}-since-{change.since}.patch"
            yield Part(name, _patch_reader(task_id, change.id))


def _patch_reader(task_id: int, change_id: int) -> Callable[[], Iterator[bytes]]:
    """Read a change's patch: the sections of its files, in order."""

    def read() -> Iterator[bytes]:
        for content_id in _sections(change_id):
            data = change_queries.content(task_id, content_id) or b""
            db.session.close()
            for at in range(0, len(data), CHUNK_BYTES):
                yield data[at : at + CHUNK_BYTES]

    return read


def _sections(change_id: int) -> Iterator[str]:
    last = -1
    while True:
        query = select(ChangedFile.position, ChangedFile.patch).where(
            ChangedFile.change_id == change_id, ChangedFile.position > last
        )
        page = db.session.execute(query.order_by(ChangedFile.position).limit(PAGE_SIZE)).all()
        db.session.close()
        yield from (row.patch for row in page if row.patch is not None)
        if len(page) < PAGE_SIZE:
            return
        last = page[-1].position
