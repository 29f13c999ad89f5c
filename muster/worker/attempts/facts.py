"""Report the facts of an attempt's workspace when they change."""

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

_INTERVAL_SECONDS = 3.0  # seconds between checks while something changes
_QUIET_INTERVAL_SECONDS = (
    30.0  # the same while nothing does: an agent may edit files without output
)
_COST_FACTOR = 20  # a check may use a twentieth of the time, or half of that while nothing changes
_WATCHED_FILES = (".git/index", ".git/HEAD", ".git/logs/HEAD")
_SIZE_STEP_BYTES = 1 << 20  # bytes: a smaller change of size alone isn't reported

log = logging.getLogger(__name__)


def poll_interval(cost: float, *, moving: bool) -> float:
    """Return the seconds from one check, which took `cost` seconds, to the next."""
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
    """Reads a workspace's facts, from any thread, and reports them.

    Facts that were read more slowly than a later report are dropped.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._lock = threading.Lock()
        self._read_numbers = itertools.count()
        self._newest_reported = -1  # the number of the last reported check
        self._last_reported: WorkspaceFacts | None = None
        self._is_closed = False

    def report_facts(
        self, at: Workspace, *, only_news: bool = False, cancelled: CancelFlag | None = None
    ) -> None:
        """Report facts from git in a sandbox, which ends every command of the workspace's settings.
        Without a sandbox nothing is reported (`no_sandbox`)."""
        self._report_if_newest(at, lambda: at.read_facts(cancelled), only_news=only_news)

    def report_committed(self, at: Workspace, commit: str, diff: DiffStat | None) -> None:
        """Report a workspace whose content is all in that commit; only its size is measured, which
        runs no command of its settings."""
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
        """Stop all reports: the workspace is about to be removed."""
        with self._lock:
            self._is_closed = True


class FactsWatcher:
    """Reads a workspace's facts regularly while a stage runs; leaving the context ends a running
    check and its processes."""

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
            None  # nothing yet: the first check is soon
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
        """Return the stamps, with a few system calls and without following links of an agent."""
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
