"""A FAKE of the server, for the worker's tests: control channel and worker API, strict, no
database.

Every frame passes through `muster.protocol.codec`. Forbidden actions of a worker are stored in
`violations`, and `close` raises them. Connections pass through a line that tests can cut.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from itertools import pairwise
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.codec import MAX_TEXT_CHARS, BadFrame, decode_from_machine, encode
from muster.protocol.frames import (
    Ack,
    Body,
    CloseCode,
    Failed,
    Frame,
    Heartbeat,
    HeartbeatAck,
    Hello,
    Log,
    LogAck,
    LogGap,
    LogLost,
    OpenTerminal,
    Report,
    StageFinished,
    TerminalClosed,
    Welcome,
)
from tests.muster.worker.fake_api import FakeApi
from tests.muster.worker.fake_line import LIMIT, Line
from tests.muster.worker.fake_pty import FakePty
from tests.wait import Problem, find_first, quote, wait_until


class FakeServer(FakeApi):
    """Knobs: those of the worker API; `window`, `heartbeat_seconds`, `lease_seconds`; `acks` and
    `beats` (whether they are answered)."""

    def __init__(self) -> None:
        super().__init__()
        self.window = 1 << 20
        self.heartbeat_seconds = 0.2
        self.lease_seconds = 60.0
        self.acks = True
        self.beats = True
        self.protocol = 3  # the highest version that it speaks
        self.refusal = ""  # the error for workers with a newer version
        self.pty = FakePty(self.changed, self._violate)
        self.closed: list[TerminalClosed] = []
        self.violations: list[str] = []
        self.hellos: list[Hello] = []
        self.refused: list[int] = []  # versions
        self.heartbeats: list[tuple[float, Heartbeat]] = []
        self.reports: list[Report] = []  # as stored: each once, in order
        self.seen: list[tuple[str, int]] = []  # as received
        self.watches: list[Problem] = []  # of daemons
        self._known: set[int] = set()  # numbers of the reports that the test has read
        self.logs: dict[tuple[int, int], bytearray] = {}
        self.lost: list[tuple[int, int]] = []
        self.frames: list[Log] = []
        self.max_in_flight = 0
        self._stored: dict[str, list[Report]] = {}
        self._in_flight = 0
        self._socket: ServerConnection | None = None
        self._sockets = serve(
            self._serve_connection, "127.0.0.1", 0, compression=None, max_size=MAX_TEXT_CHARS
        )
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._requests())
        self._http.daemon_threads = True
        self.line = Line(self._sockets.socket.getsockname()[1], self._http.server_address[1])
        self._threads = [
            threading.Thread(target=self._sockets.serve_forever, daemon=True),
            threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.line.port}"

    # What tests do and ask

    def send(self, frame: Frame) -> None:
        assert self._socket is not None
        self._socket.send(encode(frame))

    def max_heartbeat_gap(self, began: float, ended: float) -> float:
        """Return the longest time in seconds without a heartbeat between two monotonic times."""
        beats = [at for at, _ in self.heartbeats if began <= at <= ended]
        return max(later - earlier for earlier, later in pairwise([began, *beats, ended]))

    def open_terminal(self, task_id: int = 7, attempt: int = 1) -> None:
        self.send(OpenTerminal(task_id, attempt, self.pty.token))

    def kick(self, code: int, reason: str = "") -> None:
        assert self._socket is not None
        self._socket.close(code, reason)

    def wait_for(
        self,
        condition: Callable[[], Any],
        limit: float = LIMIT,
        what: str = "expected report",
    ) -> Any:
        """The first true answer. Fails at once when an attempt or the daemon has failed."""
        with self.changed:
            return wait_until(
                condition,
                what,
                limit,
                problem=self.find_problem,
                pause=lambda: self.changed.wait(0.1),
            )

    def find_problem(self) -> str | None:
        """Return a failure that the test hasn't read, or a watched daemon's."""
        return find_first(self.find_failure, *self.watches)()

    def find_failure(self, key: AttemptKey | None = None) -> str | None:
        """Return why an attempt, or this one, has failed, unless the test has read its report."""
        with self.changed:
            unknown = [report for report in self.reports if report.seq not in self._known]
            ours = [report for report in unknown if key in (None, AttemptKey.from_object(report))]
            return next(filter(None, (explain_failure(report, self.log) for report in ours)), None)

    def bodies(self, kind: type | None = None) -> list[Body]:
        with self.changed:
            found = [r for r in self.reports if kind is None or isinstance(r.body, kind)]
            self._known.update(report.seq for report in found)
            return [report.body for report in found]

    def wait_for_report(self, kind: type, number: int = 1, limit: float = LIMIT) -> Any:
        return self.wait_for(lambda: self.bodies(kind)[number - 1 :], limit, kind.__name__)[0]

    def wait_until_connected(self, number: int = 1) -> None:
        self.wait_for(lambda: len(self.hellos) >= number and self._socket is not None)

    def forget(self, size: int, task_id: int = 7, attempt: int = 1) -> None:
        """As if no report had arrived, and no more of this log than that; cuts the line."""
        with self.changed:
            self._stored.clear()
            self.reports.clear()
            self.lost.clear()
            del self.logs[task_id, attempt][size:]
            self._socket = None
        self.line.cut()

    def release(self) -> None:
        """Answer everything that was held back while `acks` was off."""
        self.acks = True
        with self.changed:
            self._ack()

    def log(self, task_id: int = 7, attempt: int = 1) -> bytes:
        with self.changed:
            return bytes(self.logs.get((task_id, attempt), b""))

    def close(self) -> None:
        self.line.close()
        self._sockets.shutdown()
        self._http.shutdown()
        self._http.server_close()
        for thread in self._threads:
            thread.join(LIMIT)
        assert not self.violations, self.violations

    # The control channel

    def _serve_connection(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        if socket.request.path.startswith("/api/workers/pty/"):
            self.pty.speak(socket, socket.request.path)
            return
        with suppress(ConnectionClosed):
            hello = decode_from_machine(socket.recv(timeout=5))
            if not isinstance(hello, Hello):
                self._violate(f"{type(hello).__name__} before hello")
                return
            if not self._is_valid(hello.worker_jwt):
                socket.close(CloseCode.UNAUTHENTICATED)
                return
            if hello.protocol > self.protocol:
                self.refused.append(hello.protocol)
                socket.close(CloseCode.UNSUPPORTED_VERSION, self.refusal)
                return
            with self.changed:
                self._former_secret = None
                socket.send(encode(self._welcome(hello)))
                self._socket, self._in_flight = socket, 0
                self.hellos.append(hello)
                self.changed.notify_all()
            for message in socket:
                self._receive(socket, hello, message)

    def _welcome(self, hello: Hello) -> Welcome:
        return Welcome(
            protocol=hello.protocol,
            server_time=datetime.now(UTC).isoformat(),
            heartbeat_seconds=self.heartbeat_seconds,
            lease_seconds=self.lease_seconds,
            window=self.window,
            acked_seq=len(self._stored.get(hello.journal_id, [])) if self.acks else 0,
            logs=[LogAck(*whose, len(got)) for whose, got in self.logs.items()],
        )

    def _receive(self, socket: ServerConnection, hello: Hello, message: str | bytes) -> None:
        try:
            frame = decode_from_machine(message)
        except BadFrame as error:
            self._violate(str(error))
            return
        with self.changed:
            if socket is not self._socket:
                return
            match frame:
                case Heartbeat():
                    self.heartbeats.append((time.monotonic(), frame))
                    if self.beats:
                        socket.send(encode(HeartbeatAck(frame.number)))
                case Report():
                    self._store(hello.journal_id, frame)
                case Log():
                    self._store_log(frame)
                case TerminalClosed():
                    self.closed.append(frame)
                case Hello():
                    self._violate("a second hello")
            self.changed.notify_all()

    def _store(self, journal_id: str, report: Report) -> None:
        stored = self._stored.setdefault(journal_id, [])
        self.seen.append((journal_id, report.seq))
        if report.seq <= len(stored):
            if stored[report.seq - 1] != report:
                self._violate(f"report {report.seq} has changed")
        elif report.seq > len(stored) + 1:
            self._violate(f"report {report.seq} after {len(stored)}")
        else:
            stored.append(report)
            self.reports.append(report)
            if isinstance(report.body, LogLost):
                self._lose(report, report.body)
        if self.acks:
            self._ack()

    def _lose(self, report: Report, lost: LogLost) -> None:
        log = self.logs.setdefault(AttemptKey.from_object(report), bytearray())
        if lost.start > len(log):
            return  # as the server does: it has not come to that place yet
        self.lost.append((lost.start, lost.end))
        log.extend(b"\0" * (lost.end - len(log)))

    def _store_log(self, frame: Log) -> None:
        self.frames.append(frame)
        self._in_flight += len(frame.data)
        self.max_in_flight = max(self.max_in_flight, self._in_flight)
        if self._in_flight > self.window:
            self._violate(f"{self._in_flight} bytes in flight")
        log = self.logs.setdefault(AttemptKey.from_object(frame), bytearray())
        if frame.offset > len(log):
            self._in_flight -= len(frame.data)
            assert self._socket is not None
            self._socket.send(encode(LogGap(frame.task_id, frame.attempt, len(log))))
            return
        known = log[frame.offset : frame.offset + len(frame.data)]
        if not frame.data.startswith(bytes(known)):
            self._violate(f"other bytes at {frame.offset}")
        log.extend(frame.data[len(known) :])
        if self.acks:
            self._ack()

    def _ack(self) -> None:
        if self._socket is None or not self.hellos:
            return
        self._in_flight = 0
        logs = [LogAck(*whose, len(got)) for whose, got in self.logs.items()]
        stored = self._stored.get(self.hellos[-1].journal_id, [])
        with suppress(ConnectionClosed):
            self._socket.send(encode(Ack(len(stored), logs)))

    def _violate(self, words: str) -> None:
        with self.changed:
            self.violations.append(words)


def explain_failure(report: Report, log: Callable[[int, int], bytes]) -> str | None:
    """Return how an attempt or its stage has failed, if this report has a failure."""
    match report.body:
        case Failed(code=code, message=message):
            return f"the attempt has failed: {code}: {message}"
        case StageFinished(how="exit" | "signal" as how, code=code, log_end=end) if code:
            written = log(report.task_id, report.attempt)
            return (
                f"the stage ended by {how} {code}{quote(written)}" if len(written) >= end else None
            )
    return None


@contextmanager
def fake_server() -> Iterator[FakeServer]:
    server = FakeServer()
    try:
        yield server
    finally:
        server.close()
