"""What the operator of a worker may choose: the options of `worker run`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from muster.protocol.frames import SandboxLevel
from muster.worker.maintenance import MIRROR_RETENTION_DAYS
from muster.worker.sandbox.mounts import SandboxDirectory
from muster.worker.sandbox.uids import DEFAULT_UIDS


@dataclass(frozen=True)
class Settings:
    """`stop_agents_on_exit`: what runs ends with the daemon, too.

    `uids` are those of attempts, when run as root. Unused mirrors stay for `mirror_days`.
    `tunnel_command` is what opens tunnels, by default whichever of Cursor and VS Code there is.
    Repositories on this host are used in `file_roots` only, the machine's own ssh keys and agent at
    `own_ssh_hosts` only. `max_sandbox_level` is the most that attempts are contained;
    `sandbox_directories` are shown in their sandboxes; `bwrap` is the bubblewrap to try first.
    `limits` are those of an attempt that are not the defaults, by the names of AttemptLimits. In
    `agents` lie adapters of the operator's own. `labels` are what people choose machines by.
    `no_auto_upgrade`: the server's are not taken.
    """

    stop_agents_on_exit: bool = False
    uids: range = DEFAULT_UIDS
    mirror_days: float = MIRROR_RETENTION_DAYS
    tunnel_command: str | None = None
    file_roots: tuple[Path, ...] = ()
    own_ssh_hosts: tuple[str, ...] = ()
    max_sandbox_level: SandboxLevel = "full"
    sandbox_directories: tuple[SandboxDirectory, ...] = ()
    bwrap: Path | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    agents: Path | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    no_auto_upgrade: bool = False
