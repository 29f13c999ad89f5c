"""A socket to a task's terminal: a channel token is asked for, and opens it, once."""

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

# A machine's own end of a terminal is made of it, too.
from muster.worker.server.rest_client import is_loopback
from muster.worker.server.websocket import WebSocket
from muster.worker.server.websocket_connect import connect

RESPONSE_TIMEOUT_SECONDS = 10.0
"""Seconds for the server to answer."""

_MAX_MESSAGE_BYTES = 8 << 20  # bytes of a message: a screen of many colours is the largest


class Unreachable(Exception):
    """The server cannot be reached, or says to come back. The message says what happened."""


class ServerAccess(Protocol):
    """The server, as the profile has it."""

    @property
    def url(self) -> str:
        """Such as `https://muster.example.org`."""

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What its certificate is held against; None where it has none."""

    def bearer(self) -> str:
        """An access token that is good now. Raises Unreachable, and SignedOut."""

    def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and body. Raises Unreachable, and SignedOut."""


class SignedOut(Exception):
    """There is no login, or it has ended."""


@dataclass(frozen=True)
class DialRequest:
    """`mode` None: the most that one may. `resume_from` None: the screen as it is now."""

    task_id: int
    mode: wire.Mode | None = None
    resume_from: int | None = None
    first_frames: tuple[wire.TerminalFrame, ...] = ()  # said right after `auth`


@dataclass(frozen=True)
class DialedSocket:
    """`may`: the most that its token gives a right to."""

    socket: WebSocket
    max_mode: wire.Mode


DialResult = DialedSocket | Outcome | Unreachable

_encode = msgspec.json.encode


def encode(frame: wire.TerminalFrame) -> str:
    return _encode(frame).decode()


def dial(door: ServerAccess, request: DialRequest) -> DialResult:
    """Ask and open; waits for as long as it takes."""
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
            return Unreachable("the server asks to come back later")
        case _ if status >= 500:
            return Unreachable(f"the server answers {status}")
        case _:
            return Outcome(ExitReason.REFUSED, detail=detail or f"the server answers {status}")


def _open_socket(door: ServerAccess, wish: DialRequest, channel_token: str) -> WebSocket:
    dialled: Any = connect(
        f"ws{door.url.removeprefix('http')}/ws/pty/{wish.task_id}",
        ssl=door.tls if door.url.startswith("https:") else None,
        create_connection=WebSocket,  # which makes one of these
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
    """Whoever dials for a line."""

    def start(self, wish: DialRequest) -> int:
        """The number that the answer will have."""

    def pop_results(self) -> list[tuple[int, DialResult]]:
        """Those that have come."""


class ThreadedDialer:
    """Dials on threads, so that whoever waits for it can still be told to stop."""

    def __init__(self, door: ServerAccess, wake: Callable[[], None]) -> None:
        """`wake` is called, on any thread, when there is an answer."""
        self._access, self._wake = door, wake
        self._results: queue.SimpleQueue[tuple[int, DialResult]] = queue.SimpleQueue()
        self._number = 0

    def start(self, wish: DialRequest) -> int:
        self._number += 1
        given = (self._number, wish)
        thread = threading.Thread(target=self._dial, args=given, name="dialer", daemon=True)
        # Threads begin with what is blocked here: signals are the main thread's.
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
        answer: DialResult = Unreachable("it could not be asked")
        try:
            answer = dial(self._access, wish)
        finally:
            self._results.put((number, answer))
            self._wake()
