"""Commit an attempt's work in its workspace, and push it from the mirror.

The commit is made in the attempt's sandbox; the push uses the login and the mirror's settings,
which no agent can write. The last checkpoint's content is what gets published.
"""

import re
from dataclasses import dataclass

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author, DiffStat, Revision
from muster.worker.git import git, stage_result
from muster.worker.git.errors import WorkRefused
from muster.worker.git.mirrors import Mirror
from muster.worker.git.remote import NO_LOGIN, Login
from muster.worker.git.workspace import (
    NoteHandler,
    Workspace,
    WorkspaceError,
    commit_variables,
)

COMMIT_TIMEOUT = 300.0

_PARTIAL_STATUS = 10  # the exit status if only some files could be added
# git commit exits with 1 if there is nothing to commit.
_COMMIT = f"""\
rm -f .git/index.lock
git add --all --ignore-errors; added=$?
git commit --quiet --no-verify --cleanup=whitespace --message="$MUSTER_MESSAGE" >&2; committed=$?
[ $committed -le 1 ] || exit $committed
git rev-parse --verify HEAD || exit
[ $added = 0 ] || exit {_PARTIAL_STATUS}
"""
PUSH_TIMEOUT = 300.0
_LAST_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?(?=\s*\Z)")


class CheckpointRefused(Exception):
    """No checkpoint could be made; with git's or the remote's message. The task continues."""


class PublishRefused(Exception):
    """The branch couldn't be pushed; with git's or the remote's message."""


@dataclass(frozen=True)
class PushedCheckpoint:
    """A finished stage's work at the remote; `diff` counts from the base."""

    ref: str
    commit: str
    diff: DiffStat
    tree: str


@dataclass(frozen=True)
class PushedBranch:
    """The attempt's branch at the remote; `diff` counts from the base."""

    branch: str
    commit: str
    diff: DiffStat
    tree: str


def push_checkpoint(
    workspace: Workspace,
    stage_index: int,
    stage_name: str,
    author: Author,
    login: Login = NO_LOGIN,
    *,
    note: NoteHandler,
    timeout: float = PUSH_TIMEOUT,
    in_part: bool = False,
    is_renewed: bool = False,
    turn: int = 0,
) -> PushedCheckpoint:
    """Commit all changes and push them as `refs/muster/<task>/<attempt>/<stage>`; with `in_part`,
    for a suspended stage, as another ref that doesn't count as finished. A later `turn` has refs of
    its own: `…/<stage>.<turn>`.

    `is_renewed`: an earlier checkpoint of the stage was reported. Then the remote's ref ends with
    the commit: the task may continue from the earlier one, if this one's report never arrives.
    Without changes the ref points at HEAD. Raises CheckpointRefused, WorkRefused, SandboxFailed.
    """
    ref = _checkpoint_ref(workspace, stage_index, turn) + ("-partial" if in_part else "")
    done = f"{stage_name}, in part" if in_part else stage_name
    message = f"{done} (task #{workspace.key.task_id})"
    mirror = workspace.mirror(login)
    try:
        commit, diff = _commit_and_import(workspace, mirror, ref, message, author, note)
        pushed_ref = f"{ref}-{commit}" if is_renewed else ref
        # A stage that ran again after a crash replaces its earlier push.
        mirror.push([f"+{ref}:{pushed_ref}"], timeout)
        tree = read_revision(mirror, commit).tree
    except WorkRefused:
        raise
    except (git.GitError, WorkspaceError, OSError) as error:
        raise CheckpointRefused(_error_message(error)) from error
    return PushedCheckpoint(pushed_ref, commit, diff, tree)


def read_revision(mirror: Mirror, commit: str) -> Revision:
    """Return the commit with its tree. Raises GitError."""
    named = ["rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}"]
    return Revision(commit, mirror.run_git(named).strip())


def find_publish_revision(
    workspace: Workspace,
    stage_index: int,
    author: Author,
    login: Login = NO_LOGIN,
    *,
    note: NoteHandler,
    turn: int = 0,
) -> Revision:
    """Return the attempt's result: the last stage's commit, as this machine made it. `stage_index`
    is -1 in an attempt without stages.

    Retries a failed commit of the stage, because otherwise the push would silently lack it; also if
    the mirror names another commit than the recorded one. Raises PublishRefused, WorkRefused,
    SandboxFailed.
    """
    ref = _checkpoint_ref(workspace, stage_index, turn)
    message = f"task #{workspace.key.task_id}"
    mirror = workspace.mirror(login)
    try:
        commit, noted = mirror.tip(ref), stage_result.read(workspace)
        if commit is None or noted is None or commit != noted.commit:
            commit, _ = _commit_and_import(workspace, mirror, ref, message, author, note)
        return read_revision(mirror, commit)
    except WorkRefused:
        raise
    except (git.GitError, WorkspaceError, OSError) as error:
        raise PublishRefused(_error_message(error)) from error


def push_branch(
    workspace: Workspace,
    made: Revision,
    login: Login = NO_LOGIN,
    *,
    timeout: float = PUSH_TIMEOUT,
) -> PushedBranch:
    """Push that commit as the attempt's branch, never by force; safe to repeat. Raises
    PublishRefused.
    """
    mirror = workspace.mirror(login)
    try:
        diff = mirror.diff_stat(workspace.base_commit, made.commit)
        mirror.push([f"{made.commit}:refs/heads/{workspace.branch}"], timeout)
    except (git.GitError, WorkspaceError, OSError) as error:
        raise PublishRefused(_error_message(error)) from error
    return PushedBranch(workspace.branch, made.commit, diff, made.tree)


def remove_workspace(workspace: Workspace, login: Login = NO_LOGIN, *, note: NoteHandler) -> None:
    """Remove the workspace, and its checkpoint refs here and at the remote.

    If the remote keeps its refs, that is only a warning.
    """
    workspace.remove()
    try:
        _delete_refs(workspace.mirror(login), checkpoint_ref_prefix(workspace.key))
    except git.GitError as error:
        note("warning", f"checkpoint refs stay at the remote: {error.message}")


def checkpoint_ref_prefix(key: AttemptKey) -> str:
    """Return the ref prefix of the attempt's checkpoints."""
    return f"refs/muster/{key.task_id}/{key.attempt}"


def _checkpoint_ref(workspace: Workspace, stage_index: int, turn: int) -> str:
    """Return the ref of a stage's checkpoint; `stage_index` -1: of an attempt without stages."""
    name = str(stage_index) if stage_index >= 0 else "head"
    return f"{checkpoint_ref_prefix(workspace.key)}/{name}" + (f".{turn}" if turn else "")


def _commit_and_import(
    workspace: Workspace, mirror: Mirror, ref: str, message: str, author: Author, note: NoteHandler
) -> tuple[str, DiffStat]:
    """Commit all changes and import HEAD as the mirror's `ref`; return the commit, and its changes
    since the base. Raises GitError, including WorkRefused, WorkspaceError, SandboxFailed, OSError.
    """
    head, whole = _commit_all(workspace, message, author, note)
    workspace.require_intact()
    before = stage_result.read(workspace)
    base = workspace.base_commit
    if head in (base, before and before.commit):
        mirror.set_ref(ref, head, COMMIT_TIMEOUT, workspace.cancelled)
        diff = mirror.diff_stat(base, head)
    else:
        own = f"refs/muster/{workspace.key.task_id}"
        known = {base, *mirror.tips("refs/heads"), *mirror.tips(own)}
        diff = mirror.import_commit(
            workspace.sandbox, ref, head, base, sorted(known), COMMIT_TIMEOUT, workspace.cancelled
        )
    stage_result.write(workspace, head, whole=whole)
    return head, diff


def _commit_all(
    workspace: Workspace, message: str, author: Author, note: NoteHandler
) -> tuple[str, bool]:
    """Return the new HEAD, according to the sandbox, and whether everything is committed. Raises
    GitError, WorkspaceError, SandboxFailed.

    One sandbox for all commands, because each costs some milliseconds. An existing lock is left
    from a killed git: nothing else of the attempt runs now.
    """
    env = {**commit_variables(author), "MUSTER_MESSAGE": message}
    try:
        return _parse_head(workspace.run_script(_COMMIT, env, COMMIT_TIMEOUT)), True
    except git.GitError as error:
        if error.status != _PARTIAL_STATUS:
            raise
        # One unreadable file must not cost all the others.
        note("warning", f"not everything could be committed: {error.message}")
        return _parse_head(error.stdout), False


def _parse_head(printed: str) -> str:
    """Return the last commit in the output: git's earlier commands for the agent may have printed
    others."""
    found = _LAST_COMMIT.search(printed)
    return found[0] if found else printed


def _error_message(error: Exception) -> str:
    return getattr(error, "message", None) or str(error)


def _delete_refs(mirror: Mirror, prefix: str) -> None:
    mirror.delete_refs(prefix)
    if at_remote := mirror.remote_refs(f"{prefix}/*"):
        mirror.push([f":{ref}" for ref in at_remote])
    mirror.run_gc()
