"""One attempt's sandbox: its stages, its tunnel and the daemon's git in its workspace run in it.

Each runs in its own sandbox over the same workspace, with its own processes; when its first process
exits, the kernel kills all others before anyone is notified. The level is what a machine supports:
`full` has all of that and its own view of the file system (bubblewrap); `processes` only the
processes (a pid namespace); `none` only its own user, if the daemon is root.
"""

import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from muster.protocol.frames import SandboxLevel
from muster.worker.limits.limits import AttemptLimits
from muster.worker.sandbox import interpreter as interpreters
from muster.worker.sandbox.interpreter import Interpreter
from muster.worker.sandbox.mounts import GIT_SETTINGS, HOME, WORKSPACE, SandboxMounts
from muster.worker.sandbox.uids import Identity

_ENTRY = (
    "import sys; sys.path.append(sys.argv[1]); from muster.worker.sandbox.init import main; main()"
)
_ENTRY_SCOPED = (
    "import os, sys; sys.path.append(sys.argv[1]); "
    "from muster.worker.sandbox.landlock import scope_abstract_sockets; "
    "scope_abstract_sockets(); os.execvp(sys.argv[2], sys.argv[2:])"
)
_ENTER_CGROUPS = (
    'while [ "$1" != -- ]; do { echo 0 > "$1/cgroup.procs"; } 2>/dev/null; shift; done; '
    'shift; exec "$@"'
)
_NAMESPACES = ("--unshare-pid", "--unshare-ipc", "--unshare-cgroup-try")
# Root's capabilities that the first process of a sandbox keeps, to become the attempt and to end
# its processes.
_CAPABILITIES = ("CAP_KILL", "CAP_SETUID", "CAP_SETGID")
# It keeps bwrap's user: a process that becomes another user survives a killed bwrap, which then has
# no right to kill it.
_PID_1_SHELL = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
_CHECKER_DIRECTORY = "/mirror"
_CHDIR = ("/bin/sh", "-c", 'cd "$0" && exec "$@"')
ANNOUNCEMENT = b"\x01muster: in the sandbox\x02\n"
"""Written to standard error once a sandbox is complete, before its program starts. So no program in
it can suppress this, or make the sandbox look as if it wasn't created."""
# In octal: no message that quotes this command line contains the bytes themselves.
_ANNOUNCE = r"printf '\001muster: in the sandbox\002\n' >&2"
_ANNOUNCE_SHELL = ("/bin/sh", "-c", _ANNOUNCE + '; exec "$@"', "sh")


class SandboxFailed(Exception):
    """A sandbox couldn't be created, and nothing has run in it; with the message of the creating
    program. It is the machine's failure, never the work's."""


@dataclass(frozen=True)
class Sandbox:
    """`host_workspace` and `host_home` are the paths on the host; `mounts` exists only with `full`.
    `groups` are the control groups for the daemon's own processes in it, from `command`.
    `interpreter` runs our own programs, and `bwrap` is the bubblewrap for the mounts. `checker_uid`
    is the account that checks the sandbox's output; None: the current user."""

    level: SandboxLevel
    identity: Identity | None
    host_workspace: Path
    host_home: Path
    host_git_settings: Path
    limits: AttemptLimits
    mounts: SandboxMounts | None = None
    groups: tuple[str, ...] = ()
    interpreter: Interpreter = field(default_factory=interpreters.own_interpreter)
    bwrap: str = "bwrap"
    checker_uid: int | None = None

    @property
    def workspace(self) -> str:
        """The workspace's path inside the sandbox."""
        return WORKSPACE if self.mounts else str(self.host_workspace)

    @property
    def home(self) -> str:
        return HOME if self.mounts else str(self.host_home)

    @property
    def git_settings(self) -> str:
        """The path of the daemon's git settings inside the sandbox."""
        return GIT_SETTINGS if self.mounts else str(self.host_git_settings)

    @property
    def uid(self) -> int | None:
        """The user to become; None: the current user."""
        return self.identity.uid if self.identity else None

    @property
    def is_contained(self) -> bool:
        """False if nothing contains it: the processes have all rights of the daemon's own user."""
        return self.level != "none" or self.uid is not None

    def with_visible(self, *paths: Path) -> "Sandbox":
        """Return the same sandbox with more visible paths."""
        if self.mounts is None or not paths:
            return self
        return replace(
            self, mounts=replace(self.mounts, visible_paths=(*self.mounts.visible_paths, *paths))
        )

    def python_command(self, entry: str) -> list[str]:
        """Return the command that runs this code in the sandbox, with our package, whose path is
        its first argument."""
        return self.interpreter.command(entry, in_view=self.mounts is not None)

    def init_command(self, *, open_network: bool = True) -> list[str]:
        """Return the command that creates a stage's sandbox and runs `init.main` in it; empty
        without a sandbox. Run it with the daemon's own rights."""
        if self.mounts is not None:
            entered = self._attempt_bwrap_command("--as-pid-1", open_network=open_network)
            return [*entered, "--", *self.python_command(_ENTRY)]
        if self.level == "processes":
            return [*_unshare_command(), *self.python_command(_ENTRY)]
        return []

    def command(
        self,
        *argv: str,
        open_network: bool = False,
        pid_1: bool = True,
        cwd: str | None = WORKSPACE,
        announced: bool = False,
    ) -> list[str]:
        """Return the command that runs `argv` in a new sandbox, with the attempt's rights.

        Run it with the daemon's own rights; it passes its environment on, and when it has exited
        the sandbox is empty. Unless `pid_1`, an init precedes the program. With mounts it starts in
        `cwd`; if that is None, the program changes its directory itself. If `announced`, and the
        sandbox contains anything, ANNOUNCEMENT reports that it is complete.
        """
        room: list[str] = []
        program = [*(self._announce_prefix() if announced else ()), *argv]
        inside = [*_setpriv_command(self.uid), *program]
        if self.mounts is not None:
            options = ["--as-pid-1"] if pid_1 else []
            room = [*self._attempt_bwrap_command(*options, open_network=open_network), "--"]
            # Only as the attempt, because the sandbox's creator may not enter closed directories.
            entering = [*_CHDIR, cwd] if cwd else []
            inside = [*_setpriv_command(self.uid), *entering, *program]
        elif self.level == "processes":
            room = _unshare_command()
        first = _PID_1_SHELL if room and pid_1 else ()
        scoped = self.python_command(_ENTRY_SCOPED) if room and open_network else []
        return [*self._cgroup_prefix(), *room, *first, *scoped, *inside]

    def checker_command(self, *argv: str, directory: Path, writable: str) -> list[str]:
        """Return the command that runs `argv` in `directory`, of which only the part `writable` can
        be written, in a separate sandbox: in this one's control groups, as the checking account. No
        process in this sandbox can signal or trace it. It announces itself too."""
        room: list[str] = []
        if self.mounts is not None:
            seen = self.mounts.checker_arguments(directory, _CHECKER_DIRECTORY, writable)
            room = [
                *self._bwrap_command(seen, open_network=False),
                "--chdir",
                _CHECKER_DIRECTORY,
                "--",
            ]
        elif self.level == "processes":
            room = _unshare_command()
        program = [*self._announce_prefix(), *argv]
        return [*self._cgroup_prefix(), *room, *_setpriv_command(self.checker_uid), *program]

    @property
    def announcement_count(self) -> int:
        """Return the number of announcements of an announced command: none if nothing
        contains it."""
        return 1 if self.is_contained else 0

    def announcing_script(self, script: str) -> str:
        """Return the shell script for a command that isn't `announced`: it announces itself, which
        saves another shell."""
        return f"{_ANNOUNCE}\n{script}" if self.is_contained else script

    def _announce_prefix(self) -> tuple[str, ...]:
        return _ANNOUNCE_SHELL if self.is_contained else ()

    def _cgroup_prefix(self) -> list[str]:
        """Return the prefix that enters the control groups, and becomes the rest."""
        entry = ["/bin/sh", "-c", _ENTER_CGROUPS, "sh", *self.groups, "--"]
        return entry if self.groups else []

    def _attempt_bwrap_command(self, *options: str, open_network: bool) -> list[str]:
        assert self.mounts is not None
        return [*self._bwrap_command(self.mounts.arguments, open_network=open_network), *options]

    def _bwrap_command(self, seen: list[str], *, open_network: bool) -> list[str]:
        """Return bubblewrap with the mounts of the sandbox."""
        user = ["--unshare-user"]
        if os.geteuid() == 0:
            user = ["--cap-drop", "ALL"]
            user += [word for name in _CAPABILITIES for word in ("--cap-add", name)]
        network = [] if open_network else ["--unshare-net"]
        return [self.bwrap, *_NAMESPACES, *user, *network, "--die-with-parent", *seen]


def _setpriv_command(number: int | None) -> list[str]:
    """Return the command that becomes that user; empty if we don't change."""
    if number is None:
        return []
    uid = str(number)
    options = ["--reuid", uid, "--regid", uid, "--clear-groups", "--pdeathsig", "KILL"]
    # The real path, because links to it may not be visible in the sandbox.
    return [os.path.realpath(shutil.which("setpriv") or "setpriv"), *options, "--"]


def _unshare_command() -> list[str]:
    alone = [] if os.geteuid() == 0 else ["--user", "--map-current-user"]
    unshare = shutil.which("unshare") or "unshare"
    return [unshare, *alone, "--pid", "--fork", "--kill-child=KILL", "--"]
