"""A worker's channel on a thread, with real spools but without attempts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from muster.protocol.frames import Capability, HeldAttempt, Order, Room, Stale
from muster.worker.journal.journal import Journal
from muster.worker.lease.lease import Lease
from muster.worker.machine_facts import Vitals
from muster.worker.server.connection import Channel
from muster.worker.server.credentials import Credentials, CredentialStore
from muster.worker.server.log_stream import LogStreams
from muster.worker.server.token_renewal import Membership
from tests.muster.worker.fake_server import FakeServer


class Orders:
    """Keeps what the server ordered."""

    def __init__(self) -> None:
        self.attempts: list[HeldAttempt] = []
        self.got: list[Order | Stale] = []
        self.came = threading.Semaphore(0)

    def held(self) -> list[HeldAttempt]:
        return self.attempts

    def order(self, order: Order | Stale) -> None:
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
        self.membership = Membership(self.store)
        self.journal = Journal(home, self.wake.set)
        self.streams = LogStreams(self.wake.set)
        self.lease = Lease()
        self.vitals = Vitals(home, lambda: list(self.capabilities), list, Room("none"))
        self.orders = Orders()
        self.decommissioned = False
        self.channel = Channel(
            self.membership,
            self.journal,
            self.streams,
            self.lease,
            self.vitals,
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
        self.vitals.close()
        self.membership.close()
        self.journal.close()


@contextmanager
def connected(home: Path, server: FakeServer, **more: object) -> Iterator[Rig]:
    rig = Rig(home, server.url, **more)  # type: ignore[arg-type]
    try:
        yield rig
    finally:
        rig.close()
