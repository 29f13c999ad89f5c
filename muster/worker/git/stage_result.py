"""What a finished stage left, as its checkpoint holds it: what people look at, and what goes on.

Nothing of an attempt runs between two stages, but a machine has other hands. So before the next
stage begins the workspace is compared with that commit, and what has come since is undone. What git
ignores was never part of it, and stays.
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
    """`commit` is the checkpoint's; `remainder` are the paths that it could not take."""

    commit: str
    remainder: tuple[str, ...] = ()


def write(workspace: Workspace, commit: str, *, whole: bool) -> None:
    """Writes down that the workspace is at this commit; `whole`: which has all of it. Raises
    GitError, WorkspaceError, NoSandbox, OSError."""
    remainder = [] if whole else [path for _, path in _read_status(workspace)[1]]
    text = json.dumps({"commit": commit, "remainder": remainder})
    _file_path(workspace).write_text(text)


def read(workspace: Workspace) -> StageResult | None:
    """What was noted last; None if no checkpoint has been made here."""
    try:
        found = json.loads(_file_path(workspace).read_text())
        return StageResult(found["commit"], tuple(found["remainder"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def undo_changes(workspace: Workspace, since: StageResult, undone: list[str]) -> None:
    """Undoes what has changed since. Adds its paths to `undone`, and `HEAD` for commits, each
    before it is undone, so that none is missing where it takes several tries. Raises GitError,
    WorkspaceError, SandboxFailed."""
    head, entries = _read_status(workspace)
    if head == since.commit and not _new_paths(since, entries):
        return
    undone += ["HEAD"] if head != since.commit else []
    undone += [path for code, path in entries if code != "??"]
    # A git that was killed in the middle has left the index locked.
    reset = f"rm -f .git/index.lock && git reset --quiet --hard {shlex.quote(since.commit)}"
    workspace.run_script(reset, timeout=TIMEOUT)
    # Only now are its own rules in force again for what is ignored.
    new = _new_paths(since, _read_status(workspace)[1])
    undone += new
    if new:
        # By name only where something else is to stay: the names may be many.
        only = ["--", *new] if since.remainder else []
        literal = {"GIT_LITERAL_PATHSPECS": "1"}
        workspace.run_git("clean", "-ffdq", *only, env=literal, timeout=TIMEOUT)


def is_changed(workspace: Workspace, since: StageResult) -> bool:
    """Whether `undo` would find something. Raises GitError, WorkspaceError, SandboxFailed."""
    head, entries = _read_status(workspace)
    return head != since.commit or bool(_new_paths(since, entries))


def _new_paths(since: StageResult, entries: list[tuple[str, str]]) -> list[str]:
    return [path for _, path in entries if path not in since.remainder]


def _read_status(workspace: Workspace) -> tuple[str, list[tuple[str, str]]]:
    """HEAD, and what `git add --all` would take: git's code for it, and the path."""
    head, _, status = workspace.run_script(_STATUS_SCRIPT, timeout=TIMEOUT).partition("\n")
    return head, [(entry[:2], entry[3:]) for entry in status.split("\0") if entry]


def _file_path(workspace: Workspace) -> Path:
    return workspace.layout.attempt(workspace.key) / "approved.json"
