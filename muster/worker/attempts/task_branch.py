"""Move the task's own branch to the commit that an attempt has pushed.

Only on an order of the server, which names the expected commit; only while the lease is valid,
checked directly before; and by compare-and-swap at the remote.
"""

import threading
from dataclasses import dataclass

from muster.protocol.frames import BranchMove, BranchRefused, Publish, Published, TaskBranch
from muster.worker.attempts.context import Reporter
from muster.worker.git.checkpoints import PushedBranch
from muster.worker.git.git import GitError
from muster.worker.git.mirrors import Mirror
from muster.worker.git.refs import require_safe_ref

_RETRY_PAUSES_SECONDS = (1.0, 4.0, 0.0)  # seconds before each retry, and after the last try
_POLL_SECONDS = (
    1.0  # seconds between checks whether the attempt continues, while its lease has expired
)


@dataclass(frozen=True)
class _MoveRefused:
    """Why the branch isn't moved: the commit found there (None: nothing), or the remote's
    message."""

    found_commit: str | None
    reason: str = ""


class TaskBranchUpdater:
    """Moves the branch and reports the result. `abandoned` ends it without a report."""

    def __init__(self, reporter: Reporter, abandoned: threading.Event, mirror: Mirror) -> None:
        self._reporter = reporter
        self._abandoned = abandoned
        self._mirror = mirror

    def report_published(self, made: PushedBranch, order: Publish) -> None:
        """Report that the attempt's branch is pushed, and the result for the task's branch."""
        if (onto := order.onto) is None:
            self._reporter.report(Published(made.branch, made.commit, made.diff, tree=made.tree))
            return
        refused = self._move_with_retries(onto, made.commit)
        if self._abandoned.is_set():
            return
        if refused is None:
            moved = BranchMove(onto.name, onto.expects)
            report = Published(made.branch, made.commit, made.diff, moved, made.tree)
            self._reporter.report(report)
            return
        by, subject = self._describe_found(onto, refused)
        about = refused.found_commit, refused.reason, by, subject
        self._reporter.report(BranchRefused(order.number, onto.name, made.commit, *about))

    def _move_with_retries(self, onto: TaskBranch, commit: str) -> _MoveRefused | None:
        """Return None once the branch names the commit."""
        refused: _MoveRefused | None = None
        for pause in _RETRY_PAUSES_SECONDS:
            self._wait_for_lease()
            refused = self._try_move(onto, commit)
            if refused is None or not refused.reason or self._abandoned.wait(pause):
                break
        return refused

    def _wait_for_lease(self) -> None:
        """Wait while the lease has expired, because another attempt may have the task by now."""
        lease = self._reporter.context.lease
        while lease.is_expired and not self._abandoned.is_set():
            lease.wait_for_extension(lease.deadline, _POLL_SECONDS)

    def _try_move(self, onto: TaskBranch, commit: str) -> _MoveRefused | None:
        ref = f"refs/heads/{onto.name}"
        try:
            require_safe_ref(ref)
            self._mirror.move_remote_ref(ref, commit, onto.expects, self._abandoned)
        except GitError as error:
            return self._check_failed_move(ref, onto, commit, error)
        return None

    def _check_failed_move(
        self, ref: str, onto: TaskBranch, commit: str, error: GitError
    ) -> _MoveRefused | None:
        """Check a push that failed: the remote may have moved the branch anyway."""
        try:
            found = self._mirror.remote_commit(ref)
        except GitError as unknown:
            return _MoveRefused(onto.expects, unknown.message)
        if found == commit:
            return None
        return _MoveRefused(found, error.message if found == onto.expects else "")

    def _describe_found(self, onto: TaskBranch, refused: _MoveRefused) -> tuple[str, str]:
        """Return author and subject of the commit found there, as far as possible."""
        if refused.found_commit is None or refused.reason:
            return "", ""
        try:
            return self._mirror.describe_commit(f"refs/heads/{onto.name}", refused.found_commit)
        except GitError:
            return "", ""
