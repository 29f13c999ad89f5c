"""One attempt's room: what its stages, its tunnel and the daemon's git in its workspace run in.

Each has a room of its own over the same workspace, with processes of its own, and when its first
process ends the kernel ends all others before anybody is told. What a machine can do for it is its
level: `full` has all of that and its own view of the file system (bubblewrap); `processes` only the
processes (a pid namespace); `none` nothing but a user of its own where the daemon is root.
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
# What the first process of a room has of root's, to become the attempt and to end what that runs.
_CAPABILITIES = ("CAP_KILL", "CAP_SETUID", "CAP_SETGID")
# It stays who bwrap is: a process that becomes another user outlives a bwrap that is killed, for
# that has no right any more to have it killed as well.
_PID_1_SHELL = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
_CHECKER_DIRECTORY = "/mirror"
_CHDIR = ("/bin/sh", "-c", 'cd "$0" && exec "$@"')
ANNOUNCEMENT = b"\x01muster: in the sandbox\x02\n"
"""What comes on standard error once all of a sandbox is made, before the program in there starts:
so nothing in there can keep it back, or have the sandbox taken for one that was not made."""
# In octal: no message that quotes this command line has the bytes themselves.
_ANNOUNCE = r"printf '\001muster: in the sandbox\002\n' >&2"
_ANNOUNCE_SHELL = ("/bin/sh", "-c", _ANNOUNCE + '; exec "$@"', "sh")


class SandboxFailed(Exception):
    """A sandbox could not be made, and nothing has run in it; in the words of what makes it. It is
    the machine's failure, never that of the work."""


@dataclass(frozen=True)
class Sandbox:
    """`host_workspace` and `host_home` are where these lie on the host; `view` is there with `full`
    alone. `groups` are the control groups that hold what the daemon runs in there by `command`.
    `interpreter` runs our own programs, and `bwrap` is the bubblewrap that makes a view.
    `checker_uid` is the account that checks what comes out of the room; None: who we are."""

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
        """Where the workspace is for whoever is in the room."""
        return WORKSPACE if self.mounts else str(self.host_workspace)

    @property
    def home(self) -> str:
        return HOME if self.mounts else str(self.host_home)

    @property
    def git_settings(self) -> str:
        """The settings of the daemon's git, for whoever is in the room."""
        return GIT_SETTINGS if self.mounts else str(self.host_git_settings)

    @property
    def uid(self) -> int | None:
        """Whom to become; None: stay who we are."""
        return self.identity.uid if self.identity else None

    @property
    def is_contained(self) -> bool:
        """False where nothing does: what runs here has all that the daemon's own user has."""
        return self.level != "none" or self.uid is not None

    def with_visible(self, *paths: Path) -> "Sandbox":
        """The same room, in which these are to be seen, too."""
        if self.mounts is None or not paths:
            return self
        return replace(
            self, mounts=replace(self.mounts, visible_paths=(*self.mounts.visible_paths, *paths))
        )

    def python_command(self, entry: str) -> list[str]:
        """The command that runs this in the room, with our package; where that lies is its first
        argument."""
        return self.interpreter.command(entry, in_view=self.mounts is not None)

    def init_command(self, *, open_network: bool = True) -> list[str]:
        """The command that makes a stage's room and runs its leader in there (`leader.main`); empty
        where there is no room. It has to be run with the daemon's own rights."""
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
        """The command that runs `argv` in a room of its own, with the attempt's rights.

        It has to be run with the daemon's own rights, and passes its environment on; when it has
        ended by itself the room is empty. Unless `pid_1`, some init is before the program. In a
        view it begins in `cwd`; where that is None it goes by itself to where it wants to be. If
        `announced`, and the room contains anything, ANNOUNCEMENT tells that it is made.
        """
        room: list[str] = []
        program = [*(self._announce_prefix() if announced else ()), *argv]
        inside = [*_setpriv_command(self.uid), *program]
        if self.mounts is not None:
            options = ["--as-pid-1"] if pid_1 else []
            room = [*self._attempt_bwrap_command(*options, open_network=open_network), "--"]
            # There only as the attempt: who makes the room has no right to enter what is closed.
            entering = [*_CHDIR, cwd] if cwd else []
            inside = [*_setpriv_command(self.uid), *entering, *program]
        elif self.level == "processes":
            room = _unshare_command()
        first = _PID_1_SHELL if room and pid_1 else ()
        scoped = self.python_command(_ENTRY_SCOPED) if room and open_network else []
        return [*self._cgroup_prefix(), *room, *first, *scoped, *inside]

    def checker_command(self, *argv: str, directory: Path, writable: str) -> list[str]:
        """The command that runs `argv` in `directory`, of which it may write the part `writable`,
        in a room of its own: in this one's control groups, with the rights of the account that
        checks. Nobody in this room can signal or trace it. It announces itself likewise."""
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
        """How many come of a command that is announced: none where nothing contains it."""
        return 1 if self.is_contained else 0

    def announcing_script(self, script: str) -> str:
        """The shell script for a command that is not `announced`: it announces itself, which saves
        another shell."""
        return f"{_ANNOUNCE}\n{script}" if self.is_contained else script

    def _announce_prefix(self) -> tuple[str, ...]:
        return _ANNOUNCE_SHELL if self.is_contained else ()

    def _cgroup_prefix(self) -> list[str]:
        """What goes into the control groups, and becomes what follows."""
        entry = ["/bin/sh", "-c", _ENTER_CGROUPS, "sh", *self.groups, "--"]
        return entry if self.groups else []

    def _attempt_bwrap_command(self, *options: str, open_network: bool) -> list[str]:
        assert self.mounts is not None
        return [*self._bwrap_command(self.mounts.arguments, open_network=open_network), *options]

    def _bwrap_command(self, seen: list[str], *, open_network: bool) -> list[str]:
        """bubblewrap, and what is to be seen in the room that it makes."""
        user = ["--unshare-user"]
        if os.geteuid() == 0:
            user = ["--cap-drop", "ALL"]
            user += [word for name in _CAPABILITIES for word in ("--cap-add", name)]
        network = [] if open_network else ["--unshare-net"]
        return [self.bwrap, *_NAMESPACES, *user, *network, "--die-with-parent", *seen]


def _setpriv_command(number: int | None) -> list[str]:
    """What becomes that user, and nothing where we stay who we are."""
    if number is None:
        return []
    uid = str(number)
    options = ["--reuid", uid, "--regid", uid, "--clear-groups", "--pdeathsig", "KILL"]
    # Where it really lies: what leads there may not be seen in the room.
    return [os.path.realpath(shutil.which("setpriv") or "setpriv"), *options, "--"]


def _unshare_command() -> list[str]:
    alone = [] if os.geteuid() == 0 else ["--user", "--map-current-user"]
    unshare = shutil.which("unshare") or "unshare"
    return [unshare, *alone, "--pid", "--fork", "--kill-child=KILL", "--"]
