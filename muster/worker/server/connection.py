"""The control channel: connect to the server, say hello, and receive its orders, again and again.

The reading loop never blocks: it passes every frame on.
"""

import contextlib
import logging
import random
import socket as sockets
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import NamedTuple, NoReturn, Protocol

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection

from muster.protocol import version
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.bounds import fit_to_bounds
from muster.protocol.codec import MAX_TEXT_CHARS, BadFrame, decode_from_server, encode
from muster.protocol.frames import (
    Ack,
    CloseCode,
    Frame,
    FromServer,
    HeartbeatAck,
    Hello,
    LogGap,
    Order,
    Stale,
    TrackedAttempt,
    WaitingTerminal,
    Welcome,
)
from muster.worker.backoff import Backoff
from muster.worker.clock import boot_seconds
from muster.worker.journal.journal import Journal
from muster.worker.lease.lease import Lease
from muster.worker.machine_facts import FactCollector
from muster.worker.server.dialer import RESPONSE_TIMEOUT_SECONDS, dial
from muster.worker.server.heartbeats import Heartbeats
from muster.worker.server.log_stream import LogStreams
from muster.worker.server.outbox import Outbox
from muster.worker.server.rest_client import ServerRefused, Unreachable
from muster.worker.server.token_renewal import TokenRenewal

_STABLE_SECONDS = 5.0  # a good connection lasts at least this long after its welcome
_LONG_DELAYS_SECONDS = (60.0, 120.0)  # seconds between tries that would only disturb
_MAX_MISSED_HEARTBEATS = 3  # a connection is dead after so many without a frame from the server

log = logging.getLogger(__name__)


class OrderHandler(Protocol):
    """Carries out the server's orders; nothing here may block."""

    def list_attempts(self) -> list[TrackedAttempt]: ...

    def handle_order(self, order: Order | Stale) -> None: ...


class Disconnect(NamedTuple):
    """Why a connection ended: the close code (0: there was none), and a sentence for the log."""

    code: int
    message: str


class ControlChannel:
    """Maintains a connection to the server until it is stopped."""

    def __init__(
        self,
        membership: TokenRenewal,
        journal: Journal,
        streams: LogStreams,
        lease: Lease,
        vitals: FactCollector,
        wake: threading.Event,
        worker_version: str = "",
    ) -> None:
        self._token_renewal = membership
        self._journal = journal
        self._streams = streams
        self._lease = lease
        self._fact_collector = vitals
        self._wake = wake
        self._version = worker_version
        self._numbers = count(1)
        self._backoff = Backoff()
        self._welcomed_at: float | None = None
        self._stopped = threading.Event()
        self._socket: ClientConnection | None = None
        self._welcomed_socket: ClientConnection | None = None
        self._protocol = version.CURRENT
        self.on_heartbeat_ack: Callable[[], None] = lambda: None  # must not wait
        self.has_heartbeat_ack = False  # on this connection; its first orders have come by then
        self.waiting_terminals: Callable[[], list[WaitingTerminal]] = list
        self._heartbeats: Heartbeats | None = None

    def run(self, work: OrderHandler) -> bool:
        """Hands `work` what the server orders, until `stop`. Returns True if the server has
        decommissioned this machine instead."""
        self._handler: OrderHandler = work
        while not self._stopped.is_set():
            self._welcomed_at = None
            ending = self._run_connection()
            self._lease.discard_unanswered()
            if self._stopped.is_set():
                break
            if ending.code == CloseCode.DECOMMISSIONED:
                return True
            if self._was_stable():
                self._backoff.reset()
            delay = self._reconnect_delay(ending)
            log.warning("%s; reconnecting in %.1f s", ending.message, delay)
            self._stopped.wait(delay)
        return False

    def stop(self) -> None:
        """End `run`, from any thread, with a close frame if the peer still reads."""
        self._stopped.set()
        socket = self._socket
        if socket is not None:
            farewell = threading.Thread(target=socket.close, name="server-farewell", daemon=True)
            farewell.start()
            farewell.join(timeout=1.0)
            _abort(socket)

    def reconnect(self) -> None:
        """Open a new connection, from any thread."""
        if (socket := self._socket) is not None:
            _abort(socket)

    def beat_now(self) -> None:
        """Send the next heartbeat early, from any thread."""
        if (heartbeats := self._heartbeats) is not None:
            heartbeats.beat_now()

    def send(self, frame: Frame) -> None:
        """Send a frame, from any thread; without a connection it is dropped, and not needed."""
        if (socket := self._welcomed_socket) is not None:
            with contextlib.suppress(ConnectionClosed, OSError):
                socket.send(encode(fit_to_bounds(frame)))

    # After a connection

    def _was_stable(self) -> bool:
        """Whether the connection lasted: one that was dropped at once is no reason to hurry."""
        start = self._welcomed_at
        return start is not None and time.monotonic() - start >= _STABLE_SECONDS

    def _reconnect_delay(self, ending: Disconnect) -> float:
        match ending.code:
            case CloseCode.UNAUTHENTICATED:
                return self._recover_credentials()
            case CloseCode.REPLACED:
                log.error("another worker connected as this machine: is its home used twice?")
                return random.uniform(*_LONG_DELAYS_SECONDS)
            case CloseCode.UNSUPPORTED_VERSION:
                return self._downgrade_protocol()
        return self._backoff.next()

    def _downgrade_protocol(self) -> float:
        """Uses the version before ours in the next hello, for a server that is yet to be upgraded.
        Returns the seconds to wait until then, as `_reconnect_delay` does."""
        if self._protocol > version.OLDEST_SUPPORTED:
            self._protocol -= 1
            return self._backoff.next()
        self._protocol = version.CURRENT
        return random.uniform(*_LONG_DELAYS_SECONDS)

    def _recover_credentials(self) -> float:
        try:
            self._token_renewal.recover()
        except ServerRefused as error:
            log.error("the server doesn't know this machine anymore: %s", error)
            return random.uniform(*_LONG_DELAYS_SECONDS)
        except (Unreachable, OSError) as error:
            log.warning("can't recover the credentials: %s", error)
        return self._backoff.next()

    # One connection

    def _run_connection(self) -> Disconnect:
        try:
            with self._dial() as socket:
                self._socket = socket
                try:
                    return self._serve_connection(socket)
                finally:
                    # A graceful close would wait for a peer that may be dead.
                    _abort(socket)
        except ConnectionClosed as closed:
            return _disconnect_from(closed)
        except InvalidStatus as refused:
            status = refused.response.status_code
            code = CloseCode.UNAUTHENTICATED if status == 401 else 0
            return Disconnect(code, f"the server responded with {status}")
        except (OSError, InvalidHandshake, EOFError, BadFrame) as error:
            server = self._token_renewal.current.server
            return Disconnect(0, f"{server}: {error or type(error).__name__}")
        except Exception:
            # The server repeats failed orders on the next connection.
            log.exception("the connection failed")
            return Disconnect(0, "the connection failed within the worker")
        finally:
            self._socket = self._welcomed_socket = None
            self.has_heartbeat_ack = False

    def _dial(self) -> ClientConnection:
        path, known = "/api/workers/connect", self._token_renewal.current
        connection: ClientConnection = dial(known, path, largest=MAX_TEXT_CHARS, queue=64)
        return connection

    def _serve_connection(self, socket: ClientConnection) -> Disconnect:
        if self._stopped.is_set():
            return Disconnect(0, "stopped")
        facts = self._fact_collector.latest
        self._lease.record_sent(0, boot_seconds())
        socket.send(encode(fit_to_bounds(self._build_hello())))
        welcome = self._receive_welcome(socket)
        if not self._journal.reconcile(welcome.acked_seq):
            return Disconnect(CloseCode.GOING_AWAY, "a new journal had to be started")
        # An expired lease is extended only by an answered heartbeat: before that, the server
        # reports which of our attempts have ended meanwhile, and those must not start anything.
        if not self._lease.is_expired:
            self._lease.record_answered(0, welcome.lease_seconds)
        self._token_renewal.confirm_connected(welcome.server_time)
        self._journal.ack(welcome.acked_seq)
        self._streams.reset_all(welcome.logs)
        self._welcomed_at = time.monotonic()
        self._welcomed_socket = socket
        self._protocol = version.CURRENT  # the next time: it may have been upgraded meanwhile
        log.info("connected to %s", self._token_renewal.current.server)
        agreed = welcome.window, welcome.acked_seq
        outbox = Outbox(socket, self._journal, self._streams, self._wake, *agreed)
        parts = (self._fact_collector, facts, self._numbers, welcome.heartbeat_seconds)
        pulse = self._heartbeats = Heartbeats(socket, self._lease, *parts, self.waiting_terminals)
        try:
            self._receive_frames(socket, welcome)
        finally:
            _abort(socket)  # a thread that is sending must not block us
            self._heartbeats = None
            pulse.close()
            outbox.close()

    def _build_hello(self) -> Hello:
        known, facts = self._token_renewal.current, self._fact_collector.latest
        return Hello(
            protocol=self._protocol,
            worker_jwt=known.worker_jwt,
            machine_id=known.machine_id,
            journal_id=self._journal.journal_id,
            version=self._version,
            slots=known.slots,
            capabilities=facts.capabilities,
            repositories=facts.repositories,
            sandbox=facts.sandbox,
            labels=facts.labels,
            upgrade=facts.upgrade,
            attempts=self._handler.list_attempts(),
            checks_commits=True,
            checks_repositories=True,
            fetches_images=True,
            takes_messages=True,
            opens_shells=True,
            repeats_stages=True,
        )

    def _receive_welcome(self, socket: ClientConnection) -> Welcome:
        frame = decode_from_server(socket.recv(timeout=RESPONSE_TIMEOUT_SECONDS))
        if not isinstance(frame, Welcome):
            raise BadFrame(f"{type(frame).__name__} instead of a welcome")
        if not version.is_supported(frame.protocol):
            raise BadFrame(f"unsupported protocol version {frame.protocol}")
        return frame

    def _receive_frames(self, socket: ClientConnection, welcome: Welcome) -> NoReturn:
        silence = _MAX_MISSED_HEARTBEATS * welcome.heartbeat_seconds
        while True:
            message = socket.recv(timeout=silence)
            try:
                frame = decode_from_server(message)
            except BadFrame as error:
                # A newer server may send unknown frames.
                log.warning("ignoring an unknown frame: %s", error)
                continue
            self._handle_frame(frame, welcome)

    def _handle_frame(self, frame: FromServer, welcome: Welcome) -> None:
        match frame:
            case HeartbeatAck():
                self._lease.record_answered(frame.number, welcome.lease_seconds)
                self.has_heartbeat_ack = True
                self.on_heartbeat_ack()
            case Ack():
                self._journal.ack(frame.up_to)
                self._streams.ack(frame.logs)
            case LogGap():
                self._streams.rewind(AttemptKey.from_object(frame), frame.offset)
            case Welcome():
                log.warning("a second welcome")
            case _:
                self._handler.handle_order(frame)


def _abort(socket: ClientConnection) -> None:
    """End the connection whatever its peer does, and wake sending threads."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sockets.SHUT_RDWR)
    socket.close_socket()


def _disconnect_from(closed: ConnectionClosed) -> Disconnect:
    if (frame := closed.rcvd) is None:
        return Disconnect(0, "the connection broke")
    return Disconnect(frame.code, f"the server closed the connection: {frame.code} {frame.reason}")
