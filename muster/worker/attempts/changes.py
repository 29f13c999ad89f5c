"""What an attempt's commits changed, reported after each checkpoint and before the push.

Contents come first, each once as far as that is known: a file in the attempt's directory has those
that the server has acked. So one is said again after a crash, perhaps, but none is missing. Then
come the lists that name them; the one since the base comes last, and with it the journal knows that
all has been said.
"""

import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from muster.protocol import notes
from muster.protocol.bounds import OutOfBounds
from muster.protocol.frames import Body, ChangedFile, Changes, Checkpoint, Content, Note, Since
from muster.worker.agents.attempt_state import KeptOrder
from muster.worker.attempts.context import Reporter
from muster.worker.git import changes
from muster.worker.git.changes import Change
from muster.worker.git.checkpoints import refs_of
from muster.worker.git.git import GitCancelled, GitError
from muster.worker.git.mirrors import Mirror
from muster.worker.git.refs import COMMIT
from muster.worker.git.remote import Login
from muster.worker.git.workspace import Workspace

NAME = "contents"  # ids that the server has, a line each

_PIECE = 128 << 10  # bytes of a content in one report: a heartbeat waits for no more on a slow line
_AHEAD = 512 << 10  # bytes of pieces that the server does not have yet, above which others wait
_OVERHEAD = 512  # bytes that a report counts beside its piece, and a file in a list
_PAUSE = 0.5  # seconds between two looks whether the server has them
_LARGEST_LIST = 128 << 10  # bytes of a report's files
_LONGEST_LIST = 500


class ChangesTeller:
    """For the attempt's thread alone. Once `abandoned` is set it says no more: what is not said
    then the next daemon says, if there is one."""

    def __init__(self, reporter: Reporter, abandoned: threading.Event) -> None:
        self._reporter = reporter
        self._abandoned = abandoned
        self._file = reporter.context.layout.attempt(reporter.key) / NAME
        self._said: set[str] | None = None
        self._acked: set[str] = set()
        self._room = 0  # bytes that may be said before the journal is looked at again

    def tell_checkpoint(self, workspace: Workspace, kept: KeptOrder) -> None:
        """What the last checkpoint changed, unless that has been said."""
        if (made := self._reporter.standing.untold) is not None:
            self._tell(workspace, kept, made)

    def tell_push(self, workspace: Workspace, kept: KeptOrder, commit: str) -> bool:
        """Likewise what is pushed, where no checkpoint has told of that commit; False if it is
        abandoned before all is said. A push that begins its attempt adds nothing to what an earlier
        one has told of."""
        if kept.stage_index < 0 or commit == self._reporter.standing.told:
            return True
        made = Checkpoint(kept.stage_index, "", commit, run=kept.run)
        return self._tell(workspace, kept, made)

    def _tell(self, workspace: Workspace, kept: KeptOrder, made: Checkpoint) -> bool:
        if self._reporter.context.takes_questions() is False:
            return True  # nor can the server read this
        mirror = workspace.mirror(Login.of(kept.repo))
        found: dict[str, Change] = {}
        try:
            for since, base in _bases(mirror, workspace, kept, made):
                if base not in found:
                    found[base] = changes.between(mirror.path, base, made.commit, self._abandoned)
                    self._say_contents(mirror, found[base])
                self._say_list(made, since, found[base])
        except (GitError, OSError, OutOfBounds) as error:
            if self._abandoned.is_set():
                return False
            words = getattr(error, "message", None) or str(error)
            self._reporter.say(Note("warning", notes.CHANGES_UNKNOWN + words))
        return True

    def _say_contents(self, mirror: Mirror, change: Change) -> None:
        """Raises GitError, OSError; GitCancelled once it is abandoned."""
        said = self._known()
        for id, content in changes.contents(mirror.path, change, said, self._abandoned):
            if id not in said:
                packed = zlib.compress(content)
                for offset in range(0, len(packed), _PIECE):
                    piece = packed[offset : offset + _PIECE]
                    self._say(Content(id, len(content), len(packed), offset, piece))
                said.add(id)
        self._note_acked()

    def _say_list(self, made: Checkpoint, since: Since, change: Change) -> None:
        for first, files in _batches(change.files):
            of_list = (first, len(change.files), change.left_out)
            named = (made.stage_index, since, change.base, made.commit, files)
            self._say(Changes(*named, *of_list, made.run, made.partial))

    def _say(self, body: Content | Changes) -> None:
        """Once what the server does not have yet leaves room for it. Raises GitCancelled when it is
        abandoned before that."""
        size = _size(body)
        while self._room < size:
            if self._abandoned.is_set():
                raise GitCancelled("cancelled while the server takes what has been said")
            unacked = self._reporter.context.journal.unacked(self._reporter.key)
            self._room = _AHEAD - sum(_size(report.body) for report in unacked)
            if self._room < size:
                self._reporter.context.journal.wait_for_change(_PAUSE)
        self._room -= size
        self._reporter.say(body)

    def _known(self) -> set[str]:
        """What has been said, and need not be said again. Raises OSError."""
        if self._said is None:
            self._acked = _read(self._file)
            self._said = set(self._acked)
        self._note_acked()
        return self._said

    def _note_acked(self) -> None:
        """Writes down which contents the server has by now. Raises OSError."""
        unacked = self._reporter.context.journal.unacked(self._reporter.key)
        open_ids = {each.body.id for each in unacked if isinstance(each.body, Content)}
        new = (self._said or set()) - self._acked - open_ids
        if new:
            with self._file.open("a") as file:
                file.write("\n" + "\n".join(sorted(new)) + "\n")  # what was torn ends there
            self._acked |= new


def _size(body: Body) -> int:
    """About so many bytes wait for the server with it."""
    match body:
        case Content(data=data):
            return _OVERHEAD + len(data)
        case Changes(files=files):
            return _OVERHEAD * (1 + len(files))
    return 0


def _bases(
    mirror: Mirror, workspace: Workspace, kept: KeptOrder, made: Checkpoint
) -> Iterator[tuple[Since, str]]:
    """What the commit is compared with; the task's base last."""
    base = workspace.base_commit
    base = base if base == made.commit else mirror.merge_base(base, made.commit) or base
    before = kept.repo.before or ""
    if COMMIT.fullmatch(before) and (before == made.commit or mirror.has(before)):
        yield "round", before
    refs = (f"{refs_of(workspace.key)}/{stage}" for stage in reversed(range(made.stage_index)))
    found = (*(mirror.tip(ref) for ref in refs), _began(mirror, kept))
    yield "stage", next(filter(None, found), base)
    yield "base", base


def _began(mirror: Mirror, kept: KeptOrder) -> str | None:
    """The commit that the attempt began with, where that was a checkpoint."""
    if kept.repo.resume_commit:
        return kept.repo.resume_commit
    return mirror.tip(kept.repo.resume_from) if kept.repo.resume_from else None


def _batches(files: list[ChangedFile]) -> Iterator[tuple[int, list[ChangedFile]]]:
    """The files by reports, each with the number of its first."""
    batch: list[ChangedFile] = []
    first = size = 0
    for file in files:
        own = len(msgspec.json.encode(file))
        if batch and (size + own > _LARGEST_LIST or len(batch) == _LONGEST_LIST):
            yield first, batch
            first, batch, size = first + len(batch), [], 0
        batch.append(file)
        size += own
    yield first, batch


def _read(file: Path) -> set[str]:
    try:
        return set(file.read_text(errors="replace").split())
    except FileNotFoundError:
        return set()
