"""The command that opens a tunnel: argv, environment, directory and uid; and its processes."""

import base64
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author
from muster.worker import processes
from muster.worker.agents import attempt_state, installs
from muster.worker.agents import environment as stage_environment
from muster.worker.git import workspace
from muster.worker.git.workspace import Workspace
from muster.worker.sandbox.sandboxes import Sandboxes

MARK_VARIABLE = "MUSTER_TUNNEL"
"""Set for all processes of a tunnel to the attempt's directory, which identifies them."""

PROGRAMS = ("cursor", "code")
"""Programs to look for, in this order, if no command is configured."""

_ARGUMENTS = "tunnel --accept-server-license-terms --name {name}"
_MAX_NAME_LENGTH = 20  # characters that the tool allows

# It stores its log-in in the attempt's own home, and asks no questions that nobody could answer.
_ENVIRONMENT = {"VSCODE_CLI_USE_FILE_KEYCHAIN": "1", "VSCODE_CLI_NONINTERACTIVE": "1"}

# Arranges to be killed with the daemon, and becomes the sandbox's creator.
_ENTRY = (
    "import ctypes,os,sys;ctypes.CDLL(None).prctl(1,9,0,0,0)\n"
    "if os.getppid()!=int(sys.argv[1]):os._exit(1)\n"
    "os.execvp(sys.argv[2],sys.argv[2:])"
)


class TunnelImpossible(Exception):
    """No tunnel can open here, and retrying doesn't help; the message is for people."""


@dataclass(frozen=True)
class TunnelCommand:
    """The command that `spawn` starts; its program is searched on the PATH in `env`. With
    `has_room`, `argv` includes the sandbox's creator."""

    argv: list[str]
    env: dict[str, str]
    cwd: Path
    mark: str
    has_sandbox: bool = False

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start it, in its own process group; its output is one pipe. Raises OSError.

        It dies with the thread that called this.
        """
        entry = [sys.executable, "-I", "-S", "-c", _ENTRY, str(os.getpid())]
        return subprocess.Popen(
            [*entry, *self.argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.cwd,
            env=self.env,
            start_new_session=True,
        )

    def living_processes(self, leader: int) -> list[processes.Process]:
        """Return all processes of the tunnel, wherever in the process tree they are.

        Not its sandbox's creator: ending that would be KILL for the others, and it exits after
        them.
        """
        found = {p.pid: p for p in (*processes.processes_in_group(leader), *find_marked(self.mark))}
        if self.has_sandbox:
            found |= {p.pid: p for p in processes.descendants(leader)}
            found.pop(leader, None)
        return list(found.values())


def build_command(
    rooms: Sandboxes, key: AttemptKey, machine_id: str, template: str | None
) -> TunnelCommand:
    """Return the command that opens a tunnel into the attempt's workspace. Raises
    TunnelImpossible."""
    directory = rooms.layout.attempt(key)
    found, kept = workspace.find_workspace(rooms, key), attempt_state.read(directory)
    if found is None or kept is None:
        raise TunnelImpossible("there is no workspace")
    mark = str(directory.resolve())
    env = _build_environment(found, kept.author)
    argv = _build_argv(template, env["PATH"], tunnel_name(machine_id, key))
    program = Path(shutil.which(argv[0], path=env["PATH"]) or argv[0])
    room = found.sandbox.with_visible(
        *installs.required_paths(program, env["PATH"], never=[rooms.layout.home])
    )
    return TunnelCommand(
        # With an init: a program that isn't made to be pid 1 would ignore signals.
        argv=room.command(*argv, open_network=True, pid_1=False),
        env={**env, **_ENVIRONMENT, MARK_VARIABLE: mark},
        cwd=found.path,
        mark=mark,
        has_sandbox=found.sandbox.level != "none",
    )


def tunnel_name(machine_id: str, key: AttemptKey) -> str:
    """Return the tunnel's name, which is unique among the account's tunnels elsewhere."""
    digest = hashlib.sha256(f"{machine_id}/{key.task_id}/{key.attempt}".encode()).digest()
    unique = base64.b32encode(digest).decode().lower()[:8]
    return f"m{key.name}"[: _MAX_NAME_LENGTH - len(unique) - 1] + f"-{unique}"


def find_marked(mark: str) -> list[processes.Process]:
    """Return the processes of the tunnel with this mark."""
    return processes.find_by_environment(MARK_VARIABLE, mark)


def _build_argv(template: str | None, path: str, tunnel_name: str) -> list[str]:
    templates = [template] if template else [f"{program} {_ARGUMENTS}" for program in PROGRAMS]
    for candidate in templates:
        program, *arguments = shlex.split(candidate)
        if shutil.which(program, path=path):
            return [program, *(part.replace("{name}", tunnel_name) for part in arguments)]
    programs = [shlex.split(candidate)[0] for candidate in templates]
    raise TunnelImpossible(f"not found on this machine: {' or '.join(programs)}")


def _build_environment(of: Workspace, author: Author) -> dict[str, str]:
    # Neither the project's environment nor its secrets, which are only for its stages.
    return stage_environment.build_environment(of, author, {}, {}, {})
