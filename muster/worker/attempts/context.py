"""What every attempt works with."""

from collections.abc import Callable
from dataclasses import dataclass

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Body
from muster.worker.agents.health import AgentHealth
from muster.worker.git.identity import Identities
from muster.worker.git.repositories import Repositories
from muster.worker.journal.journal import Journal
from muster.worker.layout import Layout
from muster.worker.lease.lease import Lease
from muster.worker.server.log_stream import LogStreams
from muster.worker.terminals.terminals import Terminals
from muster.worker.tunnels.tunnels import Tunnels


@dataclass(frozen=True)
class AttemptContext:
    """`changed` is called when what the machine can do, or has, may have changed."""

    layout: Layout
    journal: Journal
    streams: LogStreams
    lease: Lease
    identities: Identities
    health: AgentHealth
    repositories: Repositories
    terminals: Terminals
    changed: Callable[[], None]
    tunnels: Tunnels


@dataclass(frozen=True)
class Reporter:
    """Speaks for one attempt."""

    context: AttemptContext
    key: AttemptKey

    def say(self, body: Body) -> None:
        self.context.journal.append(self.key, body)

    def is_saying(self, kind: type[Body]) -> bool:
        """Whether such a report is on its way: it answers a repeated order, too."""
        reports = self.context.journal.unacked(self.key)
        return any(isinstance(report.body, kind) for report in reports)
