"""A terminal with three ends: the server's socket, the attempt's shim, and its spool.

One thread serves all of them, because handing a keystroke from thread to thread waits for the
interpreter each time. This is its loop; `TerminalInput` handles input, `OutputSender` output.
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
    ShellEnded,
    Snapshot,
    ToPtyMachine,
)
from muster.worker.server.websocket import WebSocket
from muster.worker.terminals.input import TerminalInput
from muster.worker.terminals.output import TerminalOutput
from muster.worker.terminals.output_sender import OutputSender
from muster.worker.terminals.shim_connection import ShimConnection
from muster.worker.terminals.socket_selector import READ, WRITE, SocketSelector
from muster.worker.terminals.waker import Waker

SILENCE_TIMEOUT_SECONDS = 60.0
"""Seconds of silence after which a server that pings every 20 counts as gone, even if its
connection is open: a NAT may have forgotten it, or the server's host died."""

_decoder: "msgspec.json.Decoder[ToPtyMachine]" = msgspec.json.Decoder(ToPtyMachine)


class TerminalBridge:
    """Runs until the server ends it, or until `finish` or `stop`.

    All but `notify` and `finish` is for one thread.
    """

    def __init__(
        self,
        directory: Path,
        websocket: WebSocket,
        output: TerminalOutput,
        screen_at: Callable[[int], Screen],
        flooded: Callable[[], None],
        *,
        is_shell: bool = False,
    ) -> None:
        """`directory` is the attempt's, or its shell's, whose end ends this; for `screen_at` and
        `flooded` see `OutputSender`."""
        self._websocket = websocket
        self._is_shell = is_shell
        self._shell_end = "the stage has ended"
        self._waker = Waker()
        self._selector = SocketSelector()
        self._shim = ShimConnection(
            directory, self._selector, self._on_shim_message, self._on_shim_change
        )
        self._input = TerminalInput(self._shim)
        self._sender = OutputSender(
            websocket, output, self._shim, screen_at, flooded, self._waker.wake
        )
        self._is_finishing = False
        self._selector.set_events(self._waker, READ, self._on_wake)
        self._select_server_events()

    def __enter__(self) -> "TerminalBridge":
        return self

    def __exit__(self, *_: object) -> None:
        self._shim.close()
        self._selector.close()
        self._sender.close()
        self._waker.close()

    def notify(self) -> None:
        """From any thread: the attempt's shim has something new, or was replaced."""
        # A connected shim sends its own notices.
        if not self._shim.is_connected:
            self._shim.retry_connect()
            self._waker.wake()

    def finish(self) -> None:
        """From any thread: end when everything is sent."""
        self._is_finishing = True
        self._waker.wake()

    def run(self, messages: list[str | bytes], is_over: Callable[[], bool]) -> None:
        """Run until `is_over`, or until everything is sent after `finish`.

        `messages` are those that the server has already sent. Raises ConnectionClosed, OSError.
        """
        self._handle_messages(messages)
        while not is_over():
            if self._seconds_until_silent() <= 0:
                raise TimeoutError("the server was silent for too long")
            self._input.send_keys()
            self._sender.send()
            self._select_server_events()
            if self._is_finishing and self._sender.is_all_sent:
                if self._is_shell:
                    self._websocket.send(msgspec.json.encode(ShellEnded(self._shell_end)).decode())
                self._websocket.close(CloseCode.ENDED)
                return
            self._selector.wait(self._wait_seconds())

    def _wait_seconds(self) -> float:
        if self._sender.is_ready:
            return 0.0
        waits = [self._seconds_until_silent()]
        if (patience := self._input.seconds_until_retry) is not None:
            waits.append(patience)
        return max(0.0, min(waits))

    def _seconds_until_silent(self) -> float:
        """Return the seconds until the server has been silent for too long."""
        if self._input.is_full:
            self._websocket.last_received_at = monotonic()  # we aren't reading from it
        return self._websocket.last_received_at + SILENCE_TIMEOUT_SECONDS - monotonic()

    def _on_wake(self, _mask: int) -> None:
        self._waker.clear()
        self._sender.mark_ready()
        self._sender.apply_drawn_screens()

    # The server

    def _select_server_events(self) -> None:
        """Read no more keystrokes than there is space for."""
        events = READ * (not self._input.is_full) | WRITE * self._websocket.is_full
        self._selector.set_events(self._websocket, events, self._on_server)

    def _on_server(self, mask: int) -> None:
        if mask & WRITE:
            self._websocket.flush()
        if mask & READ:
            self._handle_messages(self._websocket.receive())
        self._select_server_events()

    def _handle_messages(self, messages: list[str | bytes]) -> None:
        for message in messages:
            if isinstance(message, bytes):
                self._input.add_keys(message)
                self._sender.skip_backlog()
            else:
                self._handle_frame(_decoder.decode(message))
        self._input.send_keys()

    def _handle_frame(self, frame: ToPtyMachine) -> None:
        match frame:
            case Resize(cols=cols, rows=rows):
                self._sender.confirm_size(cols, rows)
                self._input.resize(cols, rows)
            case Snapshot(number=number):
                self._sender.request_screen(number)
            case MachineReady():
                pass
        self._sender.mark_ready()

    # The shim

    def _on_shim_message(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._input.handle_response(message)
        elif "ended" in message:
            self._finish_shell(message["ended"])
        elif "bytes" in message:
            self._sender.send_direct(base64.b64decode(message["bytes"]), message["log"])
        else:
            self._sender.mark_ready()
        self._select_server_events()

    def _on_shim_change(self) -> None:
        if not self._shim.is_connected:
            self._input.handle_shim_lost()
            if self._is_shell:
                self._finish_shell("the shell has ended")
        self._sender.mark_ready()
        self._select_server_events()

    def _finish_shell(self, reason: str) -> None:
        if not self._is_finishing:
            self._shell_end = reason
        self._is_finishing = True
        self._sender.mark_ready()
