"""How the daemon's git goes to repositories by ssh.

With a key of the project's it goes with that key alone. Without one the machine's own keys and
agent would log in, for whoever may write a project's URL: so only at the hosts that the operator
named (`worker run --own-ssh-hosts`).
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
# Narrower than git reads them: no escapes before the path, which could move its beginning.
_URL = re.compile(rf"(?i:ssh)://(?:[^/@:%\[\]]+@)?{_HOST}(?::\d+)?(?P<path>/.*)")
_SCP_LIKE = re.compile(rf"(?:[^/@:\[\]]+@)?{_HOST}:(?P<path>.+)")


class SshRefused(git.GitError):
    """The daemon is not to log in there with the machine's own keys."""


def parse_host(url: str) -> str | None:
    """The host to which ssh goes for a URL or `user@host:path`, in lower case; None for what is
    neither, or could be read in another way too."""
    found = (_URL if "://" in url else _SCP_LIKE).fullmatch(url)
    # git looks for `@[` in the whole address, and would take what follows for the host.
    if found is None or "@[" in unquote(found["path"]):
        return None
    return found["host"].strip("[]").lower()


def require_own_keys(url: str, layout: Layout) -> None:
    """Raises SshRefused if the operator did not allow the machine's own keys at this host."""
    at = parse_host(url)
    if at not in {named.strip("[]").lower() for named in layout.own_ssh_hosts}:
        raise SshRefused(
            f"this machine does not log in at {at} with keys of its own; set the project's sshKey, "
            f"or have its operator allow that with `worker run --own-ssh-hosts {at}`"
        )


@contextmanager
def ssh_command(key: str | None, known_hosts: str | None) -> Iterator[str]:
    """The value of GIT_SSH_COMMAND, good while this is open. Raises GitError.

    With a key no settings, agent or other identity of the machine's are used. `known_hosts` are
    then all that is known; without them ssh knows what the system's own files of hosts say.
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
    """The path of a file that lies on no disk, and is gone with this process if not before.

    `/proc/self/fd` would not do: ssh closes what it inherits.
    """
    if not hasattr(os, "memfd_create"):
        raise git.GitError("keys of repositories need a machine with Linux")
    with open(os.memfd_create("muster-ssh"), "wb", buffering=0) as file:
        os.fchmod(file.fileno(), 0o600)  # ssh takes no key that others could read
        file.write(text.encode())
        yield f"/proc/{os.getpid()}/fd/{file.fileno()}"
