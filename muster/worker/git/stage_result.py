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
    GitError, WorkspaceError, NoSandbox, OSError."""
    remainder = [] if whole else [path for _, path in _look(workspace)[1]]
    text = json.dumps({"commit": commit, "remainder": remainder})
    _file(workspace).write_text(text)


def read(workspace: Workspace) -> Approved | None:
    """What was noted last; None if no checkpoint has been made here."""
    try:
        found = json.loads(_file(workspace).read_text())
        return Approved(found["commit"], tuple(found["remainder"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def undo(workspace: Workspace, since: Approved, undone: list[str]) -> None:
    """Undoes what has changed since. Adds its paths to `undone`, and `HEAD` for commits, each
    before it is undone, so that none is missing where it takes several tries. Raises GitError,
    WorkspaceError, NoSandbox."""
    head, entries = _look(workspace)
    if head == since.commit and not _beyond(since, entries):
        return
    undone += ["HEAD"] if head != since.commit else []
    undone += [path for code, path in entries if code != "??"]
    # A git that was killed in the middle has left the index locked.
    reset = f"rm -f .git/index.lock && git reset --quiet --hard {shlex.quote(since.commit)}"
    workspace.script(reset, timeout=TIMEOUT)
    # Only now are its own rules in force again for what is ignored.
    new = _beyond(since, _look(workspace)[1])
    undone += new
    if new:
        # By name only where something else is to stay: the names may be many.
        only = ["--", *new] if since.remainder else []
        literal = {"GIT_LITERAL_PATHSPECS": "1"}
        workspace.git("clean", "-ffdq", *only, env=literal, timeout=TIMEOUT)


def is_changed(workspace: Workspace, since: Approved) -> bool:
    """Whether `undo` would find something. Raises GitError, WorkspaceError, NoSandbox."""
    head, entries = _look(workspace)
    return head != since.commit or bool(_beyond(since, entries))


def _beyond(since: Approved, entries: list[tuple[str, str]]) -> list[str]:
    return [path for _, path in entries if path not in since.remainder]


def _look(workspace: Workspace) -> tuple[str, list[tuple[str, str]]]:
    """HEAD, and what `git add --all` would take: git's code for it, and the path."""
    head, _, status = workspace.script(_LOOK, timeout=TIMEOUT).partition("\n")
    return head, [(entry[:2], entry[3:]) for entry in status.split("\0") if entry]


def _file(workspace: Workspace) -> Path:
    return workspace.layout.attempt(workspace.key) / "approved.json"
