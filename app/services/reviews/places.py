"""Where threads are in another version of their task's work."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from app.domain import anchors
from app.domain.anchors import LineHunk
from app.domain.diff import FileStatus
from app.domain.review import Side
from app.extensions import db
from app.models import ChangedFile, ReviewThread, Task
from app.services.changes import git_lines, lines
from app.services.reviews import anchoring

MOST_BYTES = 8 << 20
"""Of the files that are compared for one answer."""

MOST_COMPARED = 100_000
"""Lines of them."""


@dataclass(frozen=True)
class ThreadPlace:
    """Where a thread is; what is None in the thread is so here. Outdated: what it is about is not
    there any more, and it says where that was."""

    path: str | None
    side: Side | None
    line: int | None
    end_line: int | None
    blob: str | None
    outdated: bool


@dataclass(frozen=True)
class _Comparison:
    """Two versions of a file, and the hunks that lead from one to the other."""

    old: list[bytes]
    new: list[bytes]
    hunks: list[LineHunk]


class Places:
    """Where threads of a task are in `commit` (None: the latest). Raises InvalidFields where the
    task has no such commit. `is_spent`: so much was compared that an answer had better end.
    """

    def __init__(self, task: Task, commit: str | None = None) -> None:
        self._task_id = task.id
        self._change = anchoring.commit_of(task, commit).change
        self._files: dict[int, ChangedFile] = {}  # by thread
        self._texts: dict[str, bytes] = {}
        self._comparisons: dict[tuple[str, str], _Comparison | None] = {}
        self._compared = 0

    @property
    def is_spent(self) -> bool:
        return self._compared > MOST_COMPARED

    def look_for(self, threads: Sequence[ReviewThread]) -> int:
        """Read what `of` needs, for as many of the threads as one answer may be about; returns how
        many these are, one at least. Three statements.
        """
        self._files = self._find_files(threads)
        pairs = [self._pair(thread) for thread in threads]
        sizes = lines.sizes(self._task_id, {blob for pair in pairs if pair for blob in pair})
        wanted: set[str] = set()
        count = total = 0
        for pair in pairs:
            more = set(pair or ()) - wanted
            total += sum(sizes.get(blob, 0) for blob in more)
            if count and total > MOST_BYTES:
                break
            wanted |= more
            count += 1
        self._texts = lines.texts(self._task_id, wanted)
        return count

    def of(self, thread: ReviewThread, *, unknown: bool = False) -> ThreadPlace:
        """Where that thread is, which was looked for; `unknown`: it was one too many for that."""
        if thread.path is None:
            return original(thread, outdated=False)
        if unknown:
            return original(thread, outdated=True)
        file = self._files.get(thread.id)
        if file is None or (thread.side and not _blob(file, thread.side)):
            return original(thread, outdated=True)
        if thread.side is None or thread.line is None or thread.end_line is None:
            blob = file.blob or file.old_blob or None
            return ThreadPlace(file.path, None, None, None, blob, outdated=False)
        blob, line = _blob(file, thread.side), thread.line
        if (pair := self._pair(thread)) is not None:
            moved = self._moved(pair, thread.line, thread.end_line)
            if moved is None:
                return original(thread, outdated=True)
            line = moved
        end_line = line + thread.end_line - thread.line
        return ThreadPlace(file.path, thread.side, line, end_line, blob, outdated=False)

    def _find_files(self, threads: Sequence[ReviewThread]) -> dict[int, ChangedFile]:
        """By thread, the file that it is about as the change has it: it follows renames."""
        paths = {thread.path for thread in threads if thread.path is not None}
        if self._change is None or not paths:
            return {}
        bases = {thread.base_path for thread in threads if thread.base_path is not None}
        blobs = {thread.blob for thread in threads if thread.blob}
        query = select(ChangedFile).where(
            ChangedFile.change_id == self._change.id,
            or_(
                ChangedFile.path.in_(paths | bases),
                ChangedFile.old_path.in_(bases),
                ChangedFile.blob.in_(blobs),
            ),
        )
        files = db.session.scalars(query.order_by(ChangedFile.position)).all()
        found = ((thread.id, _same_file(thread, files)) for thread in threads if thread.path)
        return {id_: file for id_, file in found if file is not None}

    def _pair(self, thread: ReviewThread) -> tuple[str, str] | None:
        """The blobs that have to be compared: the thread's, and the one that is there now."""
        file = self._files.get(thread.id)
        if file is None or thread.side is None or thread.blob is None:
            return None
        now = _blob(file, thread.side)
        return (thread.blob, now) if now and now != thread.blob else None

    def _moved(self, pair: tuple[str, str], first: int, last: int) -> int | None:
        if pair not in self._comparisons:
            self._comparisons[pair] = self._compare(*pair)
        found = self._comparisons[pair]
        if found is None:
            return None
        return anchors.moved(first, last, found.hunks, found.old, found.new)

    def _compare(self, old_id: str, new_id: str) -> _Comparison | None:
        old, new = self._texts.get(old_id), self._texts.get(new_id)
        hunks = None if old is None or new is None else git_lines.hunks(old, new)
        if old is None or new is None or hunks is None:
            return None
        found = _Comparison(anchors.split(old), anchors.split(new), hunks)
        self._compared += len(found.old) + len(found.new)
        return found


def original(thread: ReviewThread, *, outdated: bool) -> ThreadPlace:
    """Where the thread was begun."""
    return ThreadPlace(
        thread.path, thread.side, thread.line, thread.end_line, thread.blob, outdated
    )


def _blob(file: ChangedFile, side: Side) -> str:
    return file.blob if side is Side.NEW else file.old_blob


def _same_file(thread: ReviewThread, files: Sequence[ChangedFile]) -> ChangedFile | None:
    """The thread's file among these: what is the same file of the base; of one that is not in there
    what is called so; else what has become of it unchanged.
    """
    if thread.base_path is not None:
        chosen = [file for file in files if anchoring.base_path_of(file) == thread.base_path]
    else:
        chosen = [file for file in files if file.path == thread.path]
        chosen += [
            file
            for file in files
            if file.blob == thread.blob and file.status is not FileStatus.MODIFIED
        ]
    return chosen[0] if chosen else None
