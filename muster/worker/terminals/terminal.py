"""One attempt's terminal on its way to its viewers: output, keystrokes and sizes.

It runs next to the control channel, on its own thread. The spool is its only buffer: it knows its
position, and reads on from there when the socket has accepted a frame.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.terminal import (
    MAX_FRAME_BYTES,
    CloseCode,
    MachineAuth,
    MachineReady,
    Screen,
    ShellEnded,
    ToPtyMachine,
)
from muster.worker.server.dialer import RESPONSE_TIMEOUT_SECONDS
from muster.worker.server.websocket import WebSocket
from muster.worker.shim import client as shim_client
from muster.worker.shim.link import ShimGone, ShimLink, ShimRefused
from muster.worker.shim.shell import DIRECTORY_PREFIX
from muster.worker.terminals.output import TerminalOutput
from muster.worker.terminals.screen_client import ScreenClient, rough_screen
from muster.worker.terminals.terminal_bridge import TerminalBridge

MAX_MESSAGE_BYTES = 2 * MAX_FRAME_BYTES
_RESIZE_DELAY_SECONDS = 0.05  # seconds
_START_SECONDS, _START_POLL_SECONDS = 10.0, 0.1  # seconds for a stage to start

_decoder: "msgspec.json.Decoder[ToPtyMachine]" = msgspec.json.Decoder(ToPtyMachine)

log = logging.getLogger(__name__)


class Terminal:
    """Connects at once, on its own thread, and ends with its socket."""

    def __init__(
        self,
        key: AttemptKey,
        directory: Path,
        dial: Callable[[], AbstractContextManager[WebSocket]],
        auth: MachineAuth,
        screens: ScreenClient,
        flooded: Callable[[], None],
        ended: Callable[["Terminal", str], None],
        *,
        is_shell: bool = False,
    ) -> None:
        """On the terminal's thread, `flooded` is called during a flood, and `ended` at the very
        end, with the reason. `is_shell`: the terminal of a shell beside the attempt's stage, whose
        end closes it."""
        self.key = key
        self.is_shell = is_shell
        self._screen_name = key.name
        self._directory = directory
        self._dial = dial
        self._auth = auth
        self._screens = screens
        self._on_flood = flooded
        self._on_end = ended
        self._socket: WebSocket | None = None
        self._bridge: TerminalBridge | None = None
        self._is_closed = self._is_finishing = False
        name = f"{'shell' if is_shell else 'terminal'}-{key.name}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    # For the daemon; nothing here blocks

    def notify(self) -> None:
        """The attempt's shim has something new, or was replaced."""
        if self._bridge is not None:
            self._bridge.notify()

    def finish(self) -> None:
        """Close the terminal once everything is sent: the attempt will print nothing more."""
        self._is_finishing = True
        if self._bridge is not None:
            self._bridge.finish()

    def close(self) -> None:
        """Close the terminal at once."""
        self._is_closed = True
        if self._socket is not None:
            self._socket.abort()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    # The thread

    def _run(self) -> None:
        reason = "closed"
        try:
            with self._dial() as socket:
                self._socket = socket
                if not self._is_closed:
                    self._run_bridge(socket)
        except ConnectionClosed as closed:
            reason = f"{closed.rcvd.code} {closed.rcvd.reason}" if closed.rcvd else "broken"
        except (OSError, InvalidHandshake, EOFError, msgspec.MsgspecError) as error:
            reason = str(error) or type(error).__name__
        except Exception as error:
            log.exception("the terminal of task %d failed", self.key.task_id)
            reason = type(error).__name__
        finally:
            self._is_closed = True
            self._on_end(self, reason)

    def _run_bridge(self, socket: WebSocket) -> None:
        socket.send(msgspec.json.encode(self._auth).decode())
        first, *rest = socket.receive_first(RESPONSE_TIMEOUT_SECONDS)
        ready = _decoder.decode(first)
        if not isinstance(ready, MachineReady):
            socket.close(CloseCode.MALFORMED)
            return
        if self.is_shell and (refused := self._open_shell()) is not None:
            socket.send(msgspec.json.encode(ShellEnded(refused)).decode())
            socket.close()
            return
        output = TerminalOutput(self._directory, ready.offset)
        about = (self._directory, socket, output, self._screen_at, self._on_flood)
        with TerminalBridge(*about, is_shell=self.is_shell) as bridge:
            self._bridge = bridge
            if self._is_finishing:
                bridge.finish()
            bridge.run(rest, lambda: self._is_closed)

    def _open_shell(self) -> str | None:
        """Have the shim start the shell, if none runs; return why it can't."""
        given_up_at = time.monotonic() + _START_SECONDS
        while not self._is_closed:
            try:
                with contextlib.closing(_attach(self._directory)) as shim:
                    name = f"{DIRECTORY_PREFIX}{shim.open_shell()}"
            except ShimRefused as refused:
                if refused.code == "unknown":
                    return "an earlier release of the worker runs this stage"
                if refused.code != "starting" or time.monotonic() > given_up_at:
                    return str(refused)
                time.sleep(_START_POLL_SECONDS)
            except (ShimGone, OSError):
                return "no stage is running"
            else:
                self._directory, self._screen_name = (
                    self._directory / name,
                    f"{self.key.name}/{name}",
                )
                return None
        return "closed"

    # The screen, on its own thread

    def _screen_at(self, offset: int) -> Screen:
        screen = self._screens.screen_at(self._screen_name, offset)
        if screen is None:
            screen = rough_screen(self._directory, offset)
            self._redraw(screen.cols, screen.rows)
        return screen

    def _redraw(self, cols: int, rows: int) -> None:
        """Make full-screen programs redraw, by changing the size."""
        try:
            shim = _attach(self._directory)
        except (ShimGone, ShimRefused, OSError):
            return
        with contextlib.closing(shim), contextlib.suppress(ShimGone, ShimRefused, OSError):
            shim.resize(cols, rows - 1 if rows > 1 else 2)
            # They read the size some time after the notification.
            time.sleep(_RESIZE_DELAY_SECONDS)
            shim.resize(cols, rows)


def _attach(directory: Path) -> ShimLink:
    """Return the living shim of a directory. Raises ShimGone, ShimRefused, OSError."""
    shim = shim_client.attach(directory)
    if shim is None:
        raise ShimGone
    return shim
