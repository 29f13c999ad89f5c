"""A terminal between three ends: the server's socket, the attempt's shim, and its spool.

One thread looks after all of them: a keystroke that is handed from thread to thread waits for the
interpreter each time. Here is its loop; what goes down is `TerminalInput`'s, what goes up
`OutputSender`'s.
"""

import base64
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from muster.protocol.terminal import (
    CloseCode,
    MachineReady,
    Resize,
    Screen,
    Snapshot,
    ToPtyMachine,
)
from muster.worker.server.websocket import WebSocket
from muster.worker.terminals.input import TerminalInput
from muster.worker.terminals.output import TerminalOutput
from muster.worker.terminals.output_sender import OutputSender
from muster.worker.terminals.shim_connection import ShimConnection
from muster.worker.terminals.socket_selector import READ, WRITE, SocketWatch
from muster.worker.terminals.waker import Waker

SILENCE = 60.0
"""Seconds after which a server that pings every 20 is taken to be gone, although its line is not
seen to have ended: a NAT may have forgotten it, or the server's host died."""

_decoder: "msgspec.json.Decoder[ToPtyMachine]" = msgspec.json.Decoder(ToPtyMachine)


class TerminalBridge:
    """Works until the server ends it, or it is told to finish or to stop.

    All but `notice` and `finish` is for one thread.
    """

    def __init__(
        self,
        directory: Path,
        websocket: WebSocket,
        output: TerminalOutput,
        screen_at: Callable[[int], Screen],
        flooded: Callable[[], None],
    ) -> None:
        """`directory` is the attempt's; for `screen_at` and `flooded` see `OutputSender`."""
        self._websocket = websocket
        self._waker = Waker()
        self._watch = SocketWatch()
        self._shim = ShimConnection(
            directory, self._watch, self._on_shim_message, self._on_shim_change
        )
        self._input = TerminalInput(self._shim)
        self._sender = OutputSender(
            websocket, output, self._shim, screen_at, flooded, self._waker.wake
        )
        self._finishing = False
        self._watch.want(self._waker, READ, self._on_wake)
        self._watch_server()

    def __enter__(self) -> "TerminalBridge":
        return self

    def __exit__(self, *_: object) -> None:
        self._shim.close()
        self._watch.close()
        self._sender.close()
        self._waker.close()

    def notice(self) -> None:
        """From any thread: the attempt's shim has something new, or is another one."""
        # A shim that is connected to tells it here itself.
        if not self._shim.is_there:
            self._shim.look_again()
            self._waker.wake()

    def finish(self) -> None:
        """From any thread: it is to end when all is sent."""
        self._finishing = True
        self._waker.wake()

    def go_on(self, messages: list[str | bytes], is_over: Callable[[], bool]) -> None:
        """Works until `is_over`, or until all is sent after `finish`.

        `messages` have come from the server already. Raises ConnectionClosed, OSError.
        """
        self._take(messages)
        while not is_over():
            if self._silent_in() <= 0:
                raise TimeoutError("the server has said nothing for long")
            self._input.type()
            self._sender.send()
            self._watch_server()
            if self._finishing and self._sender.is_all_sent:
                self._websocket.close(CloseCode.ENDED)
                return
            self._watch.wait(self._patience())

    def _patience(self) -> float:
        if self._sender.is_ready:
            return 0.0
        waits = [self._silent_in()]
        if (patience := self._input.patience) is not None:
            waits.append(patience)
        return max(0.0, min(waits))

    def _silent_in(self) -> float:
        """Seconds from now until the server has been silent for too long."""
        if self._input.is_full:
            self._websocket.heard_at = monotonic()  # it is not listened to
        return self._websocket.heard_at + SILENCE - monotonic()

    def _on_wake(self, _mask: int) -> None:
        self._waker.clear()
        self._sender.look()
        self._sender.take_screens()

    # The server

    def _watch_server(self) -> None:
        """No more keystrokes are read than there is room for."""
        events = READ * (not self._input.is_full) | WRITE * self._websocket.is_full
        self._watch.want(self._websocket, events, self._on_server)

    def _on_server(self, mask: int) -> None:
        if mask & WRITE:
            self._websocket.flush()
        if mask & READ:
            self._take(self._websocket.receive())
        self._watch_server()

    def _take(self, messages: list[str | bytes]) -> None:
        for message in messages:
            if isinstance(message, bytes):
                self._input.add(message)
                self._sender.hurry()
            else:
                self._hear(_decoder.decode(message))
        self._input.type()

    def _hear(self, frame: ToPtyMachine) -> None:
        match frame:
            case Resize(cols=cols, rows=rows):
                self._sender.resized(cols, rows)
                self._input.resize(cols, rows)
            case Snapshot(number=number):
                self._sender.say_screen(number)
            case MachineReady():
                pass
        self._sender.look()

    # The shim

    def _on_shim_message(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._input.hear(message)
        elif "bytes" in message:
            self._sender.pass_on(base64.b64decode(message["bytes"]), message["log"])
        else:
            self._sender.look()
        self._watch_server()

    def _on_shim_change(self) -> None:
        if not self._shim.is_there:
            self._input.lose()
        self._sender.look()
        self._watch_server()
