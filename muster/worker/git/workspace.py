"""One clone per attempt, sharing the mirror's objects, with its own branch.

git in a workspace always runs in the attempt's sandbox, never with the daemon's rights, and gets
its repository's path, because the agent may have put anything there.
"""

import json
import os
import shlex
import stat
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author, DiffStat
from muster.worker.git import git, shortstat
from muster.worker.git.git import DEFAULT_TIMEOUT, CancelFlag
from muster.worker.git.mirrors import Mirror
from muster.worker.git.remote import NO_LOGIN, Login, Remote
from muster.worker.layout import Layout
from muster.worker.sandbox import trees
from muster.worker.sandbox.sandbox import Sandbox
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.sandbox.uids import Identity

FACTS_TIMEOUT = 60.0

_STATUS_COMMAND = "git status --porcelain=v2 --branch --ignore-submodules=dirty"
_GIT_FILES = (
    "HEAD",
    "index",
    "config",
    "packed-refs",
    "shallow",
    "info/attributes",
    "info/exclude",
)
_SIZE_COMMAND = "du -sk ."
_DIFF = (
    *("diff", "--shortstat", "--no-ext-diff", "--no-textconv"),
    *("--ignore-submodules=dirty", "--end-of-options"),
)

NoteHandler = Callable[[str, str], None]
"""Reports a level (`log`, `warning`) and a line of text for people."""


class WorkspaceError(Exception):
    """A workspace couldn't be prepared, or is no longer intact.

    `code`: repository_refused, repository_unreachable, repository_empty, base_missing,
    checkpoint_missing, checkpoint_moved, workspace_timeout, workspace_failed, workspace_broken,
    work_too_large, work_unreadable or cancelled.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Facts:
    """`diff` counts from the base to the current work tree; `size_bytes` is on disk."""

    head_commit: str
    dirty: bool
    diff: DiffStat
    size_bytes: int


@dataclass(frozen=True)
class Workspace:
    """One attempt's clone. `base_commit` is where the attempt's branch left `base`. Once
    `cancelled` is set, git is stopped here: an agent may have made it wait forever."""

    layout: Layout
    key: AttemptKey
    url: str
    base: str
    base_commit: str
    sandbox: Sandbox
    cancelled: CancelFlag | None = field(default=None, compare=False)

    @property
    def identity(self) -> Identity | None:
        return self.sandbox.identity

    @property
    def path(self) -> Path:
        return self.layout.workspace(self.key)

    @property
    def home(self) -> Path:
        return self.layout.attempt_home(self.key)

    @property
    def branch(self) -> str:
        return branch_name(self.key)

    def mirror(self, login: Login = NO_LOGIN) -> Mirror:
        memory = min(self.sandbox.limits.memory, git.MAX_MEMORY_BYTES)
        return Mirror(self.layout, Remote.parse(self.url, login), memory)

    def run_git(
        self,
        *args: str,
        env: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> str:
        """Run git here, in a new sandbox. Raises GitError, WorkspaceError, SandboxFailed."""
        self.require_intact()
        own = {**self._git_variables(), **(env or {})}
        flag = self.cancelled
        return git.run_git(args, self.path, own, timeout, room=self.sandbox, cancelled=flag)

    def require_intact(self) -> None:
        """Raise WorkspaceError if `.git` points elsewhere, or if git's files in it aren't files: a
        pipe would keep git waiting."""
        if not stat.S_ISDIR(self._mode(".git")) or self._mode(".git/commondir"):
            raise WorkspaceError("workspace_broken", "the workspace's .git was replaced")
        for name in _GIT_FILES:
            mode = self._mode(f".git/{name}")
            if mode and not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                words = f"the workspace's .git/{name} isn't a file"
                raise WorkspaceError("workspace_broken", words)

    def _mode(self, path: str) -> int:
        """Return the mode; 0 if nothing is there, or only a link leads there."""
        try:
            return trees.stat_below(self.path, path).st_mode
        except OSError:
            return 0

    def run_script(
        self,
        script: str,
        env: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        cancelled: CancelFlag | None = None,
    ) -> str:
        """Run git commands in one sandbox, because each sandbox costs some milliseconds. Raises
        GitError, WorkspaceError, SandboxFailed."""
        self.require_intact()
        own = {**self._git_variables(), **(env or {})}
        flag = cancelled or self.cancelled
        return git.run_script(script, self.path, own, timeout, room=self.sandbox, cancelled=flag)

    def read_facts(self, cancelled: CancelFlag | None = None) -> Facts:
        """Return the current facts of the workspace. Raises GitError, WorkspaceError,
        SandboxFailed; GitError also if an agent's programs print something in between."""
        counting = [word for each in shortstat.SETTINGS.items() for word in ("-c", "=".join(each))]
        diff = shlex.join(["git", *counting, *_DIFF, self.base_commit])
        script = f"{_STATUS_COMMAND} && printf '\\0' && {diff} && printf '\\0' && {_SIZE_COMMAND}"
        # An agent may be at work here: take no lock.
        quiet = {"GIT_OPTIONAL_LOCKS": "0"}
        output = self.run_script(script, quiet, FACTS_TIMEOUT, cancelled)
        try:
            lines, changed, size = output.split("\0")
            heads = [line for line in lines.splitlines() if line.startswith("# branch.oid ")]
            return Facts(
                head_commit=heads[0].split()[-1],
                dirty=any(not line.startswith("# ") for line in lines.splitlines()),
                diff=shortstat.parse(changed),
                size_bytes=_parse_du(size),
            )
        except (ValueError, IndexError) as error:
            raise git.GitError(f"can't parse git's output: {error}") from error

    def measure_bytes(self) -> int:
        """Return the bytes on disk; runs nothing of the workspace's, so it needs no sandbox. Raises
        OSError, SubprocessError, ValueError."""
        uid = self.sandbox.uid
        # By descriptor, because the attempt may be unable to enter the directories above.
        handle = os.open(self.path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            done = subprocess.run(
                ["du", "-sk", "--", f"/proc/self/fd/{handle}/"],
                cwd="/",
                user=uid,
                group=uid,
                extra_groups=None if uid is None else [],
                pass_fds=[handle],
                capture_output=True,
                timeout=FACTS_TIMEOUT,
                check=False,  # a directory that its owner can't read doesn't count
            )
        finally:
            os.close(handle)
        return _parse_du(done.stdout.decode())

    def remove(self) -> None:
        """Remove clone and home, and free the uid with everything that still runs under it."""
        if self.identity is not None:
            self.identity.kill()
        trees.remove(self.path, self.home, self.layout.attempt_images(self.key))
        _record_path(self.layout, self.key).unlink(missing_ok=True)
        if self.identity is not None:
            self.identity.release()

    def _git_variables(self) -> dict[str, str]:
        """Return the variables with the repository's path in the sandbox."""
        return {
            "GIT_CONFIG_GLOBAL": self.sandbox.git_settings,
            "GIT_DIR": f"{self.sandbox.workspace}/.git",
            "GIT_WORK_TREE": self.sandbox.workspace,
        }


def _parse_du(du: str) -> int:
    """Parse the size. Raises ValueError."""
    return int(du.partition("\t")[0]) * 1024


def commit_variables(author: Author) -> dict[str, str]:
    """Return the environment in which git commits in the author's name."""
    return {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_COMMITTER_NAME": author.name,
        "GIT_COMMITTER_EMAIL": author.email,
    }


def branch_name(key: AttemptKey) -> str:
    """Return the branch that the attempt works on and pushes."""
    return f"muster/{key.name}"


def find_workspace(rooms: Sandboxes, key: AttemptKey) -> Workspace | None:
    """Return the workspace that an earlier daemon prepared; None if there is none."""
    layout = rooms.layout
    try:
        record: dict[str, Any] = json.loads(_record_path(layout, key).read_text())
        uid = record.pop("uid")
        identity = None if uid is None else Identity(uid, layout.identities / str(uid))
        mirror = Mirror(layout, Remote.parse(record["url"]))
        room = rooms.for_attempt(key, identity, mirror.objects)
        found = Workspace(layout, key, sandbox=room, **record)
    except (OSError, ValueError, KeyError, TypeError, git.GitError):
        return None
    return found if found.path.is_dir() else None


def _record_path(layout: Layout, key: AttemptKey) -> Path:
    return layout.attempt(key) / "workspace.json"


def write_record(workspace: Workspace) -> None:
    """Store the record that `find_workspace` needs to find the workspace again."""
    path = _record_path(workspace.layout, workspace.key)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    uid = workspace.identity.uid if workspace.identity else None
    facts = {
        "url": Remote.parse(workspace.url).url,
        "base": workspace.base,
        "base_commit": workspace.base_commit,
        "uid": uid,
    }
    path.write_text(json.dumps(facts))
