"""What every attempt works with."""

from collections.abc import Callable
from dataclasses import dataclass, field

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Accepted, Body, Failed, StageStarted
from muster.worker.agents.health import AgentHealth
from muster.worker.git.repositories import Repositories
from muster.worker.health import Wellness
from muster.worker.journal.journal import Journal
from muster.worker.journal.reported_progress import Standing
from muster.worker.layout import Layout
from muster.worker.lease.lease import Lease
from muster.worker.limits.sandbox_limits import RoomLimits
from muster.worker.sandbox.sandboxes import Rooms
from muster.worker.sandbox.uids import Identities
from muster.worker.server.log_stream import LogStreams
from muster.worker.terminals.terminals import Terminals
from muster.worker.tunnels.tunnels import Tunnels


@dataclass(frozen=True)
class AttemptContext:
    """The daemon's parts.

    `changed` is called when what the machine can do, or has, may have changed. `narrates` tells
    whether attempts can run the narrator, and `takes_questions` whether the server lets agents ask,
    and reads transcripts; None: it is not known yet. `reconnect` begins a new connection to it: on
    that it repeats its orders for what the machine does not name.
    """

    rooms: Rooms
    journal: Journal
    streams: LogStreams
    lease: Lease
    identities: Identities
    health: AgentHealth
    repositories: Repositories
    terminals: Terminals
    changed: Callable[[], None]
    tunnels: Tunnels
    limits: RoomLimits
    narrates: Callable[[], bool] = lambda: False
    takes_questions: Callable[[], bool | None] = lambda: True
    wellness: Wellness = field(default_factory=Wellness)
    reconnect: Callable[[], None] = lambda: None

    @property
    def layout(self) -> Layout:
        return self.rooms.layout


@dataclass(frozen=True)
class Reporter:
    """Reports about one attempt to the server, and knows what has been reported already."""

    context: AttemptContext
    key: AttemptKey

    @property
    def standing(self) -> Standing:
        """What has been reported of the attempt so far."""
        return self.context.journal.standing(self.key)

    def accept(self) -> None:
        """Reports, once, that the attempt is known here."""
        if not self.standing.accepted:
            self.say(Accepted())

    def start(self, stage: int, run: int) -> None:
        """Reports, once each, that the attempt is known here, and that this run has begun."""
        self.accept()
        if not self.standing.has_started(stage, run):
            self.say(StageStarted(stage, run))

    def say(self, body: Body) -> None:
        self.context.journal.append(self.key, body)

    def fail(self, code: str, message: str) -> None:
        """Reports that the attempt cannot go on."""
        self.say(Failed(code, message))

    def give_back(self, code: str, message: str, otherwise: Body, known: str | None = None) -> None:
        """Reports that a stage could not be begun because this machine can begin none now; where
        that is neither `known`, nor what the machine finds when it looks, `otherwise`. The message
        is for the task alone, what is known for whoever sees the machine."""
        if self.context.wellness.doubt(known):
            otherwise = Failed(code, message, unwell=True)
        self.say(otherwise)

    def is_saying(self, kind: type[Body]) -> bool:
        """Whether such a report is on its way: it answers a repeated order, too."""
        return any(
            isinstance(report.body, kind) for report in self.context.journal.unacked(self.key)
        )
