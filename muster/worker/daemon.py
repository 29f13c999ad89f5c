"""The worker: what a machine of Muster's runs, from its start to its end."""

import contextlib
import fcntl
import importlib.metadata
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Drain,
    Drained,
    Forget,
    HeldAttempt,
    Lost,
    OpenTerminal,
    Order,
    Publish,
    Repo,
    RunStage,
    Stale,
    Stop,
    Stopped,
    TerminalClosed,
    Tunnel,
    Undrain,
    WorkspaceFacts,
)
from muster.worker import leftovers
from muster.worker.agents.health import AgentHealth
from muster.worker.attempts.attempt import Attempt
from muster.worker.attempts.context import AttemptContext, Reporter
from muster.worker.git.identity import UIDS, Identities
from muster.worker.git.repositories import Repositories
from muster.worker.journal.journal import Journal
from muster.worker.layout import Layout
from muster.worker.lease.fence import Fence
from muster.worker.lease.lease import Lease, LeaseKeeper
from muster.worker.maintenance import KEEP_DAYS, Maintenance
from muster.worker.server.connection import Channel
from muster.worker.server.credentials import CredentialStore
from muster.worker.server.log_stream import LogStreams
from muster.worker.server.membership import Membership
from muster.worker.shim.client import ShimLink
from muster.worker.terminals.terminals import Terminals
from muster.worker.tunnels.tunnels import Tunnels
from muster.worker.vitals import Vitals

_LEAVE_PATIENCE = 5.0  # seconds for threads to finish what they are at

log = logging.getLogger(__name__)


class HomeInUse(Exception):
    """Another worker runs with this home."""


class Daemon:
    """Runs with one home, until `stop` or until the server decommissions it."""

    def __init__(
        self,
        home: Path,
        *,
        stop_agents_on_exit: bool = False,
        uids: range = UIDS,
        mirror_days: float = KEEP_DAYS,
        tunnel_command: str | None = None,
        file_roots: Sequence[Path] = (),
    ) -> None:
        """`uids` are those of attempts, when run as root; unused mirrors stay for `mirror_days`;
        repositories on this host are used in `file_roots` only.
        `tunnel_command` is what opens tunnels, by default whichever of Cursor and VS Code there is.

        Raises NotEnrolled, BadServer, HomeInUse, HomeUnreachable.
        """
        self._uids = uids
        self._layout = Layout(home, tuple(file_roots))
        self._layout.make()
        if os.geteuid() == 0:
            self._layout.require_reachable()
        self._lock = _lock(home / "daemon.lock")
        self._stop_agents = stop_agents_on_exit
        self._wake = threading.Event()
        self._store = CredentialStore(self._layout.credentials)
        self._membership = Membership(self._store)
        self._journal = Journal(self._layout.journal, self._wake.set)
        self._held: dict[AttemptKey, Attempt] = {}
        self._held_lock = threading.Lock()
        self._draining = False
        self._lease = Lease()
        self._tunnels = Tunnels(
            self._layout,
            self._journal,
            self._lease,
            lambda: self._membership.current.machine_id,
            tunnel_command,
        )
        self._context = self._equip()
        self._vitals = Vitals(
            home, self._context.health.capabilities, self._context.repositories.urls
        )
        self._context.health.changed = self._vitals.refresh
        self._maintenance = Maintenance(
            self._layout,
            self._context.repositories,
            self._vitals.refresh,
            keep_days=mirror_days,
        )
        self._channel = Channel(
            self._membership,
            self._journal,
            self._context.streams,
            self._lease,
            self._vitals,
            self,
            self._wake,
            version(),
        )

    def run(self) -> None:
        """Returns when all is put away."""
        self._resume()
        keeper = LeaseKeeper(self._lease, self._shims)
        fence = Fence(self._lease, self._layout.attempts)
        self._maintenance.start()
        log.info("machine %s, %d attempts held", self._membership.current.name, len(self._held))
        decommissioned = self._channel.run()
        keeper.close()
        fence.close()
        self._maintenance.close()
        if decommissioned:
            log.warning("this machine has been decommissioned; its credentials are erased")
            self._membership.erase()
        self._put_away(kill=decommissioned or self._stop_agents)

    def stop(self) -> None:
        """Ends `run`, from any thread."""
        self._channel.stop()

    # What the channel asks

    def held(self) -> list[HeldAttempt]:
        with self._held_lock:
            attempts = list(self._held.values())
        return [attempt.held() for attempt in attempts]

    def order(self, order: Order | Stale) -> None:
        """Hands an order to whom it concerns; waits for nothing."""
        match order:
            case Drain():
                self._draining = True
                self._say_drained()
            case Undrain():
                self._draining = False
            case RunStage() | Publish(repo=Repo()):
                self._attempt(order).order(order)
            case Tunnel():
                self._tunnels.order(order)
            case OpenTerminal():
                self._open_terminal(order)
            case Stop() | Stale() | Publish() | Forget():
                self._pass_on(order)

    # Attempts

    def _attempt(self, order: RunStage | Publish) -> Attempt:
        key = AttemptKey.of(order)
        with self._held_lock:
            if key not in self._held:
                self._held[key] = self._new_attempt(key)
            return self._held[key]

    def _new_attempt(self, key: AttemptKey, *, resumed: bool = False) -> Attempt:
        after = (self._rested, self._forgotten)
        return Attempt(self._context, key, *after, resumed=resumed)

    def _pass_on(self, order: Stop | Stale | Publish | Forget) -> None:
        with self._held_lock:
            attempt = self._held.get(AttemptKey.of(order))
        if attempt is not None:
            attempt.order(order)
            return
        reporter = Reporter(self._context, AttemptKey.of(order))
        answer = _answer_of_a_stranger(order)
        # What is on its way already answers this order, too.
        if not reporter.is_saying(type(answer)):
            reporter.say(answer)

    def _forgotten(self, attempt: Attempt) -> None:
        self._tunnels.forget(attempt.key)
        with self._held_lock:
            self._held.pop(attempt.key, None)
        self._rested()

    def _rested(self) -> None:
        self._tunnels.close_ended()
        self._context.terminals.finish(self._is_over)
        self._say_drained()

    def _is_over(self, key: AttemptKey) -> bool:
        with self._held_lock:
            attempt = self._held.get(key)
        return attempt is None or attempt.is_final

    def _open_terminal(self, order: OpenTerminal) -> None:
        if self._is_over(AttemptKey.of(order)):
            self._context.terminals.refuse(order, "nothing runs here")
        else:
            self._context.terminals.open(order)

    def _say(self, frame: TerminalClosed) -> None:
        self._channel.say(frame)

    def _say_drained(self) -> None:
        """What has ended may keep its workspace; what waits, for a person or an order, is left."""
        nobody = Reporter(self._context, AttemptKey(0, 0))
        with self._held_lock:
            is_dry = self._draining and all(a.is_final for a in self._held.values())
            if is_dry and not nobody.is_saying(Drained):
                nobody.say(Drained())

    def _shims(self) -> list[ShimLink]:
        with self._held_lock:
            attempts = list(self._held.values())
        return [shim for attempt in attempts if (shim := attempt.shim) is not None]

    # Beginning and end

    def _equip(self) -> AttemptContext:
        streams = LogStreams(self._wake.set)
        return AttemptContext(
            layout=self._layout,
            journal=self._journal,
            streams=streams,
            lease=self._lease,
            identities=Identities(self._layout.identities, self._uids),
            health=AgentHealth(),
            repositories=Repositories(self._layout),
            terminals=Terminals(self._layout, self._membership, self._say, streams.shown),
            changed=lambda: self._vitals.refresh(),
            tunnels=self._tunnels,
        )

    def _resume(self) -> None:
        """Goes on with the attempts that are known, and clears away what belongs to none."""
        known = leftovers.clear(self._layout)
        self._journal.forget_all_but(set(known))
        self._tunnels.resume(known)
        for key in known:
            self._held[key] = self._new_attempt(key, resumed=True)

    def _put_away(self, *, kill: bool) -> None:
        self._tunnels.close_all()
        attempts = list(self._held.values())
        if kill:
            ending = [threading.Thread(target=attempt.end) for attempt in attempts]
            for thread in ending:
                thread.start()
            for thread in ending:
                thread.join()
        else:
            for attempt in attempts:
                attempt.leave()
        for attempt in attempts:
            attempt.join(_LEAVE_PATIENCE)
        self._context.terminals.close()
        self._vitals.close()
        self._membership.close()
        self._journal.close()
        os.close(self._lock)


def version() -> str:
    """The installed package's, where it is installed."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version("muster")
    return "0.1.0"


def _answer_of_a_stranger(
    order: Stop | Stale | Publish | Forget,
) -> Stopped | WorkspaceFacts | Lost:
    """What is said of an attempt that this machine does not know."""
    match order:
        case Forget():
            return WorkspaceFacts("removed")
        case Publish():
            return Lost("nothing is known of this attempt here")
    return Stopped()


def _lock(path: Path) -> int:
    """Held as long as this process lives. Raises HomeInUse."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise HomeInUse(f"another worker runs with {path.parent}") from None
    return handle
