"""A machine of a chaos run: a worker daemon with a home and a way to the servers of its own."""

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.embedded.ports import LOOPBACK
from app.embedded.processes import Process as Child
from app.embedded.stack import Stack
from app.server_cli.local.api import ApiClient
from muster.worker import processes
from muster.worker.layout import Layout
from muster.worker.processes import Process
from muster.worker.sandbox.uids import uids_for_daemon
from muster.worker.shim.pty_process import SHIM_VARIABLE
from tests.chaos import broken_sandboxes
from tests.chaos.proxy import ProxyPort

SLOTS = 2
_FREEZING = 3.0  # seconds for a machine to stand still
_WORKER = (sys.executable, "-m", "muster", "worker")
_NAME = re.compile(rb"/(\d+)-(\d+)\0")

Whose = tuple[int, int]


@dataclass(frozen=True)
class Machine:
    """`agents` is a directory with an operator's adapters and their programs."""

    stack: Stack
    home: Path
    number: int
    proxy_port: ProxyPort
    agents: Path | None = None

    @property
    def name(self) -> str:
        return f"m{self.number}"

    @property
    def tools(self) -> Path:
        """What makes its rooms, or cannot."""
        return self.home.with_name(f"{self.home.name}-tools")

    @property
    def layout(self) -> Layout:
        return Layout(self.home)

    def enroll(self, api: ApiClient) -> None:
        token = api.post("/api/admin/worker-tokens", {"label": self.name})["token"]
        self.stack.run(f"enroll-{self.name}", self.enrollment(), stdin=token.encode())

    def enrollment(self) -> list[str]:
        """The command that makes this home a machine of the servers behind its door; it reads its
        token.
        """
        server = f"http://{LOOPBACK}:{self.proxy_port.port}"
        options = ("--server", server, "--token", "-", "--name", self.name)
        home = ("--home", str(self.home), "--slots", str(SLOTS))
        return [*_WORKER, "enroll", *options, *home]

    def start(self, server: str = "") -> None:
        """`server` is where it is now, if it has moved."""
        uids = uids_for_daemon(self.number)
        # Its agents go on without it; the world's end is theirs.
        run = ("run", "--home", str(self.home), "--uids", f"{uids[0]}-{uids[-1]}")
        file_root = ("--file-root", str(self.stack.home.parent))
        around = self.stack.home.parent
        notes = ("--mount", str(around), "--mount", f"{around / 'notes'}:rw")
        known = ("--agents", str(self.agents)) if self.agents else ()
        moved = ("--server", server) if server else ()
        if not self.tools.exists():
            broken_sandboxes.furnish(self.tools)
        found = ":".join(str(each) for each in (self.tools, self.agents) if each)
        path = {"PATH": f"{found}:{os.environ['PATH']}"}
        self.stack.launch(self.name, [*_WORKER, *run, *file_root, *notes, *known, *moved], path)

    @property
    def daemon(self) -> Child:
        return self.stack.processes[self.name]

    def shims(self) -> list[tuple[Process, Whose]]:
        """The shims that live here, and whose they are."""
        start = os.fsencode(self.layout.attempts.resolve())
        found = []
        for process in processes.iterate_processes():
            command_line = _read(process.pid, "cmdline")
            if (
                process.is_alive
                and b"from muster.worker.shim.shim import" in command_line
                and start in command_line
            ):
                found.append((process, _whose(command_line, start)))
        return found

    def stages(self) -> list[tuple[Process, Whose]]:
        """Every process that a stage started here."""
        start = os.fsencode(f"{SHIM_VARIABLE}={self.layout.attempts.resolve()}")
        found = []
        for process in processes.iterate_processes():
            environment = _read(process.pid, "environ") + b"\0" if process.is_alive else b""
            if start in environment:
                found.append((process, _whose(environment, start)))
        return found

    def inits(self) -> list[tuple[Process, Whose]]:
        """The command of each stage: it leads a session, and so does what made its room."""
        return [pair for pair in self._sessions() if not _is_sandbox_launcher(pair[0])]

    def sandbox_launchers(self) -> list[tuple[Process, Whose]]:
        """What made a stage's room, and ends with it: bwrap or unshare."""
        return [pair for pair in self._sessions() if _is_sandbox_launcher(pair[0])]

    def sandbox_inits(self) -> list[tuple[Process, Whose]]:
        """The first process in each stage's room."""
        makers = self.sandbox_launchers()
        return [(one, w) for maker, w in makers for one in processes.children(maker.pid)]

    def _sessions(self) -> list[tuple[Process, Whose]]:
        return [pair for pair in self.stages() if pair[0].pid == pair[0].session]

    def everything(self) -> list[Process]:
        """The daemon, its shims, and all that they started."""
        roots = [process for process, _ in self.shims()]
        if self.daemon.poll() is None and (daemon := processes.find(self.daemon.pid)):
            roots.append(daemon)
        found = {process.pid: process for process in roots}
        for root in roots:
            found |= {process.pid: process for process in processes.descendants(root.pid)}
        found |= {process.pid: process for process, _ in self.stages()}
        return list(found.values())

    def attempts(self) -> list[Whose]:
        """Whose shims or stages live here."""
        return sorted({whose for _, whose in [*self.shims(), *self.stages()]})

    def signal_all(self, number: signal.Signals, is_done: Callable[[Process], bool]) -> None:
        """Until a look finds nobody who needs it: what forks may have escaped the one before."""
        while left := [process for process in self.everything() if not is_done(process)]:
            for process in left:
                processes.send_signal(process, number)

    def freeze(self) -> list[Process]:
        """All of its processes, once they stand still."""
        deadline = time.monotonic() + _FREEZING
        self.signal_all(
            signal.SIGSTOP,
            lambda process: process.state in "TtZXx" or time.monotonic() > deadline,
        )
        return self.everything()


def tear(machine: Machine, pick: float) -> None:
    """Leave half a record at the end of the journal, or take its last bytes away."""
    path = machine.layout.journal / "journal"
    size = path.stat().st_size
    if pick < 0.5:
        begun = path.read_bytes()[: 12 + int(pick * 40)]
        with path.open("ab") as file:
            file.write(begun)
    else:
        os.truncate(path, max(0, size - 1 - int((pick - 0.5) * 400)))


def _is_sandbox_launcher(process: Process) -> bool:
    program = _read(process.pid, "cmdline").partition(b"\0")[0]
    return os.path.basename(program) in (b"bwrap", b"unshare")


def _whose(text: bytes, start: bytes) -> Whose:
    found = _NAME.match(text, text.index(start) + len(start))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # gone
        return b""
