"""Positions of threads in another version of their task's work."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import or_, select

from app.domain import anchors
from app.domain.anchors import LineHunk
from app.domain.diff import FileStatus
from app.domain.errors import TooManyRequests
from app.domain.review import Side
from app.extensions import db
from app.models import ChangedFile, ReviewThread, Task
from app.services.changes import comparable_contents, comparison, line_diff
from app.services.changes.comparison import InlineBudget, Results
from app.services.reviews import thread_anchors

MAX_BYTES = 8 << 20
"""Maximum bytes of compared files per response."""

MAX_COMPARED_LINES = 100_000
"""Maximum compared lines per response."""

RETRY_SECONDS = 5

_decode = msgspec.json.Decoder(list[LineHunk] | None).decode


@dataclass(frozen=True)
class ThreadPosition:
    """A thread's position; what is None in the thread is None here.

    Outdated: its lines no longer exist, and this is where they were.
    """

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


class LineTracker:
    """Positions of a task's threads in `commit` (None: the latest). Raises InvalidFields if the
    task has no such commit.

    `is_exhausted`: so much was compared that the response should end. Orders to machines have no
    `reader_id`. `is_written`: the request has already had its effect, so a long wait for a
    comparison isn't an error.
    """

    def __init__(
        self,
        task: Task,
        commit: str | None = None,
        *,
        reader_id: int | None = None,
        is_written: bool = False,
    ) -> None:
        self._task_id, self._reader_id, self._is_written = task.id, reader_id, is_written
        self._change = thread_anchors.find_commit(task, commit).change
        self._files: dict[int, ChangedFile] = {}  # by thread
        self._comparisons: dict[tuple[str, str], _Comparison] = {}
        self._used: set[tuple[str, str]] = set()
        self._compared = 0

    @property
    def is_exhausted(self) -> bool:
        return self._compared > MAX_COMPARED_LINES

    def prepare(self, threads: Sequence[ReviewThread]) -> int:
        """Read and compare what `find_position` needs, for as many threads as one response may
        have; return their number, at least one.

        Three statements. Commits, with a reader, if much must be compared, and raises
        TooManyRequests if that would wait too long and nothing is written.
        """
        self._files = self._find_files(threads)
        pairs = [self._blob_pair(thread) for thread in threads]
        sizes = comparable_contents.sizes(
            self._task_id, {blob for pair in pairs if pair for blob in pair}
        )
        wanted: set[str] = set()
        count = total = 0
        for pair in pairs:
            more = set(pair or ()) - wanted
            total += sum(sizes.get(blob, 0) for blob in more)
            if count and total > MAX_BYTES:
                break
            wanted |= more
            count += 1
        self._compare(
            [pair for pair in pairs[:count] if pair],
            comparable_contents.texts(self._task_id, wanted),
        )
        return count

    def find_position(self, thread: ReviewThread, *, unknown: bool = False) -> ThreadPosition:
        """Return the position of that prepared thread; `unknown`: it exceeded the limits."""
        if thread.path is None:
            return original_position(thread, outdated=False)
        if unknown:
            return original_position(thread, outdated=True)
        file = self._files.get(thread.id)
        if file is None or (thread.side and not _blob(file, thread.side)):
            return original_position(thread, outdated=True)
        if thread.side is None or thread.line is None or thread.end_line is None:
            blob = file.blob or file.old_blob or None
            return ThreadPosition(file.path, None, None, None, blob, outdated=False)
        blob, line = _blob(file, thread.side), thread.line
        if (pair := self._blob_pair(thread)) is not None:
            moved = self._track_lines(pair, thread.line, thread.end_line)
            if moved is None:
                return original_position(thread, outdated=True)
            line = moved
        end_line = line + thread.end_line - thread.line
        return ThreadPosition(file.path, thread.side, line, end_line, blob, outdated=False)

    def _find_files(self, threads: Sequence[ReviewThread]) -> dict[int, ChangedFile]:
        """Return each thread's file in the change, by thread: it follows renames."""
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
        found = ((thread.id, _find_same_file(thread, files)) for thread in threads if thread.path)
        return {id_: file for id_, file in found if file is not None}

    def _blob_pair(self, thread: ReviewThread) -> tuple[str, str] | None:
        """Return the blobs to compare: the thread's, and the current one."""
        file = self._files.get(thread.id)
        if file is None or thread.side is None or thread.blob is None:
            return None
        now = _blob(file, thread.side)
        return (thread.blob, now) if now and now != thread.blob else None

    def _track_lines(self, pair: tuple[str, str], first: int, last: int) -> int | None:
        found = self._comparisons.get(pair)
        if found is None:
            return None
        if pair not in self._used:
            self._used.add(pair)
            self._compared += len(found.old) + len(found.new)
        return anchors.track_lines(first, last, found.hunks, found.old, found.new)

    def _compare(self, pairs: Sequence[tuple[str, str]], texts: Mapping[str, bytes]) -> None:
        """Compare these versions, in order. For a reader, up to MAX_COMPARED_LINES."""
        allowance, aside, total = InlineBudget(), [], 0
        for pair in dict.fromkeys(pairs):
            old, new = (texts.get(blob) for blob in pair)
            if old is None or new is None:
                continue
            if self._reader_id is not None and total > MAX_COMPARED_LINES:
                break
            total += old.count(b"\n") + new.count(b"\n")
            if allowance.covers_bytes(len(old) + len(new)) and allowance.spend(old, new):
                self._store_comparison(pair, old, new, line_diff.diff_lines(old, new))
            else:
                aside.append((pair, old, new))
        if aside:
            answers = self._compare_in_process([(old, new) for _, old, new in aside])
            for (pair, old, new), answer in zip(aside, answers, strict=True):
                self._store_comparison(pair, old, new, None if answer is None else _decode(answer))

    def _store_comparison(
        self, pair: tuple[str, str], old: bytes, new: bytes, hunks: list[LineHunk] | None
    ) -> None:
        if hunks is not None:
            self._comparisons[pair] = _Comparison(
                anchors.split_lines(old), anchors.split_lines(new), hunks
            )

    def _compare_in_process(self, pairs: Sequence[tuple[bytes, bytes]]) -> Results:
        stored = ((zlib.compress(old, 0), zlib.compress(new, 0)) for old, new in pairs)
        if self._reader_id is None:
            return comparison.compare_for_machine("lines", stored)
        answers = comparison.compare("lines", stored, self._reader_id)
        if answers is None and not self._is_written:
            raise TooManyRequests(RETRY_SECONDS)
        return answers or [None] * len(pairs)


def original_position(thread: ReviewThread, *, outdated: bool) -> ThreadPosition:
    """Return the thread's original position."""
    return ThreadPosition(
        thread.path, thread.side, thread.line, thread.end_line, thread.blob, outdated
    )


def _blob(file: ChangedFile, side: Side) -> str:
    return file.blob if side is Side.NEW else file.old_blob


def _find_same_file(thread: ReviewThread, files: Sequence[ChangedFile]) -> ChangedFile | None:
    """Return the thread's file among these.

    It's the file with the same base file; for a file that isn't in the base, the one with the same
    name; else the one with the same content.
    """
    if thread.base_path is not None:
        chosen = [file for file in files if thread_anchors.base_path_of(file) == thread.base_path]
    else:
        chosen = [file for file in files if file.path == thread.path]
        chosen += [
            file
            for file in files
            if file.blob == thread.blob and file.status is not FileStatus.MODIFIED
        ]
    return chosen[0] if chosen else None
