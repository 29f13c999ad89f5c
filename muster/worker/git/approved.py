"""What a finished stage left, as its checkpoint holds it: what people look at, and what goes on.

Nothing of an attempt runs between two stages, but a machine has other hands. So before the next
stage begins the workspace is compared with that commit, and what has come since is undone. What git
ignores was never part of it, and stays.
"""

import json
from pathlib import Path
from typing import NamedTuple

from muster.worker.git.workspace import Workspace

TIMEOUT = 120.0

_LOOK = (
    "git rev-parse HEAD && git status --porcelain=v1 -z --no-renames --untracked-files=all "
    "--ignore-submodules=dirty"
)


class Approved(NamedTuple):
    """`commit` is the checkpoint's; `remainder` are the paths that it could not take."""

    commit: str
    remainder: tuple[str, ...] = ()


def note(workspace: Workspace, commit: str, *, whole: bool) -> None:
    """Writes down that the workspace is at this commit; `whole`: which has all of it. Raises
    GitError, WorkspaceError, OSError."""
    remainder = [] if whole else _look(workspace)[1]
    text = json.dumps({"commit": commit, "remainder": remainder})
    _file(workspace).write_text(text)


def read(workspace: Workspace) -> Approved | None:
    """What was noted last; None if no checkpoint has been made here."""
    try:
        found = json.loads(_file(workspace).read_text())
        return Approved(found["commit"], tuple(found["remainder"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def changes(workspace: Workspace, since: Approved) -> list[str]:
    """The paths that are different now; `HEAD` stands for commits. Raises GitError,
    WorkspaceError."""
    head, paths = _look(workspace)
    moved = ["HEAD"] if head != since.commit else []
    return moved + [path for path in paths if path not in since.remainder]


def undo(workspace: Workspace, since: Approved, paths: list[str]) -> None:
    """Undoes these changes. Raises GitError, WorkspaceError."""
    workspace.clear_index_lock()
    workspace.git("reset", "--quiet", "--hard", since.commit, timeout=TIMEOUT)
    named = [path for path in paths if path != "HEAD"]
    # By name only where something else is to stay: the names may be many.
    only = ["--", *named] if since.remainder else []
    if named:
        literal = {"GIT_LITERAL_PATHSPECS": "1"}
        workspace.git("clean", "-ffdq", *only, env=literal, timeout=TIMEOUT)


def _look(workspace: Workspace) -> tuple[str, list[str]]:
    """HEAD, and the paths that `git add --all` would take."""
    head, _, status = workspace.script(_LOOK, timeout=TIMEOUT).partition("\n")
    return head, [entry[3:] for entry in status.split("\0") if entry]


def _file(workspace: Workspace) -> Path:
    return workspace.layout.attempt(workspace.key) / "approved.json"
