"""What lies in an attempt's workspace, told to the server when it has changed."""

import itertools
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import SubprocessError
from types import TracebackType
from typing import Self

from muster.protocol.bounds import fit_to_bounds
from muster.protocol.frames import DiffStat, WorkspaceFacts
from muster.worker.attempts.context import Reporter
from muster.worker.git.git import CancelFlag, GitError
from muster.worker.git.workspace import Facts, Workspace, WorkspaceError
from muster.worker.sandbox import trees
from muster.worker.sandbox.sandbox import SandboxFailed

_INTERVAL_SECONDS = 3.0  # seconds between two looks where something is seen to move
_QUIET_INTERVAL_SECONDS = 30.0  # likewise where nothing is: an agent may edit files and say nothing
_COST_FACTOR = 20  # a look may take a twentieth of the time, a quiet one half of that
_WATCHED_FILES = (".git/index", ".git/HEAD", ".git/logs/HEAD")
_SIZE_STEP_BYTES = 1 << 20  # bytes: a smaller change of size alone is no news

log = logging.getLogger(__name__)


def poll_interval(cost: float, *, moving: bool) -> float:
    """Seconds from one look, which took `cost` seconds, to the next."""
    if moving:
        return max(_INTERVAL_SECONDS, _COST_FACTOR * cost)
    return max(_QUIET_INTERVAL_SECONDS, 2 * _COST_FACTOR * cost)


def is_significant(before: WorkspaceFacts | None, now: WorkspaceFacts) -> bool:
    """Whether the change from `before` to `now` is worth a report while a stage runs."""
    if before is None:
        return True
    return _without_size(before) != _without_size(now) or (
        abs(before.size_bytes - now.size_bytes) >= _SIZE_STEP_BYTES
    )


class FactsReporter:
    """Looks at a workspace, from any thread, and reports what lies in it.

    A look that took so long that a later one was reported before it is not reported.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._lock = threading.Lock()
        self._read_numbers = itertools.count()
        self._newest_reported = -1  # the look that was last reported
        self._last_reported: WorkspaceFacts | None = None
        self._is_closed = False

    def report_facts(
        self, at: Workspace, *, only_news: bool = False, cancelled: CancelFlag | None = None
    ) -> None:
        """git looks, in a room: what the workspace's settings run in there ends with it. Where no
        room can be made nothing is reported (`no_sandbox`)."""
        self._report_if_newest(at, lambda: at.read_facts(cancelled), only_news=only_news)

    def report_committed(self, at: Workspace, commit: str, diff: DiffStat | None) -> None:
        """Reports a workspace of which all is in that commit; only its size is looked at, for
        which nothing of its settings is run."""
        diff = diff or DiffStat()
        self._report_if_newest(
            at, lambda: Facts(commit, dirty=False, diff=diff, size_bytes=at.measure_bytes())
        )

    def _report_if_newest(
        self, at: Workspace, look: Callable[[], Facts], *, only_news: bool = False
    ) -> None:
        number = next(self._read_numbers)
        try:
            facts = fit_to_bounds(_workspace_facts(at, look()))
        except SandboxFailed as error:
            log.debug("no facts about %s: %s", at.path, error)
            self._reporter.context.machine_health.report_failure()
            return
        except (GitError, WorkspaceError, OSError, ValueError, SubprocessError) as error:
            log.debug("no facts about %s: %s", at.path, error)
            return
        with self._lock:
            if self._is_closed or number < self._newest_reported:
                return
            self._newest_reported = number
            if not only_news or is_significant(self._last_reported, facts):
                self._last_reported = facts
                self._reporter.report(facts)

    def close(self) -> None:
        """Ends all reports: the workspace is about to go."""
        with self._lock:
            self._is_closed = True


class FactsWatcher:
    """Looks at a workspace now and then while a stage runs; leaving it ends a look that goes on,
    and whatever that has started."""

    def __init__(self, teller: FactsReporter, workspace: Workspace, log_file: Path) -> None:
        self._reporter = teller
        self._workspace = workspace
        self._log_file = log_file
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        name = f"workspace-{self._workspace.key.name}-watch"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        cost, looked = 0.0, time.monotonic()
        seen: tuple[tuple[int, int] | None, ...] | None = (
            None  # nothing yet: the first look is soon
        )
        while not self._stopped.wait(_INTERVAL_SECONDS):
            now = self._read_stamps()
            if time.monotonic() - looked < poll_interval(cost, moving=now != seen):
                continue
            began, seen = time.monotonic(), now
            self._reporter.report_facts(self._workspace, only_news=True, cancelled=self._stopped)
            looked = time.monotonic()
            cost = looked - began

    def _read_stamps(self) -> tuple[tuple[int, int] | None, ...]:
        """Costs a few system calls, and follows no link that an agent may have laid."""
        looks = [partial(trees.stat_below, self._workspace.path, path) for path in _WATCHED_FILES]
        return tuple(map(_read_stamp, [partial(os.lstat, self._log_file), *looks]))


def _read_stamp(look: Callable[[], os.stat_result]) -> tuple[int, int] | None:
    try:
        found = look()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _without_size(facts: WorkspaceFacts) -> tuple[str, bool, DiffStat | None]:
    return facts.head_commit, facts.dirty, facts.diff


def _workspace_facts(of: Workspace, facts: Facts) -> WorkspaceFacts:
    return WorkspaceFacts(
        state="ready",
        path=str(of.path),
        branch=of.branch,
        base_commit=of.base_commit,
        head_commit=facts.head_commit,
        dirty=facts.dirty,
        diff=facts.diff,
        size_bytes=facts.size_bytes,
    )
