"""A terminal between three ends: the server's socket, its shim's, and the attempt's spool.

One thread looks after all of them: a keystroke that is handed from thread to thread waits for the
interpreter each time. What the shim has just written it tells along with the news of it, so that an
echo need not be looked for in the spool.
"""

import base64
import contextlib
import os
import selectors
import threading
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
    TerminalFrame,
    ToPtyMachine,
)
from muster.worker.server.wire import Wire
from muster.worker.shim import client
from muster.worker.shim.line import PIECES, ShimLine
from muster.worker.shim.link import ShimGone, ShimRefused
from muster.worker.terminals.keyboard import Keyboard
from muster.worker.terminals.output import TerminalOutput

SILENCE = 60.0
"""Seconds after which a server that pings every 20 is taken to be gone, although its line is not
seen to have ended: a NAT may have forgotten it, or the server's host died."""

_LARGE = 32 << 10  # bytes of a frame; what is typed and answered is never so much

_decoder: "msgspec.json.Decoder[ToPtyMachine]" = msgspec.json.Decoder(ToPtyMachine)


class TerminalBridge:
    """Between the server's socket, the shim's and the spool, until one of the first two ends it.

    All but `notice` and `finish` is for one thread.
    """

    def __init__(
        self,
        directory: Path,
        wire: Wire,
        output: TerminalOutput,
        screen_at: Callable[[int], Screen],
        flooded: Callable[[], None],
    ) -> None:
        """`screen_at` may wait; it is called on threads of its own. `flooded` is called with each
        frame that is large."""
        self._directory = directory
        self._wire = wire
        self._output = output
        self._screen_at = screen_at
        self._flooded = flooded
        self._keyboard = Keyboard()
        self._shim: ShimLine | None = None
        self._is_missed = True  # whether it is worth looking for a shim
        self._has_more = True  # whether there may be something to send
        self._pieces = 0  # how many more the shim will send; 0: it has to be listened to again
        self._finishing = False
        self._drawn: list[Screen | Exception] = []
        self._waking = threading.Lock()
        self._is_closed = False
        self._watched: tuple[ShimLine | None, bool, bool, bool] = (None, False, False, False)
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waker, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ, self._on_wake)
        self._selector.register(wire, selectors.EVENT_READ, self._on_wire)

    def __enter__(self) -> "TerminalBridge":
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go()
        self._selector.close()
        self._output.close()
        with self._waking:
            self._is_closed = True
            for handle in (self._woken, self._waker):
                os.close(handle)

    def notice(self) -> None:
        """From any thread: there is something new, perhaps another shim."""
        if self._shim is None:
            self._is_missed = True
            self._wake()

    def finish(self) -> None:
        """From any thread: it is to end when all is sent."""
        self._finishing = True
        self._wake()

    def _wake(self) -> None:
        with self._waking, contextlib.suppress(BlockingIOError):
            if not self._is_closed:  # else the number may be somebody else's
                os.write(self._waker, b"w")

    def go_on(self, messages: list[str | bytes], is_over: Callable[[], bool]) -> None:
        """`messages` have come already. Raises ConnectionClosed, OSError."""
        self._take(messages)
        while not is_over():
            if self._silent_in() <= 0:
                raise TimeoutError("the server has said nothing for long")
            self._type()
            self._send()
            if self._finishing and self._is_all_sent():
                self._wire.close(CloseCode.ENDED)
                return
            for key, mask in self._selector.select(self._patience()):
                key.data(mask)

    def _is_all_sent(self) -> bool:
        return not (self._has_more or self._wire.is_full or self._output.waits_for_screen)

    def _patience(self) -> float:
        if self._has_more and not self._wire.is_full:
            return 0.0
        waits = [self._silent_in()]
        if self._shim is not None and (patience := self._keyboard.patience) is not None:
            waits.append(patience)
        return max(0.0, min(waits))

    def _silent_in(self) -> float:
        """Seconds from now until the server has been silent for too long."""
        if self._keyboard.is_full:
            self._wire.heard_at = monotonic()  # it is not listened to
        return self._wire.heard_at + SILENCE - monotonic()

    def _watch(self) -> None:
        """What is waited for: sockets that take no more, and no more keys than there is room."""
        shim, wire = self._shim, self._wire
        is_deaf, is_full = self._keyboard.is_full, shim is not None and shim.is_full
        if (shim, wire.is_full, is_deaf, is_full) == self._watched:
            return
        self._watched = shim, wire.is_full, is_deaf, is_full
        read, write = selectors.EVENT_READ, selectors.EVENT_WRITE
        self._want(wire, read * (not is_deaf) | write * wire.is_full, self._on_wire)
        if shim is not None:
            self._want(shim, read | write * is_full, self._on_shim)

    def _want(self, end: Any, wanted: int, on_event: Callable[[int], None]) -> None:
        known = self._selector.get_map().get(end)
        if known is None:
            if wanted:
                self._selector.register(end, wanted, on_event)
        elif not wanted:
            self._selector.unregister(end)
        elif known.events != wanted:
            self._selector.modify(end, wanted, on_event)

    def _on_wake(self, _mask: int) -> None:
        os.read(self._woken, 4096)
        self._has_more = True
        while self._drawn:
            drawn = self._drawn.pop(0)
            if isinstance(drawn, Exception):
                raise drawn
            self._output.put_screen(drawn)

    # ---- the server ------------------------------------------------------------------------------

    def _on_wire(self, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            self._wire.flush()
        if mask & selectors.EVENT_READ:
            self._take(self._wire.receive())
        self._watch()

    def _take(self, messages: list[str | bytes]) -> None:
        for message in messages:
            if isinstance(message, bytes):
                self._keyboard.add(message)
                self._output.hurry()
            else:
                self._hear(_decoder.decode(message))
        self._type()

    def _hear(self, frame: ToPtyMachine) -> None:
        match frame:
            case Resize(cols=cols, rows=rows):
                if self._output.told == (cols, rows):
                    self._output.say_size()
                # Between two stages there is no terminal; the next one has a size of its own.
                if (shim := self._living()) is not None:
                    self._speak(lambda: shim.resize(cols, rows))
            case Snapshot(number=number):
                self._output.say_screen(number)
            case MachineReady():
                pass
        self._has_more = True

    def _type(self) -> None:
        if not self._keyboard.waits:
            return
        self._is_missed = self._is_missed or self._shim is None
        if (shim := self._living()) is None:
            self._keyboard.clear()
        else:
            self._speak(lambda: self._keyboard.type(shim))
        self._watch()

    def _send(self) -> None:
        """What there is, one frame of bytes at most; if that was all, more is listened for."""
        if not self._has_more or self._wire.is_full:
            return
        self._has_more = False
        for frame in self._output.next():
            self._wire.send(_encoded(frame))
            self._has_more = True
            if isinstance(frame, bytes) and len(frame) >= _LARGE:
                self._flooded()
        if (offset := self._output.screen_wanted()) is not None:
            threading.Thread(target=self._draw, args=(offset,), name="drawing", daemon=True).start()
        if not self._has_more:
            self._listen()
        self._watch()

    def _draw(self, offset: int) -> None:
        try:
            self._drawn.append(self._screen_at(offset))
        except Exception as error:
            self._drawn.append(error)
        self._wake()

    # ---- the shim: on a connection of its own, so that nothing else waits behind a paste ---------

    def _living(self) -> ShimLine | None:
        if self._shim is None and self._is_missed:
            self._is_missed = False
            with contextlib.suppress(ShimGone, ShimRefused, OSError):
                self._shim = client.connect(self._directory, ShimLine)
            if self._shim is not None:
                self._pieces = 0
                self._has_more = True  # what came before it is listened to
                self._watch()
        return self._shim

    def _speak(self, say: Callable[[], None]) -> None:
        try:
            say()
        except ShimGone:
            self._lose()

    def _listen(self) -> None:
        was_there = self._shim is not None
        shim = self._living()
        if shim is not None and was_there and not self._pieces:
            self._pieces = PIECES
            self._speak(lambda: shim.listen(self._output.position))

    def _on_shim(self, mask: int) -> None:
        shim = self._shim
        if shim is None:
            return
        try:
            if mask & selectors.EVENT_WRITE:
                shim.flush()
            if mask & selectors.EVENT_READ:
                for message in shim.receive():
                    self._heed(message)
        except ShimGone:
            self._lose()
        self._watch()

    def _heed(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._keyboard.hear(message)
        elif "bytes" in message:
            self._pieces = max(0, self._pieces - 1)
            self._pass_on(base64.b64decode(message["bytes"]), message["log"])
        else:
            if "log" in message:
                self._pieces = 0
            self._has_more = True

    def _pass_on(self, data: bytes, end: int) -> None:
        """What has just been printed; it lies at the spool's end, if that has room for it."""
        is_next = not self._has_more and not self._wire.is_full
        if is_next and self._output.take(data, end):
            self._wire.send(data)
            if self._pieces <= PIECES // 2:
                self._pieces = 0
                self._listen()
        else:
            self._has_more = True

    def _lose(self) -> None:
        self._let_go()
        self._keyboard.lose()
        self._is_missed = self._has_more = True

    def _let_go(self) -> None:
        shim, self._shim = self._shim, None
        if shim is not None:
            if shim in self._selector.get_map():
                self._selector.unregister(shim)
            shim.close()


def _encoded(frame: TerminalFrame | bytes) -> str | bytes:
    return frame if isinstance(frame, bytes) else msgspec.json.encode(frame).decode()
