"""A terminal's output: bytes of the log, sizes and screens, to the server's socket.

They come from the spool; but the shim sends new short output along with its notice, so that an echo
needn't be read there.
"""

import threading
from collections.abc import Callable

import msgspec

from muster.protocol.terminal import Screen, TerminalFrame
from muster.worker.server.websocket import WebSocket
from muster.worker.terminals.output import TerminalOutput
from muster.worker.terminals.shim_connection import ShimConnection

_FLOOD_FRAME_BYTES = 32 << 10  # bytes of a frame; echoed input is never that much


class OutputSender:
    """Sends one frame of bytes at a time, so that keystrokes never wait behind a flood."""

    def __init__(
        self,
        websocket: WebSocket,
        output: TerminalOutput,
        shim: ShimConnection,
        screen_at: Callable[[int], Screen],
        flooded: Callable[[], None],
        wake: Callable[[], None],
    ) -> None:
        """`screen_at` may block; it is called on separate threads, and `wake` when one is finished.
        `flooded` is called with each large frame."""
        self._websocket = websocket
        self._output = output
        self._shim = shim
        self._screen_at = screen_at
        self._on_flood = flooded
        self._wake = wake
        self._drawn: list[Screen | Exception] = []
        self._has_more = True  # there may be something to send

    @property
    def is_ready(self) -> bool:
        """Whether to call `send` now."""
        return self._has_more and not self._websocket.is_full

    @property
    def is_all_sent(self) -> bool:
        return not (self._has_more or self._websocket.is_full or self._output.waits_for_screen)

    def mark_ready(self) -> None:
        """There may be something new to send."""
        self._has_more = True

    def send(self) -> None:
        """Send what there is, one frame of bytes at most; listen for more if that was all."""
        if not self.is_ready:
            return
        self._has_more = False
        for frame in self._output.next_frames():
            self._websocket.send(_encode(frame))
            self._has_more = True
            if isinstance(frame, bytes) and len(frame) >= _FLOOD_FRAME_BYTES:
                self._on_flood()
        if (offset := self._output.pop_screen_offset()) is not None:
            draw = threading.Thread(
                target=self._draw, args=(offset,), name="terminal-screen", daemon=True
            )
            draw.start()
        if not self._has_more:
            self._shim.listen(self._output.position)

    def send_direct(self, data: bytes, end: int) -> None:
        """Send new output, which ends at `end` in the log, if it comes next.

        Otherwise it is read from the spool in order; it is there if that had space for it.
        """
        is_idle = not self._has_more and not self._websocket.is_full
        if is_idle and self._output.try_advance(data, end):
            self._websocket.send(data)
            self._shim.renew_listen(self._output.position)
        else:
            self._has_more = True

    def confirm_size(self, cols: int, rows: int) -> None:
        """A viewer wants this size. If it is already the current one, the answer is to send it."""
        if self._output.sent_size == (cols, rows):
            self._output.request_size()

    def request_screen(self, number: int) -> None:
        """The server requests a screen with this number."""
        self._output.request_screen(number)

    def skip_backlog(self) -> None:
        """A user has typed, and wants to see the response."""
        self._output.skip_backlog()

    def apply_drawn_screens(self) -> None:
        """Apply the screens that were drawn. Raises the errors from drawing."""
        while self._drawn:
            drawn = self._drawn.pop(0)
            if isinstance(drawn, Exception):
                raise drawn
            self._output.set_screen(drawn)

    def close(self) -> None:
        self._output.close()

    def _draw(self, offset: int) -> None:
        try:
            self._drawn.append(self._screen_at(offset))
        except Exception as error:
            self._drawn.append(error)
        self._wake()


def _encode(frame: TerminalFrame | bytes) -> str | bytes:
    return frame if isinstance(frame, bytes) else msgspec.json.encode(frame).decode()
