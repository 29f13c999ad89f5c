"""One attempt's terminal on its way to whoever looks: output up, keystrokes and sizes down.

It runs beside the control channel and waits for nothing but its own socket. The spool is its only
buffer: it knows how far it has sent, and reads on from there when the socket has taken a frame.
"""

import contextlib
import logging
import socket as sockets
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection

from protocol.terminal import (
    MAX_BYTES,
    CloseCode,
    MachineAuth,
    MachineReady,
    Resize,
    Screen,
    Snapshot,
    TerminalFrame,
    ToPtyMachine,
)
from worker import shim_client
from worker.dialing import PATIENCE
from worker.keyboard import RETRY, Keyboard
from worker.screens import Screens, rough_screen
from worker.shim_link import Shim, ShimGone, ShimRefused
from worker.terminal_output import TerminalOutput

LARGEST = 2 * MAX_BYTES
QUEUE = 4
_NUDGE = 0.05  # seconds

_decoder: "msgspec.json.Decoder[ToPtyMachine]" = msgspec.json.Decoder(ToPtyMachine)

log = logging.getLogger(__name__)


class Terminal:
    """Dials at once, on a thread of its own, and is over when its socket is."""

    def __init__(
        self,
        whose: tuple[int, int],
        directory: Path,
        dial: Callable[[], ClientConnection],
        auth: MachineAuth,
        screens: Screens,
        ended: Callable[["Terminal", str], None],
    ) -> None:
        """`ended` is called at the very end, on the terminal's thread, with the reason."""
        self.whose = whose
        self._directory = directory
        self._dial = dial
        self._auth = auth
        self._screens = screens
        self._ended = ended
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._shim: Shim | None = None
        self._socket: ClientConnection | None = None
        self._over = self._finishing = False
        self._keyboard = Keyboard(self._living)
        self._thread = threading.Thread(target=self._run, name=f"terminal-{whose[0]}", daemon=True)
        self._thread.start()

    # For the daemon; nothing here waits

    def notice(self) -> None:
        """The attempt's shim has something new, or is another."""
        if self._shim is None or self._shim.is_gone:
            self._wake.set()

    def finish(self) -> None:
        """Closes once all is sent: nothing more will come."""
        self._finishing = True
        self._wake.set()

    def close(self) -> None:
        self._over = True
        self._wake.set()
        self._keyboard.close()
        if self._socket is not None:
            _cut(self._socket)

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    # The thread that reads

    def _run(self) -> None:
        reason = "closed"
        try:
            with self._dial() as socket:
                self._socket = socket
                try:
                    if not self._over:
                        self._converse(socket)
                finally:
                    _cut(socket)
        except ConnectionClosed as closed:
            reason = f"{closed.rcvd.code} {closed.rcvd.reason}" if closed.rcvd else "broken"
        except (OSError, InvalidHandshake, EOFError, msgspec.MsgspecError) as error:
            reason = str(error) or type(error).__name__
        except Exception as error:
            log.exception("the terminal of task %d failed", self.whose[0])
            reason = type(error).__name__
        finally:
            self._over = True
            self._keyboard.close()
            self._let_go()
            self._ended(self, reason)

    def _converse(self, socket: ClientConnection) -> None:
        socket.send(msgspec.json.encode(self._auth).decode())
        ready = _decoder.decode(socket.recv(timeout=PATIENCE))
        if not isinstance(ready, MachineReady):
            socket.close(CloseCode.MALFORMED)
            return
        output = TerminalOutput(self._directory, ready.offset, self._screen_at)
        sender = threading.Thread(
            target=self._send, args=(socket, output), name=f"{self._thread.name}-out", daemon=True
        )
        sender.start()
        try:
            while True:
                message = socket.recv()
                if isinstance(message, bytes):
                    self._keyboard.type(message)
                    if self._keyboard.waits:
                        self._wake.set()
                else:
                    self._hear(_decoder.decode(message), output)
        finally:
            self._over = True
            _cut(socket)
            self._wake.set()
            sender.join()
            output.close()

    def _hear(self, frame: ToPtyMachine, output: TerminalOutput) -> None:
        match frame:
            case Resize():
                is_told = output.told == (frame.cols, frame.rows)
                self._resize(frame.cols, frame.rows)
                if is_told:
                    output.say_size()
            case Snapshot():
                output.say_screen(frame.number)
            case MachineReady():
                pass
        self._wake.set()

    def _resize(self, cols: int, rows: int) -> None:
        # Between two stages there is no terminal; the next one has a size of its own.
        with contextlib.suppress(ShimGone, ShimRefused, OSError):
            if (shim := self._living()) is not None:
                shim.resize(cols, rows)

    # The thread that sends

    def _send(self, socket: ClientConnection, output: TerminalOutput) -> None:
        try:
            while not self._over:
                self._wake.clear()
                self._keyboard.retry()
                sent = False
                for frame in output.next():
                    socket.send(_encoded(frame))
                    sent = True
                if sent:
                    continue
                if self._finishing:
                    socket.close(CloseCode.ENDED)
                    return
                self._listen(output.position)
                self._wake.wait(RETRY if self._keyboard.waits else None)
        except ConnectionClosed:
            pass
        except Exception:
            log.exception("the output of task %d cannot be sent", self.whose[0])
        finally:
            _cut(socket)

    def _listen(self, beyond: int) -> None:
        with contextlib.suppress(ShimGone, ShimRefused, OSError):
            if (shim := self._living()) is not None:
                shim.listen(beyond)

    # The shim: on a connection of its own, so that nothing else waits behind a paste

    def _living(self) -> Shim | None:
        """Raises OSError."""
        with self._lock:
            if self._shim is not None and not self._shim.is_gone:
                return self._shim
            self._close_shim()
            if not self._over and (shim := shim_client.attach(self._directory)) is not None:
                shim.watch(self._wake.set)
                self._shim = shim
                self._wake.set()  # for what came before we watched
            return self._shim

    def _let_go(self) -> None:
        with self._lock:
            self._close_shim()

    def _close_shim(self) -> None:
        shim, self._shim = self._shim, None
        if shim is not None:
            shim.close()

    # The screen

    def _screen_at(self, offset: int) -> Screen:
        screen = self._screens.at(self.whose, offset)
        if screen is None:
            screen = rough_screen(self._directory, offset)
            self._redraw(screen.cols, screen.rows)
        return screen

    def _redraw(self, cols: int, rows: int) -> None:
        """Makes full-screen programs draw anew: they do so when the size is another one."""
        self._resize(cols, rows - 1 if rows > 1 else 2)
        # They look at the size some time after they were told.
        time.sleep(_NUDGE)
        self._resize(cols, rows)


def _encoded(frame: TerminalFrame | bytes) -> str | bytes:
    return frame if isinstance(frame, bytes) else msgspec.json.encode(frame).decode()


def _cut(socket: ClientConnection) -> None:
    """Ends the connection whatever its peer does, and wakes whoever is sending."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sockets.SHUT_RDWR)
    socket.close_socket()
