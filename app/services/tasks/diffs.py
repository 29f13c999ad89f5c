"""A task's changes, for people who can see the task."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from app.domain.diff import EXPIRED, DiffBase, FileLeftOut, NoDiff, NoFile, PatchLeftOut
from app.domain.task import EventType
from app.extensions import db
from app.models import Change, ChangedFile, Content, Developer, Event, Gate, Task
from app.services.changes import change_queries
from app.services.tasks import queries, workspaces
from muster.protocol import notes

EXPIRED_TEXT = "Its changes were deleted after the retention period."
_FILE_BYTES = 600
"""Bytes per file in a response, apart from its hunks and names. Each name may take six times its
length there.
"""
MAX_FILES_PER_PAGE = 2_000
_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class FilePage:
    """Files of a change in order: the columns of `ChangedFile`, and the file's `hunks` as JSON
    (None: not stored).

    `next_offset` is the position of the next file; None: there is none.
    """

    files: Sequence[Any]
    next_offset: int | None


class DiffSelector(NamedTuple):
    """Which change of the task's, as in `services.changes.change_queries.find_change`."""

    stage: int | None = None
    attempt: int | None = None
    round: int | None = None


LATEST = DiffSelector()


def find_change(actor: Developer, task_id: int, which: DiffSelector = LATEST) -> Change:
    """Return the change with its files. Raises NotFound, including NoDiff."""
    task = queries.get(actor, task_id)
    change = change_queries.find_change(task, *which)
    if change is None:
        raise NoDiff(_missing_reason(task, which))
    if change_queries.has_expired(change):
        raise NoDiff(EXPIRED_TEXT)
    return change


def _missing_reason(task: Task, which: DiffSelector) -> str:
    if which != LATEST:
        return "No changes are recorded there."
    if (machine_error := _machine_error(task)) is not None:
        return f"Its machine couldn't determine the changes: {machine_error}."
    return "No stage has reported changes yet."


def _machine_error(task: Task) -> str | None:
    """Return why a machine couldn't determine the task's changes, such as a git timeout; None:
    no machine reported a problem.
    """
    query = select(Event.message).where(
        Event.task_id == task.id,
        Event.type == EventType.WARNING,
        Event.message.startswith(notes.CHANGES_UNKNOWN, autoescape=True),
    )
    message = db.session.scalar(query.order_by(Event.number.desc()).limit(1))
    return None if message is None else message.removeprefix(notes.CHANGES_UNKNOWN)


def read_page(change: Change, most: int, *, offset: int = 0, path: str | None = None) -> FilePage:
    """Return files from that position on: as many as have `most` bytes in a response together, or
    one.

    With a `path`, only the file with that name, before or after. Raises NoFile.
    """
    found = db.session.execute(_rows(change, most, offset, path)).all()
    shown = [row for row in found if row.fits]
    if path is not None:
        if not shown:
            raise NoFile
        return FilePage(shown, None)
    following = shown[-1].position + 1 if shown else change.total
    return FilePage(shown, following if following < change.total else None)


def _rows(change: Change, most: int, offset: int, path: str | None) -> Any:
    """Return the query of the files from there on, in one pass: `fits` is whether a file belongs
    to the page; others' hunks aren't read.
    """
    names = func.length(ChangedFile.path) + func.length(ChangedFile.old_path)
    size = func.coalesce(func.length(Content.hunks), 0) + 6 * names + _FILE_BYTES
    up_to = func.sum(size).over(order_by=ChangedFile.position, rows=(None, 0))
    columns = ChangedFile.__table__.columns
    query = select(*columns, Content.hunks, size.label("size"), up_to.label("up_to"))
    query = query.where(ChangedFile.change_id == change.id, ChangedFile.position >= offset)
    if path is not None:
        query = query.where(_has_path(path))
    query = _join_sections(query, change).order_by(ChangedFile.position).limit(MAX_FILES_PER_PAGE)
    each = query.subquery()
    fits = or_(each.c.up_to <= most, each.c.up_to == each.c.size)
    shown = [each.c[column.name] for column in columns]
    hunks = case((fits, each.c.hunks)).label("hunks")
    return select(*shown, hunks, fits.label("fits")).order_by(each.c.position)


def _has_path(path: str) -> ColumnElement[bool]:
    return or_(ChangedFile.path == path, ChangedFile.old_path == path)


def _join_sections(query: Any, change: Change) -> Any:
    is_its = (Content.task_id == change.task_id) & (Content.id == ChangedFile.patch)
    return query.join(Content, is_its, isouter=True)


def read_patch(change: Change, path: str | None = None) -> Iterator[bytes]:
    """Yield the sections of the change's patch, or of one file, in chunks. Raises NoFile, and
    PatchLeftOut if some aren't stored.
    """
    sections = select(ChangedFile.position, Content.size).where(ChangedFile.change_id == change.id)
    if path is not None:
        sections = sections.where(_has_path(path))
    found = db.session.execute(
        _join_sections(sections, change).order_by(ChangedFile.position)
    ).all()
    if path is not None and not found:
        raise NoFile
    if change.left_out or any(row.size is None for row in found):
        raise PatchLeftOut
    return _read_chunks(change.id, change.task_id, [(row.position, row.size) for row in found])


def _read_chunks(
    change_id: int, task_id: int, sections: Sequence[tuple[int, int]]
) -> Iterator[bytes]:
    at = 0
    while at < len(sections):
        end, size = at, 0
        while end < len(sections) and (end == at or size + sections[end][1] <= _CHUNK_BYTES):
            end, size = end + 1, size + sections[end][1]
        query = select(Content.data).join(
            ChangedFile, (Content.task_id == task_id) & (Content.id == ChangedFile.patch)
        )
        query = query.where(
            ChangedFile.change_id == change_id,
            ChangedFile.position.in_([position for position, _ in sections[at:end]]),
        )
        packed = db.session.scalars(query.order_by(ChangedFile.position)).all()
        yield b"".join(map(zlib.decompress, packed))
        at = end


@dataclass(frozen=True)
class FileAt:
    """A file's content at a commit, and its git ID."""

    blob: str
    data: bytes


def read_file(actor: Developer, task_id: int, commit: str, path: str) -> FileAt:
    """Return a changed file as it was at a commit at which a change starts or ends.

    Raises NotFound, including NoDiff, NoFile, and FileLeftOut.
    """
    task = queries.get(actor, task_id)
    before = func.coalesce(func.nullif(ChangedFile.old_path, ""), ChangedFile.path)
    is_after = and_(Change.commit == commit, ChangedFile.path == path)
    is_before = and_(Change.base == commit, before == path)
    query = (
        select(case((is_after, ChangedFile.blob), else_=ChangedFile.old_blob))
        .join(Change, Change.id == ChangedFile.change_id)
        .where(Change.task_id == task.id, Change.is_complete, or_(is_after, is_before))
        .order_by(Change.id.desc())
    )
    found = [blob for blob in db.session.scalars(query.limit(10)) if blob]
    if not found:
        _require_known(task, commit)
        raise NoFile
    data = change_queries.content(task.id, found[0])
    if data is None:
        raise FileLeftOut
    return FileAt(found[0], data)


def _require_known(task: Task, commit: str) -> None:
    """Raise NoDiff if the changes up to there are unknown, or no longer stored."""
    is_its = or_(Change.commit == commit, Change.base == commit)
    kept = select(Change.left_out).where(Change.task_id == task.id, Change.is_complete, is_its)
    left_out = db.session.scalars(kept).all()
    if all(why == EXPIRED for why in left_out):
        raise NoDiff(EXPIRED_TEXT if left_out else "The task has no changes up to that commit.")


def commit_at(task: Task, gate: Gate) -> str | None:
    """Return the commit of the work that the gate asks about; None if there is none."""
    partial, made = task.partial or {}, {}
    if gate.number > 0 and partial.get("stageIndex") == gate.stage_index:
        made = partial
    elif gate.stage_index > 0:
        made = task.checkpoints.get(str(gate.stage_index - 1), {})
    return made.get("commit")


def change_at_gate(task: Task, gate: Gate) -> Change | None:
    """Return the changes, since the base, of the work that the gate asks about."""
    commit = commit_at(task, gate)
    if commit is None:
        return None
    query = select(Change).where(
        Change.task_id == task.id,
        Change.since == DiffBase.BASE,
        Change.is_complete,
        Change.commit == commit,
        Change.left_out != EXPIRED,
    )
    return db.session.scalar(query.order_by(Change.id.desc()).limit(1))


def gate_diff(task: Task, gate: Gate) -> dict[str, Any] | None:
    """Return the gate's diff: {filesChanged, insertions, deletions, href}.

    None if there is no work yet; `href` is None if the machine doesn't report its changes.
    """
    numbers = workspaces.diff_at(task, gate)
    return None if numbers is None else with_link(numbers, change_at_gate(task, gate))


def with_link(numbers: Mapping[str, int], change: Change | None) -> dict[str, Any]:
    """Return the counts of a gate's diff, with its link."""
    # Nothing follows the work in question: it's the latest of its attempt.
    where = change and f"/api/web/tasks/{change.task_id}/diff?attempt={change.attempt}"
    return {**numbers, "href": where}
