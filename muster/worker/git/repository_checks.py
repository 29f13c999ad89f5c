"""Checks of a repository that a project may get: whether git reaches it, and its branches.

A check only lists the remote's refs, and stores nothing. Its git has the limits and the login of
any other that contacts a remote.
"""

import threading
from collections.abc import Callable

from muster.protocol.bounds import MAX_BRANCHES, MAX_REF_CHARS
from muster.protocol.frames import CheckRepository, RepositoryChecked
from muster.worker.git import git, ssh
from muster.worker.git.host_keys import fetch_host_keys
from muster.worker.git.local_repositories import LocalRepositoryRefused
from muster.worker.git.mirrors import Mirror
from muster.worker.git.remote import Login, Remote
from muster.worker.git.ssh import SshRefused
from muster.worker.layout import Layout

TIMEOUT_SECONDS = 15.0  # the server waits a little longer
MAX_RUNNING = 2
MAX_FOLDERS = 10
_HEADS = "refs/heads/"


class RepositoryChecks:
    """Runs checks on threads of their own. Nothing that the control loop calls blocks."""

    def __init__(self, layout: Layout, send: Callable[[RepositoryChecked], None]) -> None:
        """`send` sends on the control channel, and may block."""
        self._layout, self._send = layout, send
        self._slots = threading.Semaphore(MAX_RUNNING)
        self._closed = threading.Event()

    def start(self, order: CheckRepository) -> None:
        """Check the repository, and send the result."""
        threading.Thread(
            target=self._run, args=(order,), name="repository-check", daemon=True
        ).start()

    def close(self) -> None:
        """Stop what runs."""
        self._closed.set()

    def _run(self, order: CheckRepository) -> None:
        if not self._slots.acquire(blocking=False):
            self._send(RepositoryChecked(order.id, "busy"))
            return
        try:
            result = check_repository(self._layout, order, self._closed)
        finally:
            self._slots.release()
        self._send(result)


def check_repository(
    layout: Layout, order: CheckRepository, cancelled: git.CancelFlag | None = None
) -> RepositoryChecked:
    """Return whether git reaches the repository, and which branches it has."""
    try:
        remote = Remote.parse(order.repo.url, Login.from_repo(order.repo))
        output = _list_refs(Mirror(layout, remote).resolve_address(), remote, layout, cancelled)
    except LocalRepositoryRefused as error:
        folders = [str(root) for root in layout.file_roots]
        return RepositoryChecked(
            order.id, "folder_refused", details=error.message, folders=folders[:MAX_FOLDERS]
        )
    except SshRefused as error:
        keys = fetch_host_keys(order.repo.url)
        return RepositoryChecked(order.id, "ssh_refused", details=error.message, host_keys=keys)
    except git.GitTimeout as error:
        return RepositoryChecked(order.id, "timeout", details=error.message)
    except git.GitError as error:
        keys = fetch_host_keys(order.repo.url) if ssh.is_host_unknown(error.message) else []
        return RepositoryChecked(order.id, "failed", details=error.message, host_keys=keys)
    head, branches = _parse_refs(output)
    return RepositoryChecked(
        order.id,
        "reached",
        has_base=order.repo.base in branches,
        head=head,
        branches=branches[:MAX_BRANCHES],
    )


def _list_refs(
    address: str, remote: Remote, layout: Layout, cancelled: git.CancelFlag | None
) -> str:
    # In a folder that isn't a repository, whose settings would otherwise apply.
    arguments = ["ls-remote", "--symref", "--end-of-options", address, "HEAD", f"{_HEADS}*"]
    with remote.git_environment() as environment:
        return git.run_git(
            arguments,
            cwd=layout.home,
            env={**environment, "GIT_CEILING_DIRECTORIES": str(layout.home.parent)},
            timeout=TIMEOUT_SECONDS,
            settings=remote.git_settings(),
            cancelled=cancelled,
            secrets=remote.secrets,
        )


def _parse_refs(output: str) -> tuple[str, list[str]]:
    """Return the remote's default branch ("": unknown) and its branches."""
    head, branches = "", []
    for line in output.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith(f"ref: {_HEADS}") and name == "HEAD":
            head = value.removeprefix(f"ref: {_HEADS}")
        elif name.startswith(_HEADS) and len(name) <= MAX_REF_CHARS:
            branches.append(name.removeprefix(_HEADS))
    return head if len(head) <= MAX_REF_CHARS else "", branches
