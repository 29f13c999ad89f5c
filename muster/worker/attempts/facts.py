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

from muster.protocol.bounds import fitting
from muster.protocol.frames import DiffStat, WorkspaceFacts
from muster.worker.attempts.context import Reporter
from muster.worker.git.git import Flag, GitError
from muster.worker.git.workspace import Facts, Workspace, WorkspaceError
from muster.worker.sandbox import trees
from muster.worker.sandbox.sandbox import NoSandbox

_INTERVAL = 3.0  # seconds between two looks where something is seen to move
_QUIET_INTERVAL = 30.0  # likewise where nothing is: an agent may edit files and say nothing
_SHARE = 20  # a look may take a twentieth of the time, a quiet one half of that
_SIGNS = (".git/index", ".git/HEAD", ".git/logs/HEAD")
_SIZE_STEP = 1 << 20  # bytes: a smaller change of size alone is no news

log = logging.getLogger(__name__)


def pause(cost: float, *, moving: bool) -> float:
    """Seconds from one look, which took `cost` seconds, to the next."""
    if moving:
        return max(_INTERVAL, _SHARE * cost)
    return max(_QUIET_INTERVAL, 2 * _SHARE * cost)


def is_news(before: WorkspaceFacts | None, now: WorkspaceFacts) -> bool:
    """Whether the change from `before` to `now` is worth a report while a stage runs."""
    if before is None:
        return True
    return _but_size(before) != _but_size(now) or (
        abs(before.size_bytes - now.size_bytes) >= _SIZE_STEP
    )


class FactsTeller:
    """Looks at a workspace, from any thread, and reports what lies in it.

    A look that took so long that a later one was reported before it is not reported.
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._lock = threading.Lock()
        self._looks = itertools.count()
        self._newest = -1  # the look that was last reported
        self._told: WorkspaceFacts | None = None
        self._closed = False

    def look(
        self, at: Workspace, *, only_news: bool = False, cancelled: Flag | None = None
    ) -> None:
        """git looks, in a room: what the workspace's settings run in there ends with it. Where no
        room can be made nothing is reported (`no_sandbox`)."""
        self._tell(at, lambda: at.facts(cancelled), only_news=only_news)

    def committed(self, at: Workspace, commit: str, diff: DiffStat | None) -> None:
        """Reports a workspace of which all is in that commit; only its size is looked at, for
        which nothing of its settings is run."""
        diff = diff or DiffStat()
        self._tell(at, lambda: Facts(commit, dirty=False, diff=diff, size_bytes=at.size()))

    def _tell(self, at: Workspace, look: Callable[[], Facts], *, only_news: bool = False) -> None:
        number = next(self._looks)
        try:
            facts = fitting(_ready(at, look()))
        except NoSandbox as error:
            log.debug("no facts about %s: %s", at.path, error)
            self._reporter.context.wellness.doubt()
            return
        except (GitError, WorkspaceError, OSError, ValueError, SubprocessError) as error:
            log.debug("no facts about %s: %s", at.path, error)
            return
        with self._lock:
            if self._closed or number < self._newest:
                return
            self._newest = number
            if not only_news or is_news(self._told, facts):
                self._told = facts
                self._reporter.say(facts)

    def close(self) -> None:
        """Ends all reports: the workspace is about to go."""
        with self._lock:
            self._closed = True


class FactsWatch:
    """Looks at a workspace now and then while a stage runs; leaving it ends a look that goes on,
    and whatever that has started."""

    def __init__(self, teller: FactsTeller, workspace: Workspace, log_file: Path) -> None:
        self._teller = teller
        self._workspace = workspace
        self._log_file = log_file
        self._over = threading.Event()

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
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        cost, looked = 0.0, time.monotonic()
        seen: tuple[tuple[int, int] | None, ...] | None = (
            None  # nothing yet: the first look is soon
        )
        while not self._over.wait(_INTERVAL):
            now = self._seen()
            if time.monotonic() - looked < pause(cost, moving=now != seen):
                continue
            began, seen = time.monotonic(), now
            self._teller.look(self._workspace, only_news=True, cancelled=self._over)
            looked = time.monotonic()
            cost = looked - began

    def _seen(self) -> tuple[tuple[int, int] | None, ...]:
        """Costs a few system calls, and follows no link that an agent may have laid."""
        looks = [partial(trees.stat_below, self._workspace.path, path) for path in _SIGNS]
        return tuple(map(_stamp, [partial(os.lstat, self._log_file), *looks]))


def _stamp(look: Callable[[], os.stat_result]) -> tuple[int, int] | None:
    try:
        found = look()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _but_size(facts: WorkspaceFacts) -> tuple[str, bool, DiffStat | None]:
    return facts.head_commit, facts.dirty, facts.diff


def _ready(of: Workspace, facts: Facts) -> WorkspaceFacts:
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
