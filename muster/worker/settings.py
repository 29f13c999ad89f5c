"""The settings of a worker's operator: the options of `worker run`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from muster.protocol.frames import SandboxLevel
from muster.worker.maintenance import MIRROR_RETENTION_DAYS
from muster.worker.sandbox.mounts import SandboxDirectory
from muster.worker.sandbox.uids import DEFAULT_UIDS


@dataclass(frozen=True)
class Settings:
    """`stop_agents_on_exit`: stages end with the daemon.

    `uids` are those of attempts under root. Unused mirrors stay for `mirror_days`. `tunnel_command`
    opens tunnels, by default the installed one of Cursor and VS Code. Repositories on this host are
    used only in `file_roots`, the machine's own ssh keys and agent only at `own_ssh_hosts`.
    `max_sandbox_level` limits how far attempts are contained; `sandbox_directories` are visible in
    their sandboxes; `bwrap` is the bubblewrap to try first. `limits` are an attempt's non-default
    limits, by the field names of AttemptLimits. `agents` has the operator's own adapters. People
    select machines by `labels`. `no_auto_upgrade`: ignore the server's releases.
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
