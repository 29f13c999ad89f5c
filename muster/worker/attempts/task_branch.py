"""The task's own branch, moved to what an attempt has pushed.

Only by order of the server, who names what it expects there; only while the lease holds, which is
looked at directly before; and by compare-and-swap, which the remote judges.
"""

import threading
from dataclasses import dataclass

from muster.protocol.frames import BranchMove, BranchRefused, Publish, Published, TaskBranch
from muster.worker.attempts.context import Reporter
from muster.worker.git.checkpoints import PushedBranch
from muster.worker.git.git import GitError
from muster.worker.git.mirrors import Mirror
from muster.worker.git.refs import require_safe_ref

_PAUSES = (1.0, 4.0, 0.0)  # seconds before it is tried again, and after the last try
_GLANCE = 1.0  # seconds between two looks whether the attempt goes on, while its lease is over


@dataclass(frozen=True)
class _Refused:
    """Why the branch is not moved: what is found there (None: nothing), or the remote's words."""

    found: str | None
    why: str = ""


class TaskBranchSide:
    """Moves the branch and reports how that went. `abandoned` ends it, without a report."""

    def __init__(self, reporter: Reporter, abandoned: threading.Event, mirror: Mirror) -> None:
        self._reporter = reporter
        self._abandoned = abandoned
        self._mirror = mirror

    def conclude(self, made: PushedBranch, order: Publish) -> None:
        """Reports that the attempt's branch is pushed, and what became of the task's."""
        if (onto := order.onto) is None:
            self._reporter.say(Published(made.branch, made.commit, made.diff, tree=made.tree))
            return
        refused = self._moved(onto, made.commit)
        if self._abandoned.is_set():
            return
        if refused is None:
            moved = BranchMove(onto.name, onto.expects)
            said = Published(made.branch, made.commit, made.diff, moved, made.tree)
            self._reporter.say(said)
            return
        by, subject = self._described(onto, refused)
        about = refused.found, refused.why, by, subject
        self._reporter.say(BranchRefused(order.number, onto.name, made.commit, *about))

    def _moved(self, onto: TaskBranch, commit: str) -> _Refused | None:
        """None once the branch names the commit."""
        refused: _Refused | None = None
        for pause in _PAUSES:
            self._await_lease()
            refused = self._try(onto, commit)
            if refused is None or not refused.why or self._abandoned.wait(pause):
                break
        return refused

    def _await_lease(self) -> None:
        """Waits while the lease is over: then somebody else may have the task by now."""
        lease = self._reporter.context.lease
        while lease.is_over and not self._abandoned.is_set():
            lease.wait_beyond(lease.deadline, _GLANCE)

    def _try(self, onto: TaskBranch, commit: str) -> _Refused | None:
        ref = f"refs/heads/{onto.name}"
        try:
            require_safe_ref(ref)
            self._mirror.move(ref, commit, onto.expects, self._abandoned)
        except GitError as error:
            return self._judged(ref, onto, commit, error)
        return None

    def _judged(self, ref: str, onto: TaskBranch, commit: str, error: GitError) -> _Refused | None:
        """What came of a push that failed: the remote may have moved the branch all the same."""
        try:
            found = self._mirror.remote_commit(ref)
        except GitError as unknown:
            return _Refused(onto.expects, unknown.message)
        if found == commit:
            return None
        return _Refused(found, error.message if found == onto.expects else "")

    def _described(self, onto: TaskBranch, refused: _Refused) -> tuple[str, str]:
        """Who made the commit that is found, and its subject, as far as that can be had."""
        if refused.found is None or refused.why:
            return "", ""
        try:
            return self._mirror.described(f"refs/heads/{onto.name}", refused.found)
        except GitError:
            return "", ""
