"""Terminal sockets: `/ws/pty/:taskId` for people, `/api/workers/pty/:taskId` for machines."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from redis.exceptions import RedisError
from simple_websocket import ConnectionClosed
from sqlalchemy.exc import SQLAlchemyError

from app import http_server
from app.domain.errors import DomainError, InvalidToken, NotFound, TaskEnded
from app.domain.origin import is_allowed_origin
from app.extensions import sock
from app.services.terminals import terminals
from app.terminals import frames, peer
from app.terminals.queries import TerminalQueries
from app.terminals.relay import Relay, TooManySockets
from app.terminals.websocket import MessageTooBig, ProtocolViolation, WebSocket
from muster.protocol import codec
from muster.protocol.terminal import MAX_FRAME_BYTES, CloseCode, MachineAuth, ViewerAuth

AUTH_TIMEOUT_SECONDS = 5

T = TypeVar("T")

_REFUSALS: tuple[tuple[type[DomainError], int, str], ...] = (
    (InvalidToken, CloseCode.UNAUTHENTICATED, "the token isn't valid"),
    (NotFound, CloseCode.NO_TASK, "task not found, or you don't have access"),
    (TaskEnded, CloseCode.ENDED, "the task has ended"),
    (terminals.AttemptReplaced, CloseCode.NO_TERMINAL, "that attempt has ended"),
)


class _ConnectionRefused(Exception):
    """The connection is closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def get_relay(app: Flask) -> Relay:
    """Return the app's relay, created on first use."""
    if "terminal_relay" not in app.extensions:
        app.extensions["terminal_relay"] = Relay(app.config["REDIS_URL"], TerminalQueries(app))
    relay: Relay = app.extensions["terminal_relay"]
    return relay


@sock.route("/ws/pty/<int:task_id>")
def connect_viewer(ws: Any, task_id: int) -> None:
    """Serve a viewer's socket, from auth to its end."""
    _serve(ws, _serve_viewer, task_id, MAX_FRAME_BYTES)


@sock.route("/api/workers/pty/<int:task_id>")
def connect_machine(ws: Any, task_id: int) -> None:
    """Serve a machine's socket, from auth to its end."""
    _serve(ws, _serve_machine, task_id, codec.MAX_TEXT_CHARS)


def _serve(ws: Any, work: Callable[[Flask, Any, int], None], task_id: int, largest: int) -> None:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    ws = WebSocket(ws, largest, peer.SILENCE_TIMEOUT_SECONDS)
    try:
        work(app, ws, task_id)
    except _ConnectionRefused as refused:
        ws.close(refused.code, refused.reason)
    except TooManySockets:
        ws.close(CloseCode.TOO_MANY, "too many terminals are open")
    except (RedisError, SQLAlchemyError):
        ws.close(CloseCode.GOING_AWAY, "a required service is down")


def _serve_viewer(app: Flask, ws: Any, task_id: int) -> None:
    origin = request.headers.get("Origin")  # programs send none
    if origin is not None and not is_allowed_origin(origin, request.host, app.config["ORIGINS"]):
        raise _ConnectionRefused(CloseCode.FORBIDDEN, "pages of this origin can't open terminals")
    auth = _receive_first(ws, frames.decode_from_viewer, ViewerAuth)
    grant = _admit(app, terminals.admit_viewer, task_id, auth.token, auth.channel_token)
    with get_relay(app).open_viewer(ws, grant, auth.resume_from) as viewer:
        viewer.serve()


def _serve_machine(app: Flask, ws: Any, task_id: int) -> None:
    auth = _receive_first(ws, frames.decode_from_machine, MachineAuth)
    grant = _admit(app, terminals.admit_machine, task_id, auth.worker_jwt, auth.channel_token)
    with get_relay(app).open_machine(ws, grant) as machine:
        machine.serve()


def _receive_first(ws: Any, decode: Callable[[Any], Any], kind: type[T]) -> T:
    """Return the first frame, which must be of that kind. Raises _ConnectionRefused."""
    try:
        message = ws.receive(AUTH_TIMEOUT_SECONDS)
        if message is None:
            raise _ConnectionRefused(CloseCode.NO_AUTH, f"no auth within {AUTH_TIMEOUT_SECONDS} s")
        frame = decode(message)
    except ConnectionClosed:
        raise _ConnectionRefused(CloseCode.NO_AUTH, "disconnected before auth") from None
    except MessageTooBig:
        raise _ConnectionRefused(CloseCode.TOO_BIG, "the frame is too large") from None
    except ProtocolViolation as error:
        raise _ConnectionRefused(error.code, str(error)) from None
    except codec.BadFrame as error:
        raise _ConnectionRefused(CloseCode.MALFORMED, str(error)[:100]) from None
    if not isinstance(frame, kind):
        raise _ConnectionRefused(CloseCode.MALFORMED, "the first frame must be auth")
    http_server.mark_frame_received(request.environ)
    return frame


def _admit(app: Flask, admit: Callable[[int, str, str], T], *given: Any) -> T:
    """Return the result of `admit`. Raises _ConnectionRefused for a domain error.

    In its own app context: the socket's lasts, and must not hold a Postgres connection.
    """
    with app.app_context():
        try:
            granted = admit(*given)
        except DomainError as error:
            for kind, code, reason in _REFUSALS:
                if isinstance(error, kind):
                    raise _ConnectionRefused(code, reason) from None
            raise
    http_server.mark_authenticated(request.environ)
    return granted
