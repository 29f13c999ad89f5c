"""What an attempt made, committed in its workspace and pushed from the mirror.

The commit is made with the attempt's rights; the push has the token and the mirror's settings,
which no agent can write.
"""

from dataclasses import dataclass

from muster.protocol.frames import Author, DiffStat
from muster.worker.git import git
from muster.worker.git.mirrors import Mirror
from muster.worker.git.workspace import (
    NoteTaker,
    Workspace,
    WorkspaceError,
    commit_variables,
)

COMMIT_TIMEOUT = 300.0
PUSH_TIMEOUT = 300.0


class CheckpointRefused(Exception):
    """No checkpoint could be made; in git's or the remote's own words. The task goes on."""


class PublishRefused(Exception):
    """The branch could not be pushed; in git's or the remote's own words."""


@dataclass(frozen=True)
class PushedCheckpoint:
    """A finished stage's work, as it lies at the remote; `diff` counts from the base."""

    ref: str
    commit: str
    diff: DiffStat


@dataclass(frozen=True)
class PushedBranch:
    """The attempt's branch, as it lies at the remote; `diff` counts from the base."""

    branch: str
    commit: str
    diff: DiffStat


def checkpoint(
    workspace: Workspace,
    stage_index: int,
    stage_name: str,
    author: Author,
    token: str | None = None,
    *,
    note: NoteTaker,
    timeout: float = PUSH_TIMEOUT,
) -> PushedCheckpoint:
    """Commits all changes and pushes them as `refs/muster/<task>/<attempt>/<stage>`.

    Where nothing changed the ref points at HEAD. Raises CheckpointRefused.
    """
    ref = f"{_refs(workspace)}/{int(stage_index)}"
    message = f"{stage_name} (task #{workspace.key.task_id})"
    try:
        _commit(workspace, message, author, note)
        # A stage that was done again after a crash replaces what it pushed before.
        commit, diff = _pushed(workspace, ref, f"+{ref}:{ref}", token, timeout)
    except (git.GitError, WorkspaceError) as error:
        raise CheckpointRefused(error.message) from error
    return PushedCheckpoint(ref, commit, diff)


def publish(
    workspace: Workspace,
    author: Author,
    token: str | None = None,
    *,
    note: NoteTaker,
    timeout: float = PUSH_TIMEOUT,
) -> PushedBranch:
    """Pushes HEAD as the attempt's branch, never by force; twice is as good as once.

    What a failed checkpoint left uncommitted goes along, or the push would silently be without
    it. Raises PublishRefused.
    """
    ref = f"{_refs(workspace)}/head"
    try:
        _commit(workspace, f"task #{workspace.key.task_id}", author, note)
        to = f"refs/heads/{workspace.branch}"
        commit, diff = _pushed(workspace, ref, f"{ref}:{to}", token, timeout)
    except (git.GitError, WorkspaceError) as error:
        raise PublishRefused(error.message) from error
    return PushedBranch(workspace.branch, commit, diff)


def forget(workspace: Workspace, token: str | None = None, *, note: NoteTaker) -> None:
    """Removes the workspace, and its checkpoint refs here and at the remote.

    A remote that keeps its refs costs a warning.
    """
    workspace.remove()
    try:
        _delete_refs(workspace.mirror(token), _refs(workspace))
    except git.GitError as error:
        note("warning", f"checkpoint refs stay at the remote: {error.message}")


def _refs(workspace: Workspace) -> str:
    return f"refs/muster/{workspace.key.task_id}/{workspace.key.attempt}"


def _commit(workspace: Workspace, message: str, author: Author, note: NoteTaker) -> None:
    _stage_changes(workspace, note)
    arguments = ["commit", "--quiet", "--no-verify", "--cleanup=whitespace"]
    try:
        workspace.git(
            *arguments,
            f"--message={message}",
            env=commit_variables(author),
            timeout=COMMIT_TIMEOUT,
        )
    except git.GitError as error:
        # Silence means that there was nothing to commit.
        if error.stderr or isinstance(error, git.GitTimeout):
            raise


def _stage_changes(workspace: Workspace, note: NoteTaker) -> None:
    arguments = ["add", "--all", "--ignore-errors"]
    try:
        try:
            workspace.git(*arguments, timeout=COMMIT_TIMEOUT)
        except git.GitError as error:
            if "index.lock" not in error.stderr:
                raise
            workspace.clear_index_lock()
            workspace.git(*arguments, timeout=COMMIT_TIMEOUT)
    except git.GitTimeout:
        raise
    except git.GitError as error:
        # One file that cannot be read should not cost all the others.
        note("warning", f"not everything could be committed: {error.message}")


def _pushed(
    workspace: Workspace, ref: str, refspec: str, token: str | None, timeout: float
) -> tuple[str, DiffStat]:
    """Takes HEAD into the mirror's `ref` and pushes it from there; the commit, and what it changes
    of the base."""
    workspace.require_intact()
    mirror = workspace.mirror(token)
    directory, identity = workspace.git_directory, workspace.identity
    commit = mirror.take(directory, identity, ref, COMMIT_TIMEOUT)
    mirror.push([refspec], timeout)
    return commit, mirror.diff_stat(workspace.base_commit, commit)


def _delete_refs(mirror: Mirror, prefix: str) -> None:
    mirror.delete(prefix)
    if at_remote := mirror.remote_refs(f"{prefix}/*"):
        mirror.push([f":{ref}" for ref in at_remote])
    mirror.tidy()
