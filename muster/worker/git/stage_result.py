"""The result of a finished stage, as in its checkpoint, which people see and the next stage
continues from.

Nothing of an attempt runs between two stages, but other users of a machine may change files. So
before the next stage starts, the workspace is compared with that commit, and later changes are
undone. Files that git ignores were never part of it, and stay.
"""

import json
import shlex
from pathlib import Path
from typing import NamedTuple

from muster.worker.git.workspace import Workspace

TIMEOUT = 120.0

_STATUS_SCRIPT = (
    "git rev-parse HEAD && git status --porcelain=v1 -z --no-renames --untracked-files=all "
    "--ignore-submodules=dirty"
)


class StageResult(NamedTuple):
    """`commit` is the checkpoint's; `remainder` has the paths that it couldn't include."""

    commit: str
    remainder: tuple[str, ...] = ()


def write(workspace: Workspace, commit: str, *, whole: bool) -> None:
    """Record that the workspace is at this commit; `whole`: the commit includes everything. Raises
    GitError, WorkspaceError, SandboxFailed, OSError."""
    remainder = [] if whole else [path for _, path in _read_status(workspace)[1]]
    text = json.dumps({"commit": commit, "remainder": remainder})
    _file_path(workspace).write_text(text)


def read(workspace: Workspace) -> StageResult | None:
    """Return the last record; None if no checkpoint was made here."""
    try:
        found = json.loads(_file_path(workspace).read_text())
        return StageResult(found["commit"], tuple(found["remainder"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def undo_changes(workspace: Workspace, since: StageResult, undone: list[str]) -> None:
    """Undo the changes since then. Adds their paths to `undone`, and `HEAD` for commits, each
    before it is undone, so that none is missing if it takes several tries. Raises GitError,
    WorkspaceError, SandboxFailed."""
    head, entries = _read_status(workspace)
    if head == since.commit and not _new_paths(since, entries):
        return
    undone += ["HEAD"] if head != since.commit else []
    undone += [path for code, path in entries if code != "??"]
    # A git that was killed in the middle has left the index locked.
    reset = f"rm -f .git/index.lock && git reset --quiet --hard {shlex.quote(since.commit)}"
    workspace.run_script(reset, timeout=TIMEOUT)
    # Only now the workspace's own ignore rules apply again.
    new = _new_paths(since, _read_status(workspace)[1])
    undone += new
    if new:
        # By name only if other files must stay, because there may be many names.
        only = ["--", *new] if since.remainder else []
        literal = {"GIT_LITERAL_PATHSPECS": "1"}
        workspace.run_git("clean", "-ffdq", *only, env=literal, timeout=TIMEOUT)


def is_changed(workspace: Workspace, since: StageResult) -> bool:
    """Whether `undo_changes` would find changes. Raises GitError, WorkspaceError, SandboxFailed."""
    head, entries = _read_status(workspace)
    return head != since.commit or bool(_new_paths(since, entries))


def _new_paths(since: StageResult, entries: list[tuple[str, str]]) -> list[str]:
    return [path for _, path in entries if path not in since.remainder]


def _read_status(workspace: Workspace) -> tuple[str, list[tuple[str, str]]]:
    """Return HEAD, and what `git add --all` would add: git's code and the path."""
    head, _, status = workspace.run_script(_STATUS_SCRIPT, timeout=TIMEOUT).partition("\n")
    return head, [(entry[:2], entry[3:]) for entry in status.split("\0") if entry]


def _file_path(workspace: Workspace) -> Path:
    return workspace.layout.attempt(workspace.key) / "approved.json"
