"""`WS /api/workers/connect`: the entry of the control channel."""

import threading
import time
from typing import Any

from flask import Flask, current_app, request
from simple_websocket import ConnectionClosed
from sqlalchemy.exc import SQLAlchemyError

from app import http_server
from app.control_channel import connections, rate_limit
from app.control_channel.checks import CheckOffers
from app.control_channel.connection import Connection
from app.control_channel.connections import ConnectionRegistry
from app.control_channel.rate_limit import RateLimiter
from app.control_channel.reconciler import build_observed_state
from app.control_channel.upgrades import UpgradeOffers
from app.domain.errors import InvalidToken, MachineDecommissioned
from app.extensions import sock
from app.services.accounts import tokens
from app.services.clock import now
from app.services.machines import sessions
from muster.protocol import codec, frames, version
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import CloseCode

HELLO_TIMEOUT_SECONDS = 5
_FENCING_SECONDS = 2.0
# How much is read before earlier messages are processed.
MAX_BUFFERED_FRAMES = 128
MAX_BUFFERED_SIZE = 4 << 20  # characters and bytes


class _ConnectionRefused(Exception):
    """The connection is closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@sock.route("/api/workers/connect")
def connect(ws: Any) -> None:
    """Serve a machine's connection, from hello to its end."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    # A peer that neither sends nor reads for this long is gone, whatever its TCP state.
    ws.sock.settimeout(app.config["SILENCE_SECONDS"])
    ws.sock.is_full = lambda: ws.connected and _is_buffer_full(ws.input_buffer)
    ws.thread.start_reading()
    board = connections.get_registry(app)
    try:
        hello = _receive_hello(ws)
        http_server.mark_frame_received(request.environ)
        session, allowance = _admit(app, hello, board)
    except _ConnectionRefused as refused:
        ws.close(refused.code, refused.reason)
        return
    http_server.mark_authenticated(request.environ)
    observed = {AttemptKey.from_object(a): build_observed_state(a) for a in hello.attempts}
    offers = UpgradeOffers(hello), CheckOffers(app, session.machine_id, session.name, hello)
    connection = Connection(app, ws, session, observed, hello.protocol, allowance, *offers)
    connection.send(_build_welcome(app, session, hello.protocol))
    # In another thread: Redis may hang, and the machine would blame the server and reconnect.
    threading.Thread(
        target=_publish_connected, args=(app, session), name="hello", daemon=True
    ).start()
    with board.register(connection):
        connection.serve(board.heartbeat_writer)


def _is_buffer_full(waiting: list[str | bytes]) -> bool:
    return len(waiting) > MAX_BUFFERED_FRAMES or sum(map(len, waiting)) > MAX_BUFFERED_SIZE


def _receive_hello(ws: Any) -> frames.Hello:
    try:
        message = ws.receive(timeout=HELLO_TIMEOUT_SECONDS)
    except ConnectionClosed:
        raise _ConnectionRefused(CloseCode.NO_HELLO, "disconnected before hello") from None
    if message is None:
        raise _ConnectionRefused(CloseCode.NO_HELLO, f"no hello within {HELLO_TIMEOUT_SECONDS} s")
    protocol_version = codec.hello_version(message)
    if protocol_version is not None and not version.is_supported(protocol_version):
        raise _ConnectionRefused(
            CloseCode.UNSUPPORTED_VERSION, version.rejection_message(protocol_version)
        )
    try:
        frame = codec.decode_from_machine(message)
    except codec.BadFrame as error:
        raise _ConnectionRefused(CloseCode.MALFORMED, str(error)[:100]) from None
    if not isinstance(frame, frames.Hello):
        raise _ConnectionRefused(CloseCode.MALFORMED, "the first frame must be a hello")
    return frame


def _admit(
    app: Flask, hello: frames.Hello, board: ConnectionRegistry
) -> tuple[sessions.MachineSession, RateLimiter]:
    try:
        with app.app_context():
            claims = tokens.read_worker_jwt(hello.worker_jwt)
            allowance = board.rate_limiters.get(claims.machine_id, time.monotonic())
            time.sleep(allowance.spend(rate_limit.HELLO_COST, time.monotonic()))
            return sessions.handle_hello(hello, now()), allowance
    except InvalidToken:
        raise _ConnectionRefused(CloseCode.UNAUTHENTICATED, "the worker JWT isn't valid") from None
    except MachineDecommissioned:
        raise _ConnectionRefused(
            CloseCode.DECOMMISSIONED, "this machine has been decommissioned"
        ) from None
    except SQLAlchemyError:
        raise _ConnectionRefused(CloseCode.GOING_AWAY, "the database is down") from None


def _publish_connected(app: Flask, session: sessions.MachineSession) -> None:
    with app.app_context():
        sessions.send_wakeups(session)


def advertised_lease(lease: float) -> float:
    """Return the lease that a machine is sent.

    It's shorter than the rows' lease, by the time that its daemon may need to replace a hanging
    shim.
    """
    return lease - min(_FENCING_SECONDS, lease / 10)


def _build_welcome(app: Flask, session: sessions.MachineSession, protocol: int) -> frames.Welcome:
    return frames.Welcome(
        protocol=protocol,
        server_time=now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        heartbeat_seconds=app.config["HEARTBEAT_SECONDS"],
        lease_seconds=advertised_lease(app.config["LEASE_SECONDS"]),
        window=app.config["LOG_WINDOW"],
        acked_seq=session.acked_seq,
        logs=[
            frames.LogAck(task_id=t, attempt=a, offset=offset)
            for (t, a), offset in session.logs.items()
        ],
    )
