"""Storing changes that machines report: each is shown when it's complete."""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from app.domain import storage_limits
from app.domain.diff import MAX_FILES, MAX_PATCH_BYTES
from app.domain.storage_limits import ForgedReport, LimitExceeded
from app.extensions import db
from app.models import Attempt, Change, ChangedFile
from app.services.changes import contents
from app.services.changes.contents import Spend, StoredContent
from muster.protocol import frames

_ROW_BYTES = 200  # bytes that a file's row counts besides its names
# No row of the session is one of these.
_NO_SYNC: dict[str, Any] = {"execution_options": {"synchronize_session": False}}


class _PartialChange(NamedTuple):
    """A change of which `files_changed` files are stored."""

    id: int
    base: str
    commit: str
    total: int
    left_out: str
    files_changed: int = 0
    insertions: int = 0
    deletions: int = 0
    patch_bytes: int = 0


def store_part(
    attempt: Attempt, body: frames.Changes, now: datetime, spend: Spend, *, is_full: bool
) -> bool:
    """Store a part of a change's files. Returns whether the change is complete.

    The last part replaces the attempt's previous change of the same stage. `is_full`: contents may
    be missing, because the attempt's limit is reached; only the counts of such a change are stored.
    Raises ForgedReport, and LimitExceeded if it's too large or the limit is reached. The caller
    holds the task's lock, and commits.
    """
    _require_valid(body)
    begun = _find_partial(attempt, body) if body.first else None
    known, is_lacking = _find_sections(attempt, body, is_full=is_full)
    grown = _add_part(
        begun or _PartialChange(0, body.base, body.commit, body.total, body.left_out), body
    )
    grown = grown._replace(patch_bytes=grown.patch_bytes + sum(c.size for c in known.values()))
    if grown.patch_bytes > MAX_PATCH_BYTES:
        raise LimitExceeded(f"its patch has more than {MAX_PATCH_BYTES} bytes")
    if is_lacking:
        grown = grown._replace(left_out=grown.left_out or "size")
    spend(storage_limits.storage_cost(sum(map(_cost, body.files))))
    id = begun.id if begun else _start_change(attempt, body, now)
    rows = [_row(id, body.first + at, file, known) for at, file in enumerate(body.files)]
    if rows:
        db.session.execute(insert(ChangedFile), rows)
    counted = grown._asdict() | {"id": id}
    db.session.execute(update(Change).where(Change.id == id).values(counted), **_NO_SYNC)
    _parse_hunks(attempt.task_id, known.values())
    is_whole = grown.files_changed == grown.total
    if is_whole:
        _publish(attempt, body, id)
    return is_whole


def _require_valid(body: frames.Changes) -> None:
    if body.total > MAX_FILES:
        raise LimitExceeded(f"it has {body.total} files; at most {MAX_FILES} are allowed")
    if body.first + len(body.files) > body.total or (body.total and not body.files):
        raise ForgedReport(f"these aren't files {body.first} and up of {body.total}")
    if len(set(map(_file_key, body.files))) < len(body.files):
        raise ForgedReport("a file is named twice")
    if any("\0" in file.path or "\0" in (file.old_path or "") for file in body.files):
        raise ForgedReport("no file can have that name")  # and no column can store it
    if not body.left_out and any(file.patch is None for file in body.files):
        raise ForgedReport("a file has no section of the patch")


def _file_key(file: frames.ChangedFile) -> tuple[str, str]:
    """Return the file's key. Git reports a file that becomes a link twice: as deleted, and
    added.
    """
    return file.path, file.status


def _is_same_change(attempt: Attempt, body: frames.Changes) -> ColumnElement[bool]:
    """Return the condition for the attempt's changes of which only one can be shown."""
    return and_(
        Change.task_id == attempt.task_id,
        Change.attempt == attempt.number,
        Change.stage_index == body.stage_index,
        Change.partial == body.partial,
        Change.since == body.since,
    )


def _find_partial(attempt: Attempt, body: frames.Changes) -> _PartialChange:
    """Return the change that the part continues. Raises ForgedReport if there is none."""
    columns = [getattr(Change, name) for name in _PartialChange._fields]
    query = select(*columns).where(_is_same_change(attempt, body), ~Change.is_complete)
    row = db.session.execute(query).one_or_none()
    found = None if row is None else _PartialChange(*row)
    reported = (body.base, body.commit, body.total, body.first)
    if found is None or reported != (found.base, found.commit, found.total, found.files_changed):
        raise ForgedReport("it doesn't continue the previous part")
    names = select(ChangedFile.path, ChangedFile.status).where(
        ChangedFile.change_id == found.id, ChangedFile.path.in_([file.path for file in body.files])
    )
    if {(path, str(status)) for path, status in db.session.execute(names)} & set(
        map(_file_key, body.files)
    ):
        raise ForgedReport("a file is named twice")
    return found


def _add_part(begun: _PartialChange, body: frames.Changes) -> _PartialChange:
    return begun._replace(
        left_out=begun.left_out or body.left_out,
        files_changed=begun.files_changed + len(body.files),
        insertions=begun.insertions + sum(file.insertions for file in body.files),
        deletions=begun.deletions + sum(file.deletions for file in body.files),
    )


def _find_sections(
    attempt: Attempt, body: frames.Changes, *, is_full: bool
) -> tuple[dict[str, StoredContent], bool]:
    """Return the sections that the files name, and whether some are missing. Raises ForgedReport
    if that's impossible.
    """
    named = [file.patch for file in body.files if file.patch is not None]
    known = contents.find_stored(attempt.task_id, named) if named else {}
    if len(set(named)) < len(named):
        raise ForgedReport("two files have the same section")  # which contains their name
    is_lacking = len(known) < len(named)
    if is_lacking and not is_full:
        raise ForgedReport("it names a content that hasn't been sent")
    return known, is_lacking


def _cost(file: frames.ChangedFile) -> int:
    return _ROW_BYTES + len(file.path.encode()) + len((file.old_path or "").encode())


def _start_change(attempt: Attempt, body: frames.Changes, now: datetime) -> int:
    """Create the row of a hidden change, in place of an incomplete one."""
    db.session.execute(
        delete(Change).where(_is_same_change(attempt, body), ~Change.is_complete), **_NO_SYNC
    )
    about = {
        "task_id": attempt.task_id,
        "attempt": attempt.number,
        "round": attempt.round,
        "stage_index": body.stage_index,
        "partial": body.partial,
        "since": body.since,
        "is_complete": False,
        "created_at": now,
        **_PartialChange(0, body.base, body.commit, body.total, "")._asdict(),
    }
    del about["id"]
    stored = insert(Change).values(about).returning(Change.id)
    return db.session.execute(stored).scalar_one()


def _row(
    change_id: int, position: int, file: frames.ChangedFile, known: Mapping[str, StoredContent]
) -> dict[str, Any]:
    return {
        "change_id": change_id,
        "position": position,
        "path": file.path,
        "old_path": file.old_path or "",
        "status": file.status,
        "mode": file.mode,
        "old_mode": file.old_mode,
        "blob": file.blob or "",
        "old_blob": file.old_blob or "",
        "insertions": file.insertions,
        "deletions": file.deletions,
        "binary": file.binary,
        "generated": file.generated,
        "patch": file.patch if file.patch in known else None,
    }


def _parse_hunks(task_id: int, sections: Iterable[StoredContent]) -> None:
    for section in sections:
        if not section.is_read:
            contents.parse_hunks(task_id, section.id)
            time.sleep(0)  # let others of this process run between two of them


def _publish(attempt: Attempt, body: frames.Changes, id: int) -> None:
    former = delete(Change).where(_is_same_change(attempt, body), Change.is_complete)
    db.session.execute(former, **_NO_SYNC)
    db.session.execute(update(Change).where(Change.id == id).values(is_complete=True), **_NO_SYNC)
