"""What a comment or a review is about: a commit of the task's, a file in it, lines in that."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.domain import anchors, field_errors
from app.domain.diff import DiffBase, FileStatus
from app.domain.errors import InvalidFields
from app.domain.review import CONTEXT_LINES, MAX_CODE_LINE, MAX_LINES, Side
from app.extensions import db
from app.models import Change, ChangedFile, Task
from app.services.changes import change_queries, comparable_contents


@dataclass(frozen=True)
class ReviewedCommit:
    """A commit of an attempt, and its change from the base; None: no machine has reported any
    yet.
    """

    round: int
    attempt: int
    commit: str | None
    change: Change | None


def latest_commit(task: Task) -> ReviewedCommit:
    """Return the task's latest commit."""
    change = change_queries.find_change(task)
    if change is None:
        return ReviewedCommit(task.round, task.attempt, None, None)
    return _to_reviewed_commit(change)


def find_commit(task: Task, commit: str | None) -> ReviewedCommit:
    """Return that commit of the task's, or the latest. Raises InvalidFields if it has no such
    commit.
    """
    if commit is None:
        return latest_commit(task)
    query = _changes(task, commit).where(Change.since == DiffBase.BASE)
    change = db.session.scalar(query.order_by(Change.id.desc()).limit(1))
    if change is None:
        raise InvalidFields({"commit": [field_errors.NO_SUCH_COMMIT]})
    return _to_reviewed_commit(change)


def anchor_columns(
    task: Task,
    *,
    path: str | None = None,
    side: Side | None = None,
    line: int | None = None,
    end_line: int | None = None,
    commit: str | None = None,
    blob: str | None = None,
) -> dict[str, Any]:
    """Return the columns of a `ReviewThread` at that position. Raises InvalidFields."""
    about = find_commit(task, commit)
    columns: dict[str, Any] = {"attempt": about.attempt, "commit": about.commit}
    if path is None:
        _require_none("path", line=line, side=side, endLine=end_line, blob=blob)
        return columns
    file = _file_at(about, path)
    columns |= {"path": path, "base_path": base_path_of(file)}
    if line is None:
        _require_none("line", side=side, endLine=end_line, blob=blob)
        return columns | {"blob": file.blob or file.old_blob or None}
    side, end_line = side or Side.NEW, end_line or line
    blob = _blob_at(task, about, file, side, blob)
    code = _code_excerpt(task, blob, line, end_line)
    return columns | {"side": side, "line": line, "end_line": end_line, "blob": blob, "code": code}


def base_path_of(file: ChangedFile) -> str | None:
    """Return the file's name in the base; None if it isn't in there."""
    if file.status in (FileStatus.ADDED, FileStatus.COPIED):
        return None
    return file.old_path or file.path


def _to_reviewed_commit(change: Change) -> ReviewedCommit:
    return ReviewedCommit(change.round, change.attempt, change.commit, change)


def _changes(task: Task, commit: str | None) -> Any:
    return select(Change).where(
        Change.task_id == task.id, Change.commit == commit, Change.is_complete
    )


def _file_at(about: ReviewedCommit, path: str) -> ChangedFile:
    file = change_queries.find_file(about.change, path) if about.change else None
    if file is None:
        raise InvalidFields({"path": [field_errors.FILE_NOT_CHANGED]})
    return file


def _blob_at(
    task: Task, about: ReviewedCommit, file: ChangedFile, side: Side, blob: str | None
) -> str:
    """Return the blob of the line: the file's or, in the diff of a stage or a round, that at the
    diff's base.
    """
    column = ChangedFile.blob if side is Side.NEW else ChangedFile.old_blob
    own: str = file.blob if side is Side.NEW else file.old_blob
    if blob in (None, own):
        return own
    known = (
        _changes(task, about.commit)
        .join(ChangedFile, ChangedFile.change_id == Change.id)
        .where(ChangedFile.path == file.path, column == blob)
    )
    if db.session.scalar(known.limit(1)) is None:
        raise InvalidFields({"blob": [field_errors.OTHER_BLOB]})
    return str(blob)


def _code_excerpt(task: Task, blob: str, line: int, end_line: int) -> dict[str, Any]:
    content = comparable_contents.texts(task.id, [blob]).get(blob)
    if content is None:
        raise InvalidFields({"line": [field_errors.LINE_NOT_SEEN]})
    found = anchors.split_lines(content)
    if not line <= end_line <= len(found):
        raise InvalidFields({"line": [field_errors.LINE_BEYOND_END(lines=len(found))]})
    if end_line - line >= MAX_LINES:
        raise InvalidFields({"endLine": [field_errors.TOO_MANY_LINES(max=MAX_LINES)]})
    first = max(1, line - CONTEXT_LINES)
    shown = (part.decode(errors="replace") for part in found[first - 1 : end_line])
    return {"first": first, "lines": [text[:MAX_CODE_LINE] for text in shown]}


def _require_none(without: str, **given: object) -> None:
    if any(value is not None for value in given.values()):
        named = [name for name, value in given.items() if value is not None]
        raise InvalidFields({name: [field_errors.NOTHING_WITHOUT(field=without)] for name in named})
