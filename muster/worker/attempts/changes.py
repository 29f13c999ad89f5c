"""Report the changes in an attempt's commits, after each checkpoint and before the push.

Contents come first, each only once as far as known: a file in the attempt's directory lists those
that the server has acknowledged. After a crash one may be repeated, but none is missing. Then come
the lists that name them; the one since the base comes last, and marks in the journal that
everything was reported.
"""

import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from muster.protocol import notes
from muster.protocol.bounds import OutOfBounds
from muster.protocol.frames import Body, ChangedFile, Changes, Checkpoint, Content, DiffBase, Note
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.attempts.context import Reporter
from muster.worker.git import changes
from muster.worker.git.changes import Change
from muster.worker.git.checkpoints import checkpoint_ref_prefix
from muster.worker.git.git import GitCancelled, GitError
from muster.worker.git.mirrors import Mirror
from muster.worker.git.refs import COMMIT_PATTERN
from muster.worker.git.remote import Login
from muster.worker.git.workspace import Workspace

FILE_NAME = "contents"  # IDs that the server has, one per line

_CHUNK_BYTES = (
    128 << 10
)  # bytes of a content in one report, the longest wait for a heartbeat on a slow connection
_SEND_WINDOW_BYTES = 512 << 10  # unacknowledged bytes of chunks, above which the others wait
_OVERHEAD_BYTES = 512  # bytes that a report adds to its chunk, and a file in a list
_POLL_SECONDS = 0.5  # seconds between checks for acknowledgements
_MAX_LIST_BYTES = 128 << 10  # bytes of files in a report
_MAX_LIST_FILES = 500


class ChangesReporter:
    """For the attempt's thread alone. It stops once `abandoned` is set and leaves the rest to the
    next daemon, if there is one."""

    def __init__(self, reporter: Reporter, abandoned: threading.Event) -> None:
        self._reporter = reporter
        self._abandoned = abandoned
        self._file = reporter.context.layout.attempt(reporter.key) / FILE_NAME
        self._reported_ids: set[str] | None = None
        self._acked_ids: set[str] = set()
        self._window_bytes = 0  # bytes that may be reported before the journal is read again

    def report_checkpoint(self, workspace: Workspace, kept: AttemptState) -> None:
        """Report the last checkpoint's changes, unless already reported."""
        if (made := self._reporter.progress.unreported_checkpoint) is not None:
            self._report_changes(workspace, kept, made)

    def report_push(self, workspace: Workspace, kept: AttemptState, commit: str) -> bool:
        """Report the pushed changes if no checkpoint has that commit; False if it is abandoned
        before it is complete. A push that begins its attempt adds nothing to an earlier attempt's
        reports."""
        if kept.stage_index < 0 or commit == self._reporter.progress.reported_commit:
            return True
        made = Checkpoint(kept.stage_index, "", commit, run=kept.run)
        return self._report_changes(workspace, kept, made)

    def _report_changes(self, workspace: Workspace, kept: AttemptState, made: Checkpoint) -> bool:
        mirror = workspace.mirror(Login.from_repo(kept.repo))
        found: dict[str, Change] = {}
        try:
            for since, base in _diff_bases(mirror, workspace, kept, made):
                if base not in found:
                    found[base] = changes.compare_commits(
                        mirror.path, base, made.commit, self._abandoned
                    )
                    self._report_contents(mirror, found[base])
                self._report_files(made, since, found[base])
        except (GitError, OSError, OutOfBounds) as error:
            if self._abandoned.is_set():
                return False
            words = getattr(error, "message", None) or str(error)
            self._reporter.report(Note("warning", notes.CHANGES_UNKNOWN + words))
        return True

    def _report_contents(self, mirror: Mirror, change: Change) -> None:
        """Report contents. Raises GitError, OSError; GitCancelled once it is abandoned."""
        reported_ids = self._load_reported_ids()
        for id, content in changes.read_contents(
            mirror.path, change, reported_ids, self._abandoned
        ):
            if id not in reported_ids:
                packed = zlib.compress(content)
                for offset in range(0, len(packed), _CHUNK_BYTES):
                    piece = packed[offset : offset + _CHUNK_BYTES]
                    self._report_within_window(
                        Content(id, len(content), len(packed), offset, piece)
                    )
                reported_ids.add(id)
        self._record_acked()

    def _report_files(self, made: Checkpoint, since: DiffBase, change: Change) -> None:
        for first, files in _batches(change.files):
            of_list = (first, len(change.files), change.left_out)
            named = (made.stage_index, since, change.base, made.commit, files)
            self._report_within_window(Changes(*named, *of_list, made.run, made.partial))

    def _report_within_window(self, body: Content | Changes) -> None:
        """Report once the unacknowledged bytes leave room for it. Raises GitCancelled if it is
        abandoned first."""
        size = _unacked_bytes(body)
        while self._window_bytes < size:
            if self._abandoned.is_set():
                raise GitCancelled("cancelled while waiting for the server to acknowledge reports")
            unacked = self._reporter.context.journal.unacked_reports(self._reporter.key)
            self._window_bytes = _SEND_WINDOW_BYTES - sum(
                _unacked_bytes(report.body) for report in unacked
            )
            if self._window_bytes < size:
                self._reporter.context.journal.wait_for_change(_POLL_SECONDS)
        self._window_bytes -= size
        self._reporter.report(body)

    def _load_reported_ids(self) -> set[str]:
        """Return the IDs of reported contents. Raises OSError."""
        if self._reported_ids is None:
            self._acked_ids = _read_ids(self._file)
            self._reported_ids = set(self._acked_ids)
        self._record_acked()
        return self._reported_ids

    def _record_acked(self) -> None:
        """Store which contents the server has acknowledged. Raises OSError."""
        unacked = self._reporter.context.journal.unacked_reports(self._reporter.key)
        open_ids = {each.body.id for each in unacked if isinstance(each.body, Content)}
        new = (self._reported_ids or set()) - self._acked_ids - open_ids
        if new:
            with self._file.open("a") as file:
                file.write("\n" + "\n".join(sorted(new)) + "\n")  # ends a torn line
            self._acked_ids |= new


def _unacked_bytes(body: Body) -> int:
    """Return the approximate bytes that wait for the server with it."""
    match body:
        case Content(data=data):
            return _OVERHEAD_BYTES + len(data)
        case Changes(files=files):
            return _OVERHEAD_BYTES * (1 + len(files))
    return 0


def _diff_bases(
    mirror: Mirror, workspace: Workspace, kept: AttemptState, made: Checkpoint
) -> Iterator[tuple[DiffBase, str]]:
    """Return the revisions to compare the commit with; the task's base last."""
    base = workspace.base_commit
    base = base if base == made.commit else mirror.merge_base(base, made.commit) or base
    before = kept.repo.before or ""
    if COMMIT_PATTERN.fullmatch(before) and (before == made.commit or mirror.has_commit(before)):
        yield "round", before
    refs = (
        f"{checkpoint_ref_prefix(workspace.key)}/{stage}"
        for stage in reversed(range(made.stage_index))
    )
    found = (*(mirror.tip(ref) for ref in refs), _start_commit(mirror, kept))
    yield "stage", next(filter(None, found), base)
    yield "base", base


def _start_commit(mirror: Mirror, kept: AttemptState) -> str | None:
    """Return the attempt's first commit, if that was a checkpoint."""
    if kept.repo.resume_commit:
        return kept.repo.resume_commit
    return mirror.tip(kept.repo.resume_from) if kept.repo.resume_from else None


def _batches(files: list[ChangedFile]) -> Iterator[tuple[int, list[ChangedFile]]]:
    """Return the files per report, each with the number of its first."""
    batch: list[ChangedFile] = []
    first = size = 0
    for file in files:
        own = len(msgspec.json.encode(file))
        if batch and (size + own > _MAX_LIST_BYTES or len(batch) == _MAX_LIST_FILES):
            yield first, batch
            first, batch, size = first + len(batch), [], 0
        batch.append(file)
        size += own
    yield first, batch


def _read_ids(file: Path) -> set[str]:
    try:
        return set(file.read_text(errors="replace").split())
    except FileNotFoundError:
        return set()
