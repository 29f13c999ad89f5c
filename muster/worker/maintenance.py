"""Keep mirrors from growing forever: delete old refs and objects, and unused mirrors.

Runs on its own thread and yields to other work in a mirror. Nothing that an attempt uses is deleted
(`mirror_users`); in doubt nothing at all.
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
"""Days after its last fetch until an unused mirror is deleted."""

_FIRST_DELAY_SECONDS = 60.0  # seconds from the start to the first run
_INTERVAL_SECONDS = 3600.0  # seconds between runs
_PRUNE_INTERVAL_SECONDS = 86_400.0  # seconds between prunings of a mirror in use
_PRUNE_TIMEOUT_SECONDS = 3600.0  # seconds for one pruning
_REMOVED_SUFFIX = ".gone"
_CHECKPOINTS = "refs/muster"
_SETTINGS = {"gc.autoDetach": "false", "pack.threads": "1"}

log = logging.getLogger(__name__)


class Maintenance:
    """`changed` is called when a mirror is deleted. `close` it."""

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
        """`unnamed_for`: how long, in git's syntax, an object must have been unreachable. A git
        that outlived its daemon may still be working on objects that it fetched.
        """
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
        """Maintain every mirror once. Raises OSError."""
        for path in sorted(self._layout.mirrors.iterdir()):
            if self._stopped.is_set():
                return
            try:
                self._maintain_mirror(path)
            except git.GitCancelled:
                log.info("%s: pruning stopped for an attempt", path.name)
            except (git.GitError, OSError) as error:
                log.warning("can't prune %s: %s", path.name, error)

    def _run(self) -> None:
        pause = _FIRST_DELAY_SECONDS
        while not self._stopped.wait(pause):
            pause = _INTERVAL_SECONDS
            try:
                self.run_once()
            except OSError as error:
                log.error("can't maintain the mirrors: %s", error)

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
            "%s was unused for %.0f days; deleting it",
            path.name,
            self._retention_seconds / 86_400,
        )
        trees.remove(gone)
        self._repositories.forget_missing()
        self._changed()

    # Mirror users: attempts whose workspaces share the mirror's objects

    def _update_users(self, path: Path) -> bool:
        """Remove users that are gone from the mirror's list. Returns whether the list is complete.

        It is incomplete if an unlisted attempt may use the mirror: one that is about to start, or
        one of a daemon that kept no list.
        """
        borrowers = MirrorUsers(path)
        listed, here = set(borrowers.numbers()), self._attempt_names()
        if any(self._may_use(path, name) for name in here - listed):
            return False
        borrowers.remove(listed - here)
        return True

    def _attempt_names(self) -> set[str]:
        """Return the names of all attempts here.

        Their directories count too, because they exist before and after the workspaces.
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
        except git.GitError:  # nothing was ever fetched from it
            return None

    # Actions

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
        flag = _AnyFlag(lock, self._stopped)
        git.run_git(
            ["gc", "--quiet"],
            path,
            timeout=_PRUNE_TIMEOUT_SECONDS,
            settings=self._settings,
            cancelled=flag,
        )
        pruned.touch()
        log.info("pruned %s in %.1f s", path.name, time.monotonic() - began)

    def _delete_old_checkpoints(self, path: Path) -> None:
        """Delete checkpoints of attempts that aren't here; an attempt that needs one fetches it
        again.
        """
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
    """A flag that is set when either of two flags is."""

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
    """Return the seconds since the first existing path was touched; infinite if none exists."""
    for file in files:
        with suppress(FileNotFoundError):
            return time.time() - file.stat().st_mtime
    return float("inf")
