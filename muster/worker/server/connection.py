"""The control channel: dials the server, says hello, and hears its orders, again and again.

The loop that reads does nothing that could wait: it hands every frame on.
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
from muster.protocol.bounds import fitting
from muster.protocol.codec import MAX_TEXT, BadFrame, decode_from_server, encode
from muster.protocol.frames import (
    Ack,
    CloseCode,
    Frame,
    FromServer,
    HeartbeatAck,
    HeldAttempt,
    Hello,
    LogGap,
    Order,
    Stale,
    Welcome,
)
from muster.worker.backoff import Backoff
from muster.worker.clock import boot_seconds
from muster.worker.journal.journal import Journal
from muster.worker.lease.lease import Lease
from muster.worker.machine_facts import Vitals
from muster.worker.server.dialer import PATIENCE, dial
from muster.worker.server.heartbeats import Pulse
from muster.worker.server.log_stream import LogStreams
from muster.worker.server.outbox import Outbox
from muster.worker.server.rest_client import ServerRefused, Unreachable
from muster.worker.server.token_renewal import Membership

_STABLE = 5.0  # seconds after its welcome for which a connection must last to count as a good one
_LONG = (60.0, 120.0)  # seconds between tries that would only disturb
_MISSED_BEATS = 3  # heartbeats without any word from the server that make a connection dead

log = logging.getLogger(__name__)


class Work(Protocol):
    """Carries out what the server orders; nothing here may wait."""

    def held(self) -> list[HeldAttempt]: ...

    def order(self, order: Order | Stale) -> None: ...


class Ending(NamedTuple):
    """Why a connection ended: the close code (0: there was none), and a sentence for the log."""

    code: int
    words: str


class Channel:
    """Keeps a connection to the server until it is stopped."""

    def __init__(
        self,
        membership: Membership,
        journal: Journal,
        streams: LogStreams,
        lease: Lease,
        vitals: Vitals,
        wake: threading.Event,
        worker_version: str = "",
    ) -> None:
        self._membership = membership
        self._journal = journal
        self._streams = streams
        self._lease = lease
        self._vitals = vitals
        self._wake = wake
        self._version = worker_version
        self._numbers = count(1)
        self._backoff = Backoff()
        self._welcomed_at: float | None = None
        self._over = threading.Event()
        self._socket: ClientConnection | None = None
        self._welcomed: ClientConnection | None = None
        self._protocol = version.CURRENT
        self._spoken: int | None = None
        self.on_heard: Callable[[], None] = lambda: None  # a heartbeat was answered; may not wait
        self.is_heard = False  # one was on this connection, and so its first orders have come

    def run(self, work: Work) -> bool:
        """Hands `work` what the server orders, until `stop`.

        Returns True if the server has decommissioned this machine instead.
        """
        self._work: Work = work
        while not self._over.is_set():
            self._welcomed_at = None
            ending = self._converse()
            self._lease.disconnected()
            if self._over.is_set():
                break
            if ending.code == CloseCode.DECOMMISSIONED:
                return True
            if self._was_stable():
                self._backoff.reset()
            delay = self._delay(ending)
            log.warning("%s; connecting again in %.1f s", ending.words, delay)
            self._over.wait(delay)
        return False

    def stop(self) -> None:
        """Ends `run`, from any thread, with a word of farewell if the peer still listens."""
        self._over.set()
        socket = self._socket
        if socket is not None:
            farewell = threading.Thread(target=socket.close, name="server-farewell", daemon=True)
            farewell.start()
            farewell.join(timeout=1.0)
            _cut(socket)

    def reconnect(self) -> None:
        """Begins a new connection, from any thread."""
        if (socket := self._socket) is not None:
            _cut(socket)

    def takes_questions(self) -> bool | None:
        """Whether the server lets agents ask, as it was when we were connected last; None: we have
        not been yet."""
        return None if self._spoken is None else self._spoken >= version.QUESTIONS

    def say(self, frame: Frame) -> None:
        """Sends a frame, from any thread; without a connection it is lost, and nobody needs it."""
        if (socket := self._welcomed) is not None:
            with contextlib.suppress(ConnectionClosed, OSError):
                socket.send(encode(fitting(frame)))

    # What comes after a connection

    def _was_stable(self) -> bool:
        """Whether the connection lasted: one that was dropped at once is no reason to hurry."""
        return self._welcomed_at is not None and time.monotonic() - self._welcomed_at >= _STABLE

    def _delay(self, ending: Ending) -> float:
        match ending.code:
            case CloseCode.UNAUTHENTICATED:
                return self._recover()
            case CloseCode.REPLACED:
                log.error("another worker connected as this machine: is its home used twice?")
                return random.uniform(*_LONG)
            case CloseCode.UNSPOKEN_VERSION:
                return self._speak_older()
        return self._backoff.next()

    def _speak_older(self) -> float:
        """Says hello in the version before ours next, for a server that is yet to be upgraded.

        Returns the seconds to wait until then, as `_delay`.
        """
        if self._protocol > version.OLDEST:
            self._protocol -= 1
            return self._backoff.next()
        self._protocol = version.CURRENT
        return random.uniform(*_LONG)

    def _recover(self) -> float:
        try:
            self._membership.recover()
        except ServerRefused as error:
            log.error("the server does not know this machine any more: %s", error)
            return random.uniform(*_LONG)
        except (Unreachable, OSError) as error:
            log.warning("the credentials could not be recovered: %s", error)
        return self._backoff.next()

    # One connection

    def _converse(self) -> Ending:
        try:
            with self._dial() as socket:
                self._socket = socket
                try:
                    return self._talk(socket)
                finally:
                    # Closing politely would wait for a peer that may be dead.
                    _cut(socket)
        except ConnectionClosed as closed:
            return _ending(closed)
        except InvalidStatus as refused:
            status = refused.response.status_code
            code = CloseCode.UNAUTHENTICATED if status == 401 else 0
            return Ending(code, f"the server answers {status}")
        except (OSError, InvalidHandshake, EOFError, BadFrame) as error:
            return Ending(0, f"{self._membership.current.server}: {error or type(error).__name__}")
        except Exception:
            # What could not be handed on is ordered again on the next connection.
            log.exception("the connection failed")
            return Ending(0, "the connection failed within the worker")
        finally:
            self._socket = self._welcomed = None
            self.is_heard = False

    def _dial(self) -> ClientConnection:
        path = "/api/workers/connect"
        connection: ClientConnection = dial(
            self._membership.current, path, largest=MAX_TEXT, queue=64
        )
        return connection

    def _talk(self, socket: ClientConnection) -> Ending:
        if self._over.is_set():
            return Ending(0, "stopped")
        told = self._vitals.latest
        self._lease.sent(0, boot_seconds())
        socket.send(encode(fitting(self._hello())))
        welcome = self._welcome(socket)
        if not self._journal.reconcile(welcome.acked_seq):
            return Ending(CloseCode.GOING_AWAY, "the journal had to be begun anew")
        # One that is over is prolonged by a heartbeat's answer: before that the server says which
        # of our attempts have ended meanwhile, and those must not begin anything.
        if not self._lease.is_over:
            self._lease.answered(0, welcome.lease_seconds)
        self._membership.settle(welcome.server_time)
        self._journal.ack(welcome.acked_seq)
        self._streams.connected(welcome.logs)
        self._welcomed_at = time.monotonic()
        self._welcomed = socket
        self._spoken = welcome.protocol
        self._protocol = version.CURRENT  # the next time: it may have been upgraded meanwhile
        log.info("connected to %s", self._membership.current.server)
        agreed = welcome.window, welcome.acked_seq, welcome.protocol
        outbox = Outbox(socket, self._journal, self._streams, self._wake, *agreed)
        seconds = welcome.heartbeat_seconds
        pulse = Pulse(socket, self._lease, self._vitals, told, self._numbers, seconds)
        try:
            self._listen(socket, welcome)
        finally:
            # Whoever is in the middle of sending must not keep us.
            _cut(socket)
            pulse.close()
            outbox.close()

    def _hello(self) -> Hello:
        known, facts = self._membership.current, self._vitals.latest
        return Hello(
            protocol=self._protocol,
            worker_jwt=known.worker_jwt,
            machine_id=known.machine_id,
            journal_id=self._journal.journal_id,
            version=self._version,
            slots=known.slots,
            capabilities=facts.capabilities,
            repositories=facts.repositories,
            room=facts.room,
            labels=facts.labels,
            upgrade=facts.upgrade,
            attempts=self._work.held(),
            checks_commits=True,
        )

    def _welcome(self, socket: ClientConnection) -> Welcome:
        frame = decode_from_server(socket.recv(timeout=PATIENCE))
        if not isinstance(frame, Welcome):
            raise BadFrame(f"{type(frame).__name__} instead of a welcome")
        if not version.is_spoken(frame.protocol):
            raise BadFrame(f"protocol version {frame.protocol} is not one of ours")
        return frame

    def _listen(self, socket: ClientConnection, welcome: Welcome) -> NoReturn:
        silence = _MISSED_BEATS * welcome.heartbeat_seconds
        while True:
            message = socket.recv(timeout=silence)
            try:
                frame = decode_from_server(message)
            except BadFrame as error:
                # A newer server may say what we do not know.
                log.warning("a frame was not understood: %s", error)
                continue
            self._hear(frame, welcome)

    def _hear(self, frame: FromServer, welcome: Welcome) -> None:
        match frame:
            case HeartbeatAck():
                self._lease.answered(frame.number, welcome.lease_seconds)
                self.is_heard = True
                self.on_heard()
            case Ack():
                self._journal.ack(frame.up_to)
                self._streams.ack(frame.logs)
            case LogGap():
                self._streams.rewind(AttemptKey.of(frame), frame.offset)
            case Welcome():
                log.warning("a second welcome")
            case _:
                self._work.order(frame)


def _cut(socket: ClientConnection) -> None:
    """Ends the connection whatever its peer does, and wakes whoever is sending."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sockets.SHUT_RDWR)
    socket.close_socket()


def _ending(closed: ConnectionClosed) -> Ending:
    if closed.rcvd is None:
        return Ending(0, "the connection broke")
    words = f"the server closed the connection: {closed.rcvd.code} {closed.rcvd.reason}"
    return Ending(closed.rcvd.code, words)
