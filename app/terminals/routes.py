"""Terminals' sockets: `/ws/pty/:taskId` for people, `/api/workers/pty/:taskId` for machines."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from redis.exceptions import RedisError
from simple_websocket import ConnectionClosed
from sqlalchemy.exc import SQLAlchemyError

from app import http_server
from app.domain.errors import DomainError, InvalidToken, NotFound, TaskEnded
from app.domain.origin import is_ours
from app.extensions import sock
from app.services.terminals import terminals
from app.terminals import frames, peer
from app.terminals.queries import Rows
from app.terminals.relay import Relay, TooMany
from app.terminals.websocket import Broken, TooBig, WebSocket
from muster.protocol import codec
from muster.protocol.terminal import MAX_BYTES, CloseCode, MachineAuth, ViewerAuth

AUTH_SECONDS = 5

T = TypeVar("T")

_REFUSALS: tuple[tuple[type[DomainError], int, str], ...] = (
    (InvalidToken, CloseCode.UNAUTHENTICATED, "a token is not valid"),
    (NotFound, CloseCode.NO_TASK, "there is no such task that you may see"),
    (TaskEnded, CloseCode.ENDED, "the task has ended"),
    (terminals.AttemptReplaced, CloseCode.NO_TERMINAL, "that attempt has ended"),
)


class _Refused(Exception):
    """The connection is to be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def relay_of(app: Flask) -> Relay:
    """The app's relay, which is made when it is first asked for."""
    if "terminals" not in app.extensions:
        app.extensions["terminals"] = Relay(app.config["REDIS_URL"], Rows(app))
    relay: Relay = app.extensions["terminals"]
    return relay


@sock.route("/ws/pty/<int:task_id>")
def look(ws: Any, task_id: int) -> None:
    """A viewer's socket, from auth to its end."""
    _serve(ws, _view, task_id, MAX_BYTES)


@sock.route("/api/workers/pty/<int:task_id>")
def carry(ws: Any, task_id: int) -> None:
    """A machine's socket, from auth to its end."""
    _serve(ws, _hold, task_id, codec.MAX_TEXT)


def _serve(ws: Any, work: Callable[[Flask, Any, int], None], task_id: int, largest: int) -> None:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    ws = WebSocket(ws, largest, peer.SILENCE_SECONDS)
    try:
        work(app, ws, task_id)
    except _Refused as refused:
        ws.close(refused.code, refused.reason)
    except TooMany:
        ws.close(CloseCode.TOO_MANY, "too many terminals are open")
    except (RedisError, SQLAlchemyError):
        ws.close(CloseCode.GOING_AWAY, "something this needs is away")


def _view(app: Flask, ws: Any, task_id: int) -> None:
    origin = request.headers.get("Origin")  # programs name none
    if origin is not None and not is_ours(origin, request.host, app.config["ORIGINS"]):
        raise _Refused(CloseCode.FORBIDDEN, "that page may not open terminals")
    auth = _first(ws, frames.from_viewer, ViewerAuth)
    grant = _admit(app, terminals.admit_viewer, task_id, auth.token, auth.channel_token)
    with relay_of(app).viewing(ws, grant, auth.resume_from) as viewer:
        viewer.serve()


def _hold(app: Flask, ws: Any, task_id: int) -> None:
    auth = _first(ws, frames.from_machine, MachineAuth)
    grant = _admit(app, terminals.admit_machine, task_id, auth.worker_jwt, auth.channel_token)
    with relay_of(app).holding(ws, grant) as machine:
        machine.serve()


def _first(ws: Any, decode: Callable[[Any], Any], kind: type[T]) -> T:
    """The first frame, which has to be of that kind. Raises _Refused."""
    try:
        message = ws.receive(AUTH_SECONDS)
        if message is None:
            raise _Refused(CloseCode.NO_AUTH, f"no auth within {AUTH_SECONDS} s")
        frame = decode(message)
    except ConnectionClosed:
        raise _Refused(CloseCode.NO_AUTH, "gone before auth") from None
    except TooBig:
        raise _Refused(CloseCode.TOO_BIG, "the frame is too large") from None
    except Broken as error:
        raise _Refused(error.code, str(error)) from None
    except codec.BadFrame as error:
        raise _Refused(CloseCode.MALFORMED, str(error)[:100]) from None
    if not isinstance(frame, kind):
        raise _Refused(CloseCode.MALFORMED, "the first frame must be auth")
    http_server.heard(request.environ)
    return frame


def _admit(app: Flask, admit: Callable[[int, str, str], T], *given: Any) -> T:
    """What `admit` answers. Raises _Refused for an error of the domain.

    In an app context of its own: the socket's lasts, and must hold no connection to Postgres.
    """
    with app.app_context():
        try:
            granted = admit(*given)
        except DomainError as error:
            for kind, code, reason in _REFUSALS:
                if isinstance(error, kind):
                    raise _Refused(code, reason) from None
            raise
    http_server.know(request.environ)
    return granted
