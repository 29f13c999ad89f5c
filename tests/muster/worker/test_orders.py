"""Orders find the attempt that they are for; what concerns none is answered at once."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Body,
    CheckRepository,
    Drain,
    Drained,
    Forget,
    Lost,
    OpenTerminal,
    Order,
    Publish,
    Repo,
    Stale,
    Stop,
    Stopped,
    TerminalClosed,
    TunnelFacts,
    Undrain,
    WorkspaceFacts,
)
from muster.protocol.frames import Tunnel as TunnelOrder
from muster.worker.agents.health import AgentHealth
from muster.worker.attempts.context import AttemptContext
from muster.worker.git.repositories import Repositories
from muster.worker.journal.journal import Journal
from muster.worker.layout import Layout
from muster.worker.lease.lease import Lease
from muster.worker.limits import limits
from muster.worker.limits.sandbox_limits import SandboxLimits
from muster.worker.orders import OrderDispatcher
from muster.worker.sandbox.sandboxes import Sandboxes
from muster.worker.sandbox.uids import UidAllocator
from muster.worker.server.credentials import Credentials, CredentialStore
from muster.worker.server.log_stream import LogStreams
from muster.worker.server.token_renewal import TokenRenewal
from muster.worker.terminals.terminals import Terminals
from muster.worker.tunnels.tunnels import Tunnels

NOBODYS = AttemptKey(7, 1)


class Machine:
    """A daemon's parts, without a server and without attempts."""

    def __init__(self, home: Path) -> None:
        layout = Layout(home)
        layout.make()
        store = CredentialStore(layout.credentials)
        store.save(Credentials("http://localhost", "machine", "m", 2, "jwt", 1e12, "secret"))
        self.membership = TokenRenewal(store)
        self.journal = Journal(layout.journal, lambda: None)
        self.closed: list[TerminalClosed] = []
        self.checked: list[CheckRepository] = []
        self.said = threading.Event()
        streams, lease = LogStreams(lambda: None), Lease()
        self.terminals = Terminals(layout, None, self.membership, self._send, streams.notify_flood)
        self.orders = OrderDispatcher(
            AttemptContext(
                sandboxes=Sandboxes(layout),
                journal=self.journal,
                streams=streams,
                lease=lease,
                uid_allocator=UidAllocator(layout.identities),
                agent_health=AgentHealth(),
                repositories=Repositories(layout),
                terminals=self.terminals,
                on_change=lambda: None,
                tunnels=Tunnels(Sandboxes(layout), self.journal, lease, lambda: "machine"),
                limits=SandboxLimits(limits.default_limits(8 << 30, 8 << 30, slots=2), None),
            ),
            check=self.checked.append,
        )

    def _send(self, frame: TerminalClosed) -> None:
        self.closed.append(frame)
        self.said.set()

    def reports_of(self, key: AttemptKey = NOBODYS) -> list[Body]:
        return [report.body for report in self.journal.unacked_reports(key)]

    def close(self) -> None:
        self.terminals.close()
        self.membership.close()
        self.journal.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        pytest.param(Stop(*NOBODYS, "cancelled"), Stopped(), id="stop"),
        pytest.param(Stale(*NOBODYS), Stopped(), id="stale"),
        pytest.param(Forget(*NOBODYS), WorkspaceFacts("removed"), id="forget"),
        pytest.param(
            Publish(*NOBODYS), Lost("this machine doesn't know the attempt"), id="publish"
        ),
        pytest.param(
            TunnelOrder(*NOBODYS, 1, "closed"), TunnelFacts(1, "closed"), id="close a tunnel"
        ),
    ],
)
def test_an_order_for_an_unknown_attempt_is_answered_once(
    machine: Machine, order: Order | Stale, answer: Body
) -> None:
    machine.orders.handle_order(order)
    machine.orders.handle_order(order)
    assert machine.reports_of() == [answer]
    assert machine.orders.list_attempts() == []


def test_a_check_is_passed_on_to_who_runs_it(machine: Machine) -> None:
    order = CheckRepository("c", Repo("url", "main", ""))
    machine.orders.handle_order(order)
    assert machine.checked == [order]


def test_a_terminal_of_an_unknown_attempt_is_refused(machine: Machine) -> None:
    machine.orders.handle_order(OpenTerminal(*NOBODYS, "token"))
    assert machine.said.wait(10)
    assert machine.closed == [TerminalClosed(*NOBODYS, "nothing is running here")]


def test_a_machine_that_holds_nothing_is_drained_at_once_and_says_so_once(
    machine: Machine,
) -> None:
    machine.orders.handle_order(Undrain())
    assert machine.reports_of(AttemptKey(0, 0)) == []
    machine.orders.handle_order(Drain())
    machine.orders.handle_order(Drain())
    assert machine.reports_of(AttemptKey(0, 0)) == [Drained()]
