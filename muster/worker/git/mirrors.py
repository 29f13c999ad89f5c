"""One bare mirror per repository, which only the daemon writes.

Workspaces share its objects and get commits from it; what they made comes back through `take`,
and leaves through `push` with settings that no agent can touch. Workspaces stand on its objects:
what a ref is about to let go of is kept for those that are here (`borrowers`).
"""

import hashlib
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from muster.worker.git import git, local_repositories
from muster.worker.git.borrowers import Borrowers
from muster.worker.git.identity import Identity
from muster.worker.git.mirror_lock import MirrorLock
from muster.worker.layout import Layout

SCHEMES = frozenset({"file", "git", "http", "https", "ssh"})
FETCH_TIMEOUT = 600.0
PUSH_TIMEOUT = 300.0

_NETWORK = (
    *("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"),
    *("all_proxy", "https_proxy", "http_proxy", "no_proxy"),
    *("GIT_SSL_CAINFO", "SSL_CERT_DIR", "SSL_CERT_FILE", "SSH_AUTH_SOCK"),
)
_LOGIN = (
    "!f() { printf 'username=%s\\npassword=%s\\n' "
    '"$MUSTER_GIT_USERNAME" "$MUSTER_GIT_PASSWORD"; }; f'
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_REMOTE_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
_SCP = re.compile(r"[^/:]+:")
_UNSAFE_URL = re.compile(r"[\x00-\x20\x7f]")
_UNSAFE_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/]|/$|\.lock(?:/|$)|(?:^|/)\.")
_SHORTSTAT = re.compile(r"(\d+) (file|insertion|deletion)")


@dataclass(frozen=True)
class DiffStat:
    files_changed: int = 0
    insertions: int = 0
    deletions: int = 0

    @classmethod
    def parse(cls, shortstat: str) -> "DiffStat":
        numbers = {word: int(number) for number, word in _SHORTSTAT.findall(shortstat)}
        return cls(*(numbers.get(word, 0) for word in ("file", "insertion", "deletion")))


@dataclass(frozen=True)
class Remote:
    """Where a repository lives, and how to log in there.

    `url` carries no credentials. They reach git as a credential helper for that one host, set by
    environment variables: not in an argument, not on the disk, not after a redirect elsewhere.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str, token: str | None = None) -> "Remote":
        """Raises GitError for a URL that git must not be given."""
        _require_safe_url(url)
        if any(ord(character) < 32 for character in token or ""):
            raise git.GitError("the git token contains control characters")
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise git.GitError(f"{git.mask(url)!r} is not a URL: {error}") from None
        if parts.scheme.lower() not in {"http", "https"}:
            return cls(url)
        login, _, host = parts.netloc.rpartition("@")
        username, _, password = (unquote(part) for part in login.partition(":"))
        clean = urlunsplit(parts._replace(netloc=host))
        return cls(clean, username or "x-access-token" if token else username, token or password)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.password,)

    @property
    def has_login(self) -> bool:
        return bool(self.username or self.password)

    @property
    def protocols(self) -> str:
        """Those by which git may go there: no redirect leads to another."""
        if local_repositories.is_local(self.url):
            return "file"
        scheme = _SCHEME.match(self.url)
        name = scheme.group(1).lower() if scheme else "ssh"
        return "http:https" if name == "http" else name

    def environment(self) -> dict[str, str]:
        """The variables that the daemon's own network commands need."""
        kept = {name: os.environ[name] for name in _NETWORK if name in os.environ}
        login = {"MUSTER_GIT_USERNAME": self.username, "MUSTER_GIT_PASSWORD": self.password}
        return {
            **kept,
            **(login if self.has_login else {}),
            "GIT_ALLOW_PROTOCOL": self.protocols,
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        }

    def settings(self) -> dict[str, str]:
        if not self.has_login:
            return {}
        parts = urlsplit(self.url)
        return {f"credential.{parts.scheme}://{parts.netloc}.helper": _LOGIN}


@dataclass(frozen=True)
class Mirror:
    """The bare copy of one repository on this machine."""

    layout: Layout
    remote: Remote

    @cached_property
    def path(self) -> Path:
        name = hashlib.sha256(self.remote.url.encode()).hexdigest()[:40]
        return self.layout.mirrors / f"{name}.git"

    @property
    def exists(self) -> bool:
        return (self.path / "HEAD").exists()

    def address(self) -> str:
        """What git is to be given as the remote now. Raises LocalRefused."""
        url = self.remote.url
        is_local = local_repositories.is_local(url)
        return local_repositories.address(url, self.layout) if is_local else url

    @property
    def used(self) -> Path:
        """The file whose time tells when something was last done here."""
        return self.path / "used"

    def fetch(
        self,
        base: str,
        extra_refs: Sequence[str] = (),
        on_progress: git.Progress | None = None,
        *,
        borrower: str | None = None,
        timeout: float = FETCH_TIMEOUT,
        cancelled: git.Flag | None = None,
    ) -> dict[str, str]:
        """Brings the branch `base` and these full refs up to date; the mirror is made if need be.

        Returns the commits that they name. For a `borrower` these, and all that the mirror will
        name from now on, stay as long as the attempt of that name is here. Raises GitError.
        """
        heads = [f"refs/heads/{base}", *extra_refs]
        for ref in heads:
            require_safe_ref(ref)
        deadline = time.monotonic() + timeout
        arguments = ["fetch", "--progress", "--no-auto-maintenance", "--no-write-fetch-head"]
        arguments += ["--end-of-options", self.address(), *(f"+{ref}:{ref}" for ref in heads)]
        with self.lock.held(deadline, cancelled):
            self._make()
            self.used.touch()
            with self._kept(heads):
                # What is replaced now is none of its business.
                if borrower is not None:
                    self.borrowers.add(borrower)
                try:
                    self._ask(arguments, deadline - time.monotonic(), on_progress, cancelled)
                except git.GitError as error:
                    if not self._mended(error, base):
                        raise
                    self._ask(arguments, deadline - time.monotonic(), on_progress, cancelled)
            return {ref: self.commit(ref) for ref in heads}

    def take(self, git_directory: Path, identity: Identity | None, ref: str, timeout: float) -> str:
        """Copies HEAD of a workspace to the mirror's `ref`; returns the commit.

        The side that reads the workspace has the attempt's rights. Raises GitError.
        """
        reader = identity.command("git", "upload-pack") if identity else "git upload-pack"
        arguments = ["fetch", "--quiet", "--no-tags", "--no-auto-maintenance"]
        arguments += ["--no-write-fetch-head", f"--upload-pack={reader} --strict"]
        # As a URL it cannot be taken for a bundle, whatever the agent puts there.
        arguments += ["--end-of-options", f"file://{git_directory}", f"+HEAD:{ref}"]
        with self.lock.held(time.monotonic() + timeout), self._kept([ref]):
            git.run(arguments, cwd=self.path, timeout=timeout)
        return self.commit(ref)

    def push(self, refspecs: Sequence[str], timeout: float = PUSH_TIMEOUT) -> None:
        """Raises GitError with what the remote said."""
        self._ask(["push", "--no-verify", "--end-of-options", self.address(), *refspecs], timeout)

    def remote_refs(self, *patterns: str) -> list[str]:
        """The full names of the remote's refs that match; all of them without a pattern."""
        arguments = ["ls-remote", "--refs", "--end-of-options", self.address(), *patterns]
        answer = self._ask(arguments, PUSH_TIMEOUT)
        return [line.split("\t", 1)[1] for line in answer.splitlines()]

    def delete(self, prefix: str, timeout: float = FETCH_TIMEOUT) -> None:
        """Deletes the mirror's own refs below `prefix`. Raises GitError."""
        with self.lock.held(time.monotonic() + timeout):
            self.used.touch()
            self._delete(prefix)

    def commit(self, ref: str) -> str:
        # A ref just written is a loose file: no process needed.
        with suppress(OSError):
            return (self.path / ref).read_text().strip()
        return git.run(["rev-parse", "--verify", "--end-of-options", ref], self.path).strip()

    def merge_base(self, one: str, other: str) -> str | None:
        """None when the two have no history in common."""
        try:
            return git.run(["merge-base", "--end-of-options", one, other], self.path).strip()
        except git.GitError:
            return None

    def diff_stat(self, base: str, commit: str) -> DiffStat:
        start = self.merge_base(base, commit) or base
        arguments = ["diff", "--shortstat", "--no-ext-diff", "--no-textconv", "--end-of-options"]
        return DiffStat.parse(git.run([*arguments, start, commit], cwd=self.path))

    @property
    def lock(self) -> MirrorLock:
        return MirrorLock.of(self.path)

    @property
    def borrowers(self) -> Borrowers:
        return Borrowers(self.path)

    def tidy(self, timeout: float = FETCH_TIMEOUT) -> None:
        """Packs what many fetches left, if there is much of it. Prunes nothing."""
        settings = {"gc.auto": "6700", "gc.autoDetach": "false", "gc.pruneExpire": "never"}
        git.run(["gc", "--auto", "--quiet"], self.path, timeout=timeout, settings=settings)

    def _ask(
        self,
        arguments: Sequence[str],
        timeout: float,
        on_progress: git.Progress | None = None,
        cancelled: git.Flag | None = None,
    ) -> str:
        return git.run(
            arguments,
            cwd=self.path,
            env=self.remote.environment(),
            timeout=timeout,
            on_progress=on_progress,
            settings=self.remote.settings(),
            cancelled=cancelled,
            secrets=self.remote.secrets,
        )

    def _make(self) -> None:
        if not self.exists:
            git.run(["init", "--quiet", "--bare", "--template=", "--", str(self.path)])

    @contextmanager
    def _kept(self, refs: Sequence[str]) -> Iterator[None]:
        """What these refs name is kept for the borrowers, should they name something else after.

        Kept before, and let go again after: whatever dies in between, it is kept.
        """
        before = {ref: commit for ref in refs if (commit := self._tip(ref))}
        kept = {ref: self.borrowers.keep(commit) for ref, commit in before.items()}
        try:
            yield
        finally:
            for ref, file in kept.items():
                if file is not None and self._leads_to(before[ref], self._tip(ref)):
                    file.unlink(missing_ok=True)

    def _tip(self, ref: str) -> str | None:
        """What a ref names, without a process."""
        with suppress(OSError):
            return (self.path / ref).read_text().strip()
        with suppress(OSError):
            for line in (self.path / "packed-refs").read_text().splitlines():
                if line.endswith(f" {ref}"):
                    return line.split()[0]
        return None

    def _leads_to(self, commit: str, tip: str | None) -> bool:
        if tip is None or tip == commit:
            return tip is not None
        try:
            git.run(["merge-base", "--is-ancestor", commit, tip], cwd=self.path)
        except git.GitError:
            return False
        return True

    def _delete(self, prefix: str) -> None:
        form = "--format=%(objectname) %(refname)"
        for line in git.run(["for-each-ref", form, "--", prefix], cwd=self.path).splitlines():
            commit, name = line.split()
            self.borrowers.keep(commit)
            git.run(["update-ref", "-d", name], cwd=self.path)

    def _mended(self, error: git.GitError, base: str) -> bool:
        """Whether something was in the way that may be removed, because only we write here."""
        if "cannot lock ref" not in error.stderr and ".lock'" not in error.stderr:
            return False
        for left in [*self.path.glob("*.lock"), *(self.path / "refs").rglob("*.lock")]:
            left.unlink(missing_ok=True)
        # A branch `a` that became `a/b`, or the other way round.
        for name in _upwards(f"refs/heads/{base}"):
            self._delete(name)
        return True


def require_safe_ref(ref: str) -> None:
    if _UNSAFE_REF.search(ref):
        raise git.GitError(f"{ref.removeprefix('refs/heads/')!r} is not a name for a git ref")


def _require_safe_url(url: str) -> None:
    scheme = _SCHEME.match(url)
    known = scheme.group(1).lower() in SCHEMES if scheme else _SCP.match(url) or url[:1] == "/"
    if not known or url.startswith("-") or _UNSAFE_URL.search(url) or _REMOTE_HELPER.match(url):
        raise git.GitError(f"{git.mask(url)!r} is not a repository URL that Muster uses")


def _upwards(branch: str) -> list[str]:
    parts = branch.split("/")
    return ["/".join(parts[:length]) for length in range(3, len(parts) + 1)]
