"""Keeps mirrors from growing for ever: old refs and objects go, and mirrors that nobody uses.

On a thread of its own, which makes way for whoever has work to do in a mirror. Nothing is taken
away on which an attempt stands (`borrowers`); where that is in doubt, nothing at all.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from muster.worker.agents import attempt_state
from muster.worker.git import git
from muster.worker.git.mirror_lock import MirrorLock
from muster.worker.git.mirror_users import MirrorUsers
from muster.worker.git.mirrors import Mirror
from muster.worker.git.remote import Remote
from muster.worker.git.repositories import Repositories
from muster.worker.layout import Layout
from muster.worker.sandbox import trees

MIRROR_RETENTION_DAYS = 30
"""Days after its last fetch for which a mirror stays that no attempt stands on."""

_FIRST_DELAY_SECONDS = 60.0  # seconds after a start until mirrors are looked at
_INTERVAL_SECONDS = 3600.0  # seconds between two looks
_PRUNE_INTERVAL_SECONDS = 86_400.0  # seconds between two prunings of a mirror that is in use
_PRUNE_TIMEOUT_SECONDS = 3600.0  # seconds for a pruning
_REMOVED_SUFFIX = ".gone"
_CHECKPOINTS = "refs/muster"
_SETTINGS = {"gc.autoDetach": "false", "pack.threads": "1"}

log = logging.getLogger(__name__)


class Maintenance:
    """`changed` is called when a mirror has gone. `close` it."""

    def __init__(
        self,
        layout: Layout,
        repositories: Repositories,
        changed: Callable[[], None],
        *,
        keep_days: float = MIRROR_RETENTION_DAYS,
        prune_every: float = _PRUNE_INTERVAL_SECONDS,
        unnamed_for: str = "2.days.ago",
    ) -> None:
        """`unnamed_for`: since when, in git's words, an object must have had no name. A git that
        outlived its daemon may still be at work on what it has brought."""
        self._layout = layout
        self._repositories = repositories
        self._changed = changed
        self._retention_seconds = keep_days * 86_400
        self._prune_every = prune_every
        self._settings = {**_SETTINGS, "gc.pruneExpire": unnamed_for}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)

    def run_once(self) -> None:
        """Looks at every mirror once. Raises OSError."""
        for path in sorted(self._layout.mirrors.iterdir()):
            if self._stopped.is_set():
                return
            try:
                self._maintain_mirror(path)
            except git.GitCancelled:
                log.info("%s: pruning made way for an attempt", path.name)
            except (git.GitError, OSError) as error:
                log.warning("%s could not be pruned: %s", path.name, error)

    def _run(self) -> None:
        pause = _FIRST_DELAY_SECONDS
        while not self._stopped.wait(pause):
            pause = _INTERVAL_SECONDS
            try:
                self.run_once()
            except OSError as error:
                log.error("the mirrors could not be looked at: %s", error)

    def _maintain_mirror(self, path: Path) -> None:
        if path.name.endswith(_REMOVED_SUFFIX):
            trees.remove(path)
            return
        lock = MirrorLock.for_mirror(path)
        with lock.try_acquire() as is_ours:
            if not is_ours or not self._update_users(path):
                return
            if not self._is_unused(path):
                self._prune_if_due(path, lock)
                return
            gone = path.rename(path.with_name(path.name + _REMOVED_SUFFIX))
        log.info(
            "%s was not used for %.0f days; it is removed",
            path.name,
            self._retention_seconds / 86_400,
        )
        trees.remove(gone)
        self._repositories.forget_missing()
        self._changed()

    # Borrowers: attempts whose workspaces stand on the mirror's objects

    def _update_users(self, path: Path) -> bool:
        """Strikes borrowers that have left off the mirror's list; whether the list is complete.

        It is not if an attempt may stand on the mirror that is not listed: the attempt is about to
        be, or comes from a daemon that kept no list.
        """
        borrowers = MirrorUsers(path)
        listed, here = set(borrowers.numbers()), self._attempt_names()
        if any(self._may_use(path, name) for name in here - listed):
            return False
        borrowers.remove(listed - here)
        return True

    def _attempt_names(self) -> set[str]:
        """The names of all attempts that are here.

        Their directories count, too: those are there before the workspaces are, and after.
        """
        roots = (self._layout.attempts, self._layout.workspaces)
        return {path.name for root in roots for path in root.iterdir()}

    def _may_use(self, path: Path, name: str) -> bool:
        directory = self._layout.attempts / name
        urls = [_workspace_url(directory)]
        if kept := attempt_state.read(directory):
            urls.append(kept.repo.url)
        known = [url for url in urls if url is not None]
        return not known or any(self._mirror_path(url) == path for url in known)

    def _mirror_path(self, url: str) -> Path | None:
        try:
            return Mirror(self._layout, Remote.parse(url)).path
        except git.GitError:  # nothing was ever fetched from there
            return None

    # What is done

    def _is_unused(self, path: Path) -> bool:
        return (
            not MirrorUsers(path).numbers()
            and _seconds_since(path / "used", path) > self._retention_seconds
        )

    def _prune_if_due(self, path: Path, lock: MirrorLock) -> None:
        pruned, used = path / "pruned", path / "used"
        if _seconds_since(pruned) < max(self._prune_every, _seconds_since(used, path)):
            return
        began = time.monotonic()
        self._delete_old_checkpoints(path)
        MirrorUsers(path).delete_unneeded_refs()
        # As earlier versions wrote one: see the setting.
        (path / "objects" / "info" / "commit-graph").unlink(missing_ok=True)
        flag = _AnyFlag(lock, self._stopped)
        git.run_git(
            ["gc", "--quiet"],
            path,
            timeout=_PRUNE_TIMEOUT_SECONDS,
            settings=self._settings,
            cancelled=flag,
        )
        pruned.touch()
        log.info("%s was pruned in %.1f s", path.name, time.monotonic() - began)

    def _delete_old_checkpoints(self, path: Path) -> None:
        """Deletes checkpoints of attempts that are not here; who needs one fetches it again."""
        borrowers = MirrorUsers(path)
        here = borrowers.numbers()
        form = "--format=%(objectname) %(refname)"
        for line in git.run_git(["for-each-ref", form, "--", _CHECKPOINTS], path).splitlines():
            commit, ref = line.split()
            task_id, attempt = ref.removeprefix(f"{_CHECKPOINTS}/").split("/")[:2]
            if f"{task_id}-{attempt}" not in here:
                borrowers.retain_commit(commit)
                git.run_git(["update-ref", "-d", ref], path)


class _AnyFlag:
    """A flag that is set when one of two flags is."""

    def __init__(self, one: git.CancelFlag, other: git.CancelFlag) -> None:
        self._flags = one, other

    def is_set(self) -> bool:
        return any(flag.is_set() for flag in self._flags)


def _workspace_url(directory: Path) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        record: dict[str, Any] = json.loads((directory / "workspace.json").read_text())
        return str(record["url"])
    return None


def _seconds_since(*files: Path) -> float:
    """Seconds since the first of these that exists was touched; endless where none does."""
    for file in files:
        with suppress(FileNotFoundError):
            return time.time() - file.stat().st_mtime
    return float("inf")
