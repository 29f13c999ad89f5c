"""ssh for the daemon's git.

With a project's key, only that key is used. Without one, the machine's own keys and agent would log
in for anyone who can set a project's URL: so only at hosts that the operator named (`worker run
--own-ssh-hosts`).
"""

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from urllib.parse import unquote

from muster.worker.git import git
from muster.worker.layout import Layout

_HOST = r"(?P<host>\w[\w.-]*|\[[0-9A-Fa-f:.]+\])"
# Stricter than git: no escapes before the path, which could move its start.
_URL = re.compile(rf"(?i:ssh)://(?:[^/@:%\[\]]+@)?{_HOST}(?::(?P<port>\d+))?(?P<path>/.*)")
_SCP_LIKE = re.compile(rf"(?:[^/@:\[\]]+@)?{_HOST}:(?P<path>.+)")


class SshRefused(git.GitError):
    """The daemon must not log in there with the machine's own keys."""


def parse_host(url: str) -> str | None:
    """Return ssh's host for a URL or `user@host:path`, in lower case; None for anything else or
    ambiguous."""
    found = (_URL if "://" in url else _SCP_LIKE).fullmatch(url)
    # git searches the complete address for `@[`, and would use what follows as the host.
    if found is None or "@[" in unquote(found["path"]):
        return None
    return found["host"].strip("[]").lower()


def parse_port(url: str) -> str | None:
    """Return the port in an `ssh://` URL, if any."""
    found = _URL.fullmatch(url)
    return found["port"] if found else None


def is_host_unknown(text: str) -> bool:
    """Whether ssh failed because it knows no key of the host. A changed key is none: nobody should
    accept it by a click.
    """
    return "Host key verification failed" in text and "HAS CHANGED" not in text


def require_own_keys(url: str, layout: Layout) -> None:
    """Raise SshRefused if the operator didn't allow the machine's own keys at this host."""
    at = parse_host(url)
    if at not in {named.strip("[]").lower() for named in layout.own_ssh_hosts}:
        raise SshRefused(
            f"this machine doesn't log in at {at} with its own keys; set the project's sshKey, or "
            f"have its operator allow it with `worker run --own-ssh-hosts {at}`"
        )


@contextmanager
def ssh_command(key: str | None, known_hosts: str | None) -> Iterator[str]:
    """Yield the value of GIT_SSH_COMMAND, valid in this context. Raises GitError.

    With a key, no settings, agent or other identity of the machine are used. Then `known_hosts` are
    the only known hosts; without them ssh uses the system's files of hosts.
    """
    with ExitStack() as files:
        options = ["-oBatchMode=yes"]
        if key is not None:
            options += ["-F", os.devnull, "-oIdentitiesOnly=yes", "-oIdentityAgent=none"]
            options += ["-i", files.enter_context(_memory_file(key))]
        if known_hosts:
            options += _known_hosts_options(files.enter_context(_memory_file(known_hosts)))
            options += ["-oGlobalKnownHostsFile=/dev/null"]
        elif key is not None:
            options += _known_hosts_options(os.devnull)
        yield shlex.join(["ssh", *options])


def _known_hosts_options(path: str) -> Sequence[str]:
    strictly = ["-oStrictHostKeyChecking=yes", "-oUpdateHostKeys=no"]
    return [*strictly, f"-oUserKnownHostsFile={path}"]


@contextmanager
def _memory_file(text: str) -> Iterator[str]:
    """Return the path of a file in memory, which is gone at the latest with this process.

    `/proc/self/fd` wouldn't work, because ssh closes inherited descriptors.
    """
    if not hasattr(os, "memfd_create"):
        raise git.GitError("repository keys need a machine with Linux")
    with open(os.memfd_create("muster-ssh"), "wb", buffering=0) as file:
        os.fchmod(file.fileno(), 0o600)  # ssh rejects a key that others can read
        file.write(text.encode())
        yield f"/proc/{os.getpid()}/fd/{file.fileno()}"
