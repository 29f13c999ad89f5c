"""A worker's channel on a thread, with real spools but without attempts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from muster.protocol.frames import Capability, Order, SandboxFacts, Stale, TrackedAttempt
from muster.worker.journal.journal import Journal
from muster.worker.lease.lease import Lease
from muster.worker.machine_facts import FactCollector
from muster.worker.server.connection import ControlChannel
from muster.worker.server.credentials import Credentials, CredentialStore
from muster.worker.server.log_stream import LogStreams
from muster.worker.server.token_renewal import TokenRenewal
from tests.muster.worker.fake_server import FakeServer


class RecordedOrders:
    """Records the server's orders."""

    def __init__(self) -> None:
        self.attempts: list[TrackedAttempt] = []
        self.got: list[Order | Stale] = []
        self.came = threading.Semaphore(0)

    def list_attempts(self) -> list[TrackedAttempt]:
        return self.attempts

    def handle_order(self, order: Order | Stale) -> None:
        self.got.append(order)
        self.came.release()


class Rig:
    """Everything that a channel needs; `capabilities` may be changed."""

    def __init__(self, home: Path, url: str, jwt: str = "jwt-1", **more: object) -> None:
        self.store = CredentialStore(home)
        credentials = Credentials(url, "machine", "m", 2, jwt, 1e12, "secret-1", **more)  # type: ignore[arg-type]
        self.store.save(credentials)
        self.wake = threading.Event()
        self.capabilities = [Capability("custom")]
        self.membership = TokenRenewal(self.store)
        self.journal = Journal(home, self.wake.set)
        self.streams = LogStreams(self.wake.set)
        self.lease = Lease()
        self.machine_facts = FactCollector(
            home, lambda: list(self.capabilities), list, SandboxFacts("none")
        )
        self.orders = RecordedOrders()
        self.decommissioned = False
        self.channel = ControlChannel(
            self.membership,
            self.journal,
            self.streams,
            self.lease,
            self.machine_facts,
            self.wake,
        )
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self.decommissioned = self.channel.run(self.orders)

    def close(self) -> None:
        self.channel.stop()
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.machine_facts.close()
        self.membership.close()
        self.journal.close()


@contextmanager
def connected(home: Path, server: FakeServer, **more: object) -> Iterator[Rig]:
    rig = Rig(home, server.url, **more)  # type: ignore[arg-type]
    try:
        yield rig
    finally:
        rig.close()
