"""The shared parts of all attempts."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Accepted, Body, Failed, StageStarted, WaitingTerminal
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.agents.health import AgentHealth
from muster.worker.git.repositories import Repositories
from muster.worker.health import MachineHealth
from muster.worker.journal.journal import Journal
from muster.worker.journal.reported_progress import ReportedProgress
from muster.worker.layout import Layout
from muster.worker.lease.lease import Lease
from muster.worker.limits.sandbox_limits import SandboxLimits
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.sandbox.uids import UidAllocator
from muster.worker.server.log_stream import LogStreams
from muster.worker.server.rest_client import Unreachable
from muster.worker.terminals.terminals import Terminals
from muster.worker.tunnels.tunnels import Tunnels


def _fetch_nothing(path: str, largest: int) -> bytes:
    raise Unreachable(f"{path}: no server")


@dataclass(frozen=True)
class AttemptContext:
    """The daemon's parts.

    `on_change` is called when the machine's capabilities or files may have changed. `has_runner`
    returns whether attempts can run the runner. `reconnect` opens a new connection, on which the
    server repeats its orders for attempts that the machine doesn't report. `fetch_file` returns a
    file of the server, of at most that many bytes; raises ServerRefused, Unreachable.
    """

    sandboxes: Sandboxes
    journal: Journal
    streams: LogStreams
    lease: Lease
    uid_allocator: UidAllocator
    agent_health: AgentHealth
    repositories: Repositories
    terminals: Terminals
    on_change: Callable[[], None]
    tunnels: Tunnels
    limits: SandboxLimits
    has_runner: Callable[[], bool] = lambda: False
    machine_health: MachineHealth = field(default_factory=MachineHealth)
    reconnect: Callable[[], None] = lambda: None
    fetch_file: Callable[[str, int], bytes] = _fetch_nothing

    @property
    def layout(self) -> Layout:
        return self.sandboxes.layout


@dataclass(frozen=True)
class Reporter:
    """Reports one attempt to the server, and knows its earlier reports."""

    context: AttemptContext
    key: AttemptKey

    def watch_terminal(self, state: AttemptState) -> AbstractContextManager[None]:
        """Watch whether the running stage's agent waits for someone at its terminal."""
        adapter = self.context.agent_health.adapters.get(state.agent)
        patterns = adapter.waiting if adapter and state.is_interactive is True else ()
        stage = WaitingTerminal(*self.key, state.stage_index, state.run)
        return self.context.terminals.waits.watch(stage, patterns)

    @property
    def progress(self) -> ReportedProgress:
        """The reports of the attempt so far."""
        return self.context.journal.progress(self.key)

    def report_accepted(self) -> None:
        """Report, once, that the attempt is known here."""
        if not self.progress.accepted:
            self.report(Accepted())

    def report_started(self, stage: int, run: int) -> None:
        """Report, once each, that the attempt is known here, and that this run has started."""
        self.report_accepted()
        if not self.progress.has_started(stage, run):
            self.report(StageStarted(stage, run))

    def report(self, body: Body) -> None:
        self.context.journal.append(self.key, body)

    def report_failed(self, code: str, message: str) -> None:
        """Report that the attempt can't continue."""
        self.report(Failed(code, message))

    def return_attempt(
        self, code: str, message: str, otherwise: Body, known: str | None = None
    ) -> None:
        """Report that a stage couldn't start because this machine can't start any now; if that is
        neither `known` nor found by the machine's check, report `otherwise`. The message is only
        for the task, the machine's reason for everyone who sees the machine."""
        if self.context.machine_health.report_failure(known):
            otherwise = Failed(code, message, is_unhealthy=True)
        self.report(otherwise)

    def is_reporting(self, kind: type[Body]) -> bool:
        """Whether such a report is on its way: it also answers a repeated order."""
        return any(
            isinstance(report.body, kind)
            for report in self.context.journal.unacked_reports(self.key)
        )
