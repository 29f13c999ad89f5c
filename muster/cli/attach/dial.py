"""Open a socket to a task's terminal, with a channel token that is valid once."""

import queue
import signal
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from muster.cli.attach.outcome import ExitReason, Outcome
from muster.protocol import terminal as wire

# Machines use these for their end of a terminal, too.
from muster.worker.server.rest_client import is_loopback
from muster.worker.server.websocket import WebSocket
from muster.worker.server.websocket_connect import connect

RESPONSE_TIMEOUT_SECONDS = 10.0
"""Seconds for the server to answer."""

_MAX_MESSAGE_BYTES = 8 << 20  # of a message: a screen with many colors is the largest


class Unreachable(Exception):
    """The server can't be reached or is busy; a retry may work. The message is the reason."""


class ServerAccess(Protocol):
    """A profile's server."""

    @property
    def url(self) -> str:
        """The server's URL, such as `https://muster.example.org`."""

    @property
    def tls(self) -> ssl.SSLContext | None:
        """The context to verify its certificate; None for plain HTTP."""

    def bearer(self) -> str:
        """Return a valid access token. Raises Unreachable, SignedOut."""

    def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        """Return status and body. Raises Unreachable, SignedOut."""


class SignedOut(Exception):
    """There's no session, or it has ended."""


@dataclass(frozen=True)
class DialRequest:
    """A connection to open.

    `mode` None: the highest allowed mode. `resume_from` None: start with the current screen.
    """

    task_id: int
    mode: wire.Mode | None = None
    resume_from: int | None = None
    first_frames: tuple[wire.TerminalFrame, ...] = ()  # sent right after `auth`


@dataclass(frozen=True)
class DialedSocket:
    """An open socket. `max_mode` is the highest mode that its token allows."""

    socket: WebSocket
    max_mode: wire.Mode


DialResult = DialedSocket | Outcome | Unreachable

_encode = msgspec.json.encode


def encode(frame: wire.TerminalFrame) -> str:
    return _encode(frame).decode()


def dial(door: ServerAccess, request: DialRequest) -> DialResult:
    """Get a token and open a socket. Blocks."""
    try:
        body = {"mode": request.mode} if request.mode else {}
        status, response = door.post(f"/api/web/tasks/{request.task_id}/pty-token", body)
        refused = _error_result(status, response)
        if refused is not None:
            return refused
        return DialedSocket(_open_socket(door, request, response["channelToken"]), response["mode"])
    except SignedOut as error:
        return Outcome(ExitReason.SIGNED_OUT, detail=str(error))
    except Unreachable as error:
        return error
    except (OSError, InvalidHandshake, ConnectionClosed) as error:
        return Unreachable(str(error) or type(error).__name__)


def _error_result(status: int, response: Any) -> Outcome | Unreachable | None:
    detail = str(response.get("detail") or "") if isinstance(response, dict) else ""
    code = response.get("code") if isinstance(response, dict) else None
    match status:
        case 200 | 201:
            return None
        case 401:
            return Outcome(ExitReason.SIGNED_OUT, detail=detail)
        case 403:
            return Outcome(ExitReason.FORBIDDEN, detail=detail)
        case 404:
            return Outcome(ExitReason.MISSING, detail=detail)
        case 409 if code == "no_terminal":
            return Outcome(ExitReason.NO_STAGE, detail=detail)
        case 429:
            return Unreachable("the server is busy")
        case _ if status >= 500:
            return Unreachable(f"the server returned {status}")
        case _:
            return Outcome(ExitReason.REFUSED, detail=detail or f"the server returned {status}")


def _open_socket(door: ServerAccess, wish: DialRequest, channel_token: str) -> WebSocket:
    dialled: Any = connect(
        f"ws{door.url.removeprefix('http')}/ws/pty/{wish.task_id}",
        ssl=door.tls if door.url.startswith("https:") else None,
        create_connection=WebSocket,  # the class to instantiate
        compression=None,
        max_size=_MAX_MESSAGE_BYTES,
        open_timeout=RESPONSE_TIMEOUT_SECONDS,
        ping_interval=None,
        proxy=None if is_loopback(door.url) else True,
    )
    auth = wire.ViewerAuth(
        token=door.bearer(), channel_token=channel_token, resume_from=wish.resume_from
    )
    for frame in (auth, *wish.first_frames):
        dialled.send(encode(frame))
    return cast(WebSocket, dialled)


class Dialer(Protocol):
    """Opens sockets for a connection."""

    def start(self, wish: DialRequest) -> int:
        """Start dialing; return the number that the result will have."""

    def pop_results(self) -> list[tuple[int, DialResult]]:
        """Return the results so far, by number."""


class ThreadedDialer:
    """Dials on threads, so that the caller stays responsive."""

    def __init__(self, door: ServerAccess, wake: Callable[[], None]) -> None:
        """`wake` is called, on any thread, when there's a result."""
        self._access, self._wake = door, wake
        self._results: queue.SimpleQueue[tuple[int, DialResult]] = queue.SimpleQueue()
        self._number = 0

    def start(self, wish: DialRequest) -> int:
        self._number += 1
        given = (self._number, wish)
        thread = threading.Thread(target=self._dial, args=given, name="dialer", daemon=True)
        # Threads inherit the signal mask: only the main thread handles signals.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        thread.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self._number

    def pop_results(self) -> list[tuple[int, DialResult]]:
        found = []
        while not self._results.empty():
            found.append(self._results.get())
        return found

    def _dial(self, number: int, wish: DialRequest) -> None:
        answer: DialResult = Unreachable("the request failed")
        try:
            answer = dial(self._access, wish)
        finally:
            self._results.put((number, answer))
            self._wake()
