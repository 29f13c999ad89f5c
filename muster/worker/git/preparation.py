"""Create an attempt's workspace: fetch, shared clone, own branch.

Only two git processes if nothing is resumed, because every task needs this. Everything below
workspace and home is created in the attempt's sandbox, with its rights: the attempt controls names
there, which may be links.
"""

import shlex
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author
from muster.worker.git import attempt_settings, git
from muster.worker.git.local_repositories import LocalRepositoryRefused
from muster.worker.git.mirrors import Mirror
from muster.worker.git.refs import COMMIT_PATTERN
from muster.worker.git.remote import NO_LOGIN, Login, Remote
from muster.worker.git.ssh import SshRefused
from muster.worker.git.workspace import (
    NoteHandler,
    Workspace,
    WorkspaceError,
    branch_name,
    write_record,
)
from muster.worker.layout import Layout
from muster.worker.sandbox import homes, trees
from muster.worker.sandbox.sandbox import Sandbox
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.sandbox.uids import Identity

PREPARATION_TIMEOUT = 600.0

_CLONE_SCRIPT = """\
set -e
{clone}
read -r base < .git/refs/heads/{base}
made=.git/refs/heads/{branch}
[ -d "${{made%/*}}" ] || mkdir -p "${{made%/*}}" || :
echo {commit} > "$made"
echo "ref: refs/heads/"{branch} > .git/HEAD
{settings}
echo "$base"
"""
_USE_REMOTE_URL_SCRIPT = r"sed -i -e '/^\turl = /d' -e 's/^\tpushurl = /\turl = /' .git/config"


@dataclass(frozen=True)
class WorkspaceRequest:
    """The requested workspace. `resume_from` is a checkpoint's ref, and `resume_commit` the commit
    that it must name. `timeout` in seconds. `home_of` is the previous attempt, if its home is
    reused."""

    sandboxes: Sandboxes
    key: AttemptKey
    url: str
    base: str
    author: Author
    login: Login = NO_LOGIN
    resume_from: str | None = None
    identity: Identity | None = None
    home_of: AttemptKey | None = None
    timeout: float = PREPARATION_TIMEOUT
    resume_commit: str | None = None

    @property
    def layout(self) -> Layout:
        return self.sandboxes.layout


def prepare_workspace(
    request: WorkspaceRequest, note: NoteHandler, cancelled: threading.Event
) -> Workspace:
    """Fetch, clone and set the attempt's branch; replaces the remains of an earlier try.

    Raises WorkspaceError, SandboxFailed; then nothing of the workspace is left.
    """
    deadline = time.monotonic() + request.timeout
    path = request.layout.workspace(request.key)
    home = request.layout.attempt_home(request.key)
    # A reused home isn't created again.
    made = (path,) if request.home_of else (path, home)
    try:
        mirror, commits = _fetch_mirror(request, note, deadline, cancelled)
        trees.remove(*made)
        room = _make_directories(request, mirror, path, home)
        base = _clone(request, mirror, room, commits, deadline, cancelled)
        workspace = _build_workspace(request, mirror, room, base, commits)
        if request.resume_from:
            workspace.run_git("reset", "--hard", "--quiet", timeout=_remaining_seconds(deadline))
        write_record(workspace)
    except BaseException as error:
        with suppress(OSError):
            trees.remove(*made)
        raise _translate_error(error, request) from error
    return workspace


def _fetch_mirror(
    request: WorkspaceRequest, note: NoteHandler, deadline: float, cancelled: threading.Event
) -> tuple[Mirror, dict[str, str]]:
    """Return the updated mirror, and the commits of the refs that the request needs."""
    try:
        mirror = Mirror(request.layout, Remote.parse(request.url, request.login))
        mirror.resolve_address()
    except (LocalRepositoryRefused, SshRefused) as error:
        raise WorkspaceError("repository_refused", error.message) from error
    except git.GitError as error:
        raise WorkspaceError("repository_unreachable", error.message) from error
    if new := not mirror.exists:
        note("log", f"cloning {mirror.remote.url}")
    extra = [request.resume_from] if request.resume_from else []
    progress = ProgressNotes("cloning" if new else "fetching", note)
    borrower = request.layout.attempt(request.key).name
    try:
        commits = mirror.fetch(
            request.base,
            extra,
            progress,
            borrower=borrower,
            timeout=_remaining_seconds(deadline),
            cancelled=cancelled,
        )
    except (git.GitTimeout, git.GitCancelled):
        raise
    except git.GitError as error:
        raise _fetch_failure(error, mirror, request) from error
    _require_commit(request, commits)
    return mirror, commits


def _require_commit(request: WorkspaceRequest, commits: Mapping[str, str]) -> None:
    """Raise WorkspaceError if the checkpoint isn't the commit that people know, because anyone with
    push access to the remote can move its refs."""
    wanted, ref = request.resume_commit, request.resume_from
    if ref and wanted and (found := commits[ref]) != wanted:
        words = f"{ref} points to {found} at the remote, but the work to continue from is {wanted}"
        raise WorkspaceError("checkpoint_moved", words)


def _fetch_failure(
    error: git.GitError, mirror: Mirror, request: WorkspaceRequest
) -> WorkspaceError:
    if "find remote ref" not in error.message:
        return WorkspaceError("repository_unreachable", error.message)
    if f"refs/heads/{request.base}" not in error.message:
        return WorkspaceError("checkpoint_missing", error.message)
    with suppress(git.GitError):
        if not mirror.remote_refs():
            return WorkspaceError("repository_empty", "the repository has no commits yet")
    return WorkspaceError("base_missing", error.message)


def _make_directories(request: WorkspaceRequest, mirror: Mirror, path: Path, home: Path) -> Sandbox:
    """Return the sandbox in which to create the workspace. Raises OSError."""
    request.layout.attempt(request.key).mkdir(mode=0o700, exist_ok=True)
    path.mkdir(mode=0o700)
    if request.home_of is None:
        home.mkdir(mode=0o700)
    else:
        homes.reuse_home(request.layout, request.home_of, request.key, request.identity)
    room = request.sandboxes.for_attempt(request.key, request.identity, mirror.objects)
    attempt_settings.write(mirror.path, room)
    if request.identity is not None:
        for each in (home, path):
            request.identity.chown(each)
    return room


def _clone(
    request: WorkspaceRequest,
    mirror: Mirror,
    room: Sandbox,
    commits: dict[str, str],
    deadline: float,
    cancelled: threading.Event,
) -> str:
    """Clone, and create the attempt's branch by writing git's files, which saves processes; return
    the base's commit."""
    arguments = ["clone", "--quiet", "--shared", "--template=", "--single-branch"]
    arguments += ["--no-checkout"] if request.resume_from else []
    arguments += ["--branch", request.base]
    arguments += ["-c", f"user.name={request.author.name}"]
    arguments += ["-c", f"user.email={request.author.email}"]
    # An agent's pushes go to the real remote, with its own rights there; if it doesn't see the
    # mirror, its fetches do too.
    arguments += ["-c", f"remote.origin.pushurl={mirror.remote.url}"]
    commit = commits[request.resume_from] if request.resume_from else None
    script = _CLONE_SCRIPT.format(
        clone=shlex.join(["git", *arguments, "--", str(mirror.path), "."]),
        base=shlex.quote(request.base),
        branch=shlex.quote(branch_name(request.key)),
        commit=shlex.quote(commit) if commit else '"$base"',
        settings="" if room.mounts is None else _USE_REMOTE_URL_SCRIPT,
    )
    printed = git.run_script(
        script,
        room.host_workspace,
        {"GIT_CONFIG_GLOBAL": room.git_settings},
        _remaining_seconds(deadline),
        room=room.with_visible(mirror.path),
        cancelled=cancelled,
    ).strip()
    if not COMMIT_PATTERN.fullmatch(printed):
        raise git.GitError(f"the clone names no commit of {request.base}: {printed[:200]!r}")
    return printed


def _build_workspace(
    request: WorkspaceRequest, mirror: Mirror, room: Sandbox, base: str, commits: dict[str, str]
) -> Workspace:
    if request.resume_from:
        base = mirror.merge_base(base, commits[request.resume_from]) or base
    return Workspace(request.layout, request.key, request.url, request.base, base, room)


def _translate_error(error: BaseException, request: WorkspaceRequest) -> BaseException:
    match error:
        case git.GitTimeout():
            words = f"preparing the workspace took longer than {request.timeout:.0f} s"
            return WorkspaceError("workspace_timeout", words)
        case git.GitCancelled():
            return WorkspaceError("cancelled", error.message)
        case git.GitError():
            return WorkspaceError("workspace_failed", error.message)
        case OSError():
            return WorkspaceError("workspace_failed", str(error))
    return error


def _remaining_seconds(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


class ProgressNotes:
    """Reports git's progress as notes, at most one per second."""

    def __init__(self, doing: str, note: NoteHandler) -> None:
        self._action = doing
        self._note = note
        self._next_note_at = time.monotonic() + 1.0

    def __call__(self, phase: str, percent: int) -> None:
        now = time.monotonic()
        if now < self._next_note_at:
            return
        self._next_note_at = now + 1.0
        step = self._action if phase == "Receiving objects" else phase.lower()
        self._note("log", f"{step} {percent} %")
