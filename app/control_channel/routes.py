"""`WS /api/workers/connect`: the door of the control channel."""

import threading
import time
from typing import Any

from flask import Flask, current_app, request
from simple_websocket import ConnectionClosed
from sqlalchemy.exc import SQLAlchemyError

from app import http_server
from app.control_channel import connections, rate_limit
from app.control_channel.connection import Connection
from app.control_channel.connections import Switchboard
from app.control_channel.rate_limit import Allowance
from app.control_channel.reconciler import observed_from
from app.control_channel.upgrades import UpgradeOffers
from app.domain.errors import InvalidToken, MachineDecommissioned
from app.extensions import sock
from app.services.accounts import tokens
from app.services.clock import now
from app.services.machines import sessions
from muster.protocol import codec, frames, version
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import CloseCode

HELLO_SECONDS = 5
_FENCING_SECONDS = 2.0
# How much is read before what is in front of it has been dealt with.
FRAMES_AHEAD = 128
SIZE_AHEAD = 4 << 20  # characters and bytes


class _Refused(Exception):
    """The connection is closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@sock.route("/api/workers/connect")
def connect(ws: Any) -> None:
    """A machine's connection, from hello to its end."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    # A peer that neither speaks nor reads for so long is gone, whatever its TCP says.
    ws.sock.settimeout(app.config["SILENCE_SECONDS"])
    ws.sock.is_full = lambda: ws.connected and _is_ahead(ws.input_buffer)
    ws.thread.begin()
    board = connections.of(app)
    try:
        hello = _hear_hello(ws)
        http_server.heard(request.environ)
        session, allowance = _let_in(app, hello, board)
    except _Refused as refused:
        ws.close(refused.code, refused.reason)
        return
    http_server.know(request.environ)
    observed = {AttemptKey.of(a): observed_from(a) for a in hello.attempts}
    spoken = min(hello.protocol, version.CURRENT)
    offers = UpgradeOffers(hello)
    connection = Connection(app, ws, session, observed, spoken, allowance, offers)
    connection.send(_welcome(app, session, spoken))
    # Beside it: Redis may hang, and the machine would take that for us and dial again.
    threading.Thread(target=_tell, args=(app, session), name="hello", daemon=True).start()
    with board.joined(connection):
        connection.serve(board.pulse)


def _is_ahead(waiting: list[str | bytes]) -> bool:
    return len(waiting) > FRAMES_AHEAD or sum(map(len, waiting)) > SIZE_AHEAD


def _hear_hello(ws: Any) -> frames.Hello:
    try:
        message = ws.receive(timeout=HELLO_SECONDS)
    except ConnectionClosed:
        raise _Refused(CloseCode.NO_HELLO, "gone before hello") from None
    if message is None:
        raise _Refused(CloseCode.NO_HELLO, f"no hello within {HELLO_SECONDS} s")
    said = codec.version_of(message)
    if said is not None and not version.is_spoken(said):
        raise _Refused(CloseCode.UNSPOKEN_VERSION, version.refusal(said))
    try:
        frame = codec.decode_from_machine(message)
    except codec.BadFrame as error:
        raise _Refused(CloseCode.MALFORMED, str(error)[:100]) from None
    if not isinstance(frame, frames.Hello):
        raise _Refused(CloseCode.MALFORMED, "the first frame must be a hello")
    return frame


def _let_in(
    app: Flask, hello: frames.Hello, board: Switchboard
) -> tuple[sessions.MachineSession, Allowance]:
    try:
        with app.app_context():
            claims = tokens.read_worker_jwt(hello.worker_jwt)
            allowance = board.rates.of(claims.machine_id, time.monotonic())
            time.sleep(allowance.spend(rate_limit.HELLO, time.monotonic()))
            return sessions.hello(hello, now()), allowance
    except InvalidToken:
        raise _Refused(CloseCode.UNAUTHENTICATED, "the worker JWT is not valid") from None
    except MachineDecommissioned:
        raise _Refused(CloseCode.DECOMMISSIONED, "this machine has been decommissioned") from None
    except SQLAlchemyError:
        raise _Refused(CloseCode.GOING_AWAY, "the database is away") from None


def _tell(app: Flask, session: sessions.MachineSession) -> None:
    with app.app_context():
        sessions.tell(session)


def promised(lease: float) -> float:
    """What a machine is told of its lease: less than the rows say, by what its daemon may need in
    the end to take the place of a shim that hangs."""
    return lease - min(_FENCING_SECONDS, lease / 10)


def _welcome(app: Flask, session: sessions.MachineSession, spoken: int) -> frames.Welcome:
    return frames.Welcome(
        protocol=spoken,
        server_time=now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        heartbeat_seconds=app.config["HEARTBEAT_SECONDS"],
        lease_seconds=promised(app.config["LEASE_SECONDS"]),
        window=app.config["LOG_WINDOW"],
        acked_seq=session.acked_seq,
        logs=[
            frames.LogAck(task_id=t, attempt=a, offset=offset)
            for (t, a), offset in session.logs.items()
        ],
    )
