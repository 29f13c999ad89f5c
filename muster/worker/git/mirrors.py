"""One bare mirror per repository, which only the daemon writes.

Workspaces share its objects and get commits from it; their work comes back through `import_commit`,
and leaves through `push` with settings that no agent can change. Workspaces use its objects:
commits that lose their ref are retained for the current users (`mirror_users`).
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from muster.protocol.frames import DiffStat
from muster.worker.git import git, local_repositories, refs, shortstat, ssh
from muster.worker.git.mirror_lock import MirrorLock
from muster.worker.git.mirror_users import MirrorUsers
from muster.worker.git.quarantine import Quarantine
from muster.worker.git.refs import ref_prefixes, require_safe_ref
from muster.worker.git.remote import Remote, is_ssh
from muster.worker.layout import Layout
from muster.worker.sandbox.sandbox import Sandbox

FETCH_TIMEOUT = 600.0
FETCH_MAX_MEMORY_BYTES = 4 << 30  # a history of ten million commits needs half of it
PUSH_TIMEOUT = 300.0


@dataclass(frozen=True)
class Mirror:
    """The bare copy of one repository on this machine. `memory` is git's limit for it, in bytes,
    because remotes and attempts decide its contents."""

    layout: Layout
    remote: Remote
    memory: int = git.MAX_MEMORY_BYTES

    @cached_property
    def path(self) -> Path:
        name = hashlib.sha256(self.remote.url.encode()).hexdigest()[:40]
        return self.layout.mirrors / f"{name}.git"

    @property
    def exists(self) -> bool:
        return (self.path / "HEAD").exists()

    def resolve_address(self) -> str:
        """The URL or allowed local path for git now. Raises LocalRepositoryRefused, SshRefused."""
        url = self.remote.url
        if local_repositories.is_local(url):
            return local_repositories.resolve_address(url, self.layout)
        if is_ssh(url) and self.remote.ssh_key is None:
            ssh.require_own_keys(url, self.layout)
        return url

    @property
    def objects(self) -> Path:
        return self.path / "objects"

    @property
    def used_file(self) -> Path:
        """The file whose time shows the last fetch or deletion here."""
        return self.path / "used"

    @property
    def lock(self) -> MirrorLock:
        return MirrorLock.for_mirror(self.path)

    @property
    def users(self) -> MirrorUsers:
        return MirrorUsers(self.path)

    def fetch(
        self,
        base: str,
        extra_refs: Sequence[str] = (),
        on_progress: git.ProgressHandler | None = None,
        *,
        borrower: str | None = None,
        timeout: float = FETCH_TIMEOUT,
        cancelled: git.CancelFlag | None = None,
    ) -> dict[str, str]:
        """Update the branch `base` and the full refs `extra_refs` from the remote.

        Creates the mirror if it is missing. Returns the commit of each ref. For a `borrower` these
        commits, and all that the mirror names from now on, stay while the attempt of that name is
        on this machine. Raises GitError.
        """
        heads = [f"refs/heads/{base}", *extra_refs]
        for ref in heads:
            require_safe_ref(ref)
        deadline = time.monotonic() + timeout
        arguments = ["fetch", "--progress", "--no-auto-maintenance", "--no-write-fetch-head"]
        refspecs = [f"+{ref}:{ref}" for ref in heads]
        arguments += ["--end-of-options", self.resolve_address(), *refspecs]
        with self.lock.acquire(deadline, cancelled):
            self._create_if_missing()
            self.used_file.touch()
            with self._retain_for_users(heads):
                # The commits that this fetch replaces don't concern the new user.
                if borrower is not None:
                    self.users.add(borrower)

                def run() -> None:
                    left = deadline - time.monotonic()
                    self._run_at_remote(arguments, left, on_progress, cancelled)

                try:
                    run()
                except git.GitError as error:
                    if not self._clear_blocking_refs(error, base):
                        raise
                    run()
            return {ref: self.resolve_ref(ref) for ref in heads}

    def import_commit(
        self,
        room: Sandbox,
        ref: str,
        commit: str,
        base: str,
        known: Sequence[str],
        timeout: float,
        cancelled: git.CancelFlag | None = None,
    ) -> DiffStat:
        """Import a commit of the sandbox's workspace, check it, and let `ref` name it. The objects
        of `known` commits are already here. Returns the size of its changes since `base`. The lock
        is held only for the final move. Raises WorkRefused, GitError, SandboxFailed, OSError."""
        deadline = time.monotonic() + timeout
        quarantine = Quarantine(self.path, ref.replace("/", "-"), room)
        with quarantine.create():
            diff = quarantine.fill(commit, base, known, timeout, cancelled)
            with self.lock.acquire(deadline, cancelled), self._retain_for_users([ref]):
                quarantine.move_to_mirror()
                self.run_git(["update-ref", "--end-of-options", ref, commit])
        return diff

    def set_ref(
        self, ref: str, commit: str, timeout: float, cancelled: git.CancelFlag | None = None
    ) -> None:
        """Let `ref` name a commit that is here, which needs no sandbox. Raises GitError."""
        deadline = time.monotonic() + timeout
        with self.lock.acquire(deadline, cancelled), self._retain_for_users([ref]):
            self.run_git(["update-ref", "--end-of-options", ref, commit])

    def push(self, refspecs: Sequence[str], timeout: float = PUSH_TIMEOUT) -> None:
        """Push to the remote. Raises GitError with the remote's message."""
        arguments = ["push", "--no-verify", "--end-of-options", self.resolve_address(), *refspecs]
        self._run_at_remote(arguments, timeout)

    def move_remote_ref(
        self, ref: str, commit: str, expected: str | None, cancelled: git.CancelFlag | None = None
    ) -> None:
        """Let the remote's `ref` name the commit, without requiring a fast-forward, if it names the
        expected one (None: if it doesn't exist), or this one already. Raises GitError."""
        arguments = ["push", "--no-verify", f"--force-with-lease={ref}:{expected or ''}"]
        arguments += ["--end-of-options", self.resolve_address(), f"{commit}:{ref}"]
        self._run_at_remote(arguments, PUSH_TIMEOUT, cancelled=cancelled)

    def remote_commit(self, ref: str) -> str | None:
        """Return the commit that the remote's ref names; None if there is none. Raises GitError."""
        arguments = ["ls-remote", "--refs", "--end-of-options", self.resolve_address(), ref]
        output = self._run_at_remote(arguments, PUSH_TIMEOUT)
        lines = (line.split("\t", 1) for line in output.splitlines())
        return next((commit for commit, name in lines if name == ref), None)

    def describe_commit(self, ref: str, commit: str) -> tuple[str, str]:
        """Return author and subject of the remote ref's commit. Raises GitError."""
        arguments = ["fetch", "--quiet", "--no-tags", "--no-auto-maintenance"]
        arguments += ["--no-write-fetch-head", "--end-of-options", self.resolve_address(), ref]
        self._run_at_remote(arguments, FETCH_TIMEOUT)
        form = ["log", "-1", "--no-show-signature", "--format=%an <%ae>%n%s", "--end-of-options"]
        lines = self.run_git([*form, commit]).splitlines()
        return lines[0], lines[1] if len(lines) > 1 else ""

    def remote_refs(self, *patterns: str) -> list[str]:
        """Return the full names of the remote's matching refs; all without a pattern."""
        arguments = ["ls-remote", "--refs", "--end-of-options", self.resolve_address(), *patterns]
        answer = self._run_at_remote(arguments, PUSH_TIMEOUT)
        return [line.split("\t", 1)[1] for line in answer.splitlines()]

    def delete_refs(self, prefix: str, timeout: float = FETCH_TIMEOUT) -> None:
        """Delete the mirror's own refs below `prefix`. Raises GitError."""
        with self.lock.acquire(time.monotonic() + timeout):
            self.used_file.touch()
            self._delete_refs_locked(prefix)

    def resolve_ref(self, ref: str) -> str:
        """The commit that a ref of the mirror names. Raises GitError."""
        verify = ["rev-parse", "--verify", "--end-of-options", ref]
        return self.tip(ref) or self.run_git(verify).strip()

    def has_commit(self, commit: str) -> bool:
        """Whether the commit is here."""
        try:
            self.run_git(["cat-file", "-e", "--end-of-options", f"{commit}^{{commit}}"])
        except git.GitError:
            return False
        return True

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the last common commit of two commits; None if there is none."""
        try:
            return _merge_base(self.path, one, other)
        except git.GitError:
            return None

    def diff_stat(self, base: str, commit: str) -> DiffStat:
        """Return the size of the changes in `commit` since it left `base`. Raises GitError."""
        start = self.merge_base(base, commit) or base
        arguments = ["diff", "--shortstat", "--no-ext-diff", "--no-textconv", "--end-of-options"]
        output = self.run_git([*arguments, start, commit], settings=shortstat.SETTINGS)
        return shortstat.parse(output)

    def run_gc(self, timeout: float = FETCH_TIMEOUT) -> None:
        """Pack the objects of many fetches, if there are many. Prunes nothing."""
        settings = {"gc.auto": "6700", "gc.autoDetach": "false", "gc.pruneExpire": "never"}
        settings["gc.bigPackThreshold"] = "64m"  # the history's pack: repacking it takes long
        self.run_git(["gc", "--auto", "--quiet"], timeout, settings)

    def run_git(
        self,
        arguments: Sequence[str],
        timeout: float = git.DEFAULT_TIMEOUT,
        settings: Mapping[str, str] | None = None,
    ) -> str:
        """Run git in the mirror, within its memory limit. Raises GitError."""
        return git.run_git(
            arguments, self.path, timeout=timeout, settings=settings, memory=self.memory
        )

    def _run_at_remote(
        self,
        arguments: Sequence[str],
        timeout: float,
        on_progress: git.ProgressHandler | None = None,
        cancelled: git.CancelFlag | None = None,
    ) -> str:
        is_fetch = arguments[0] == "fetch"  # it may fetch a complete history: use all processors
        threads = {"pack.threads": "0"} if is_fetch else {}
        with self.remote.git_environment() as environment:
            return git.run_git(
                arguments,
                cwd=self.path,
                env=environment,
                timeout=timeout,
                on_progress=on_progress,
                settings={**self.remote.git_settings(), **threads},
                cancelled=cancelled,
                secrets=self.remote.secrets,
                memory=FETCH_MAX_MEMORY_BYTES if is_fetch else self.memory,
            )

    def _create_if_missing(self) -> None:
        if not self.exists:
            git.run_git(["init", "--quiet", "--bare", "--template=", "--", str(self.path)])

    @contextmanager
    def _retain_for_users(self, names: Sequence[str]) -> Iterator[None]:
        """Lets the refs move while open, and keeps what they named before for the mirror's users.
        Keeps every commit first, then drops those that their ref still leads to: a crash in
        between loses nothing that a user needs."""
        before = {ref: commit for ref in names if (commit := self.tip(ref))}
        kept = {ref: self.users.retain_commit(commit) for ref, commit in before.items()}
        try:
            yield
        finally:
            for ref, file in kept.items():
                if file is not None and self._is_ancestor(before[ref], self.tip(ref)):
                    file.unlink(missing_ok=True)

    def tip(self, ref: str) -> str | None:
        """Return the commit that a ref names; None if the ref doesn't exist."""
        return refs.read_tip(self.path, ref)

    def tips(self, prefix: str) -> list[str]:
        """Return the commits of the ref `prefix` and those below it."""
        return refs.read_tips(self.path, prefix)

    def _is_ancestor(self, commit: str, tip: str | None) -> bool:
        if tip is None or tip == commit:
            return tip is not None
        return self.merge_base(commit, tip) == commit

    def _delete_refs_locked(self, prefix: str) -> None:
        """Like `delete_refs`, under the lock."""
        form = "--format=%(objectname) %(refname)"
        for line in self.run_git(["for-each-ref", form, "--", prefix]).splitlines():
            commit, name = line.split()
            self.users.retain_commit(commit)
            self.run_git(["update-ref", "-d", name])

    def _clear_blocking_refs(self, error: git.GitError, base: str) -> bool:
        """Remove obstacles to a fetch: stale locks, and branches that conflict with `base`.

        Returns False, and removes nothing, for other errors. Only the daemon writes here, so a lock
        that exists while we hold ours was left by a git that died.
        """
        if "cannot lock ref" not in error.stderr and ".lock'" not in error.stderr:
            return False
        for left in [*self.path.glob("*.lock"), *(self.path / "refs").rglob("*.lock")]:
            left.unlink(missing_ok=True)
        # A branch `a` that became `a/b`, or vice versa.
        for name in ref_prefixes(f"refs/heads/{base}"):
            self._delete_refs_locked(name)
        return True


@lru_cache(maxsize=1_000)
def _merge_base(mirror: Path, one: str, other: str) -> str:
    """Return the merge base; cached, because it never changes. Raises GitError."""
    return git.run_git(["merge-base", "--end-of-options", one, other], mirror).strip()
