"""A connection to a task's terminal that reconnects by itself and resumes at the same byte.

Nothing here blocks. The owner polls its `attachments`, calls `run_due` at `next_due_at` or when the
dialer has a result, and gets the output as a `Listener`.
"""

import time

from muster.cli.attach.attachment import Attachment, ConnectionLost
from muster.cli.attach.dial import DialedSocket, Dialer, DialRequest, DialResult, Unreachable
from muster.cli.attach.listener import Listener
from muster.cli.attach.outcome import REASONS_BY_CLOSE_CODE, ExitReason, Outcome
from muster.cli.attach.position import UNKNOWN_POSITION, RestartRequired
from muster.cli.attach.retry import Retry
from muster.protocol import terminal as wire
from muster.protocol.terminal import CloseCode

_SWITCH_TIMEOUT_SECONDS = 1.0  # for the old socket to reach a new screen's offset
_MAX_PENDING_KEY_BYTES = 4096  # input to keep while disconnected
_MAX_LOGIN_FAILURES = 3  # invalid tokens in a row before giving up


class ReconnectingConnection:
    """`mode`, `size` and `viewers` are the server's latest; `outcome` is set when it has ended."""

    def __init__(
        self,
        task_id: int,
        dialler: Dialer,
        hearer: Listener,
        *,
        asked: wire.Mode | None = None,
        patience: float = 600.0,
    ) -> None:
        """`asked` None: the highest allowed mode. `patience`: seconds to keep reconnecting."""
        self._task_id, self._dialler, self._listener = task_id, dialler, hearer
        self._requested_mode = asked
        self.mode: wire.Mode = "watch"
        self.max_mode: wire.Mode = "watch"
        self.size = (0, 0)  # columns, rows
        self.viewers: list[wire.ViewerInfo] = []
        self.outcome: Outcome | None = None
        self._current: Attachment | None = None
        self._replacement: Attachment | None = None
        self._last_position = UNKNOWN_POSITION  # of the lost socket
        self._pending_dial: int | None = None  # the dial whose result becomes the current socket
        self._pending_redraw_dial: int | None = None
        self._retry = Retry(patience)
        self._login_failures = 0
        self._is_watching = False  # by choice, or because someone else took control
        self._pending_keys = b""

    def use_socket(self, dialled: DialedSocket) -> None:
        """Make a dialed socket the current one."""
        self._current = Attachment(dialled, self._last_position)
        self.max_mode = dialled.max_mode

    @property
    def is_live(self) -> bool:
        return self._current is not None and self._current.ready is not None

    def send_keys(self, keys: bytes) -> None:
        """Send keys to the program; while disconnected, keep the first ones."""
        if self._current is None or not self.is_live:
            self._pending_keys += keys[: max(0, _MAX_PENDING_KEY_BYTES - len(self._pending_keys))]
            return
        try:
            self._current.send_keys(keys)
        except ConnectionLost as gone:
            self._handle_connection_lost(self._current, gone)

    def clear_pending_keys(self) -> None:
        """Drop keys that were typed while disconnected, so that they aren't sent late."""
        self._pending_keys = b""

    def resize(self, cols: int, rows: int) -> None:
        """Request the local terminal's size. No effect while watching."""
        cols, rows = (min(max(side, 1), wire.MAX_DIMENSION) for side in (cols, rows))
        if self.mode == "control" and (cols, rows) != self.size:
            self._send_frame(wire.Resize(cols=cols, rows=rows))

    def take_over(self) -> None:
        """Take sole control. The server refuses it to viewers who can only watch."""
        self._is_watching, self.mode = False, self.max_mode
        self._send_frame(wire.Takeover())

    def ack_output(self) -> None:
        """Acknowledge that all output so far is on the screen."""
        line = self._current
        if line is not None and line.ready is not None:
            try:
                line.ack_output()
            except ConnectionLost as gone:
                self._handle_connection_lost(line, gone)

    def redraw(self) -> None:
        """Get the current screen without losing a byte."""
        if self.is_live and self._pending_redraw_dial is None and self._replacement is None:
            self._pending_redraw_dial = self._dialler.start(self._dial_request(None))

    def restart(self) -> None:
        """Drop the socket for one that starts with the current screen."""
        self._drop_attachments()
        self._last_position = UNKNOWN_POSITION
        self._retry.mark_disconnected(time.monotonic())
        self._pending_dial = self._dialler.start(self._dial_request(None))

    def close(self) -> None:
        for line in self.attachments():
            line.close()
        self._replacement = self._current = None

    def attachments(self) -> list[Attachment]:
        return [line for line in (self._current, self._replacement) if line is not None]

    @property
    def next_due_at(self) -> float | None:
        """When `run_due` has something to do, on the monotonic clock."""
        moments = [line.times_out_at for line in self.attachments()]
        if self._replacement is not None and self._replacement.screen is not None:
            moments.append(self._replacement.screen_at + _SWITCH_TIMEOUT_SECONDS)
        if self._current is None:
            moments += [
                at for at in (self._retry.next_try_at, self._retry.gives_up_at) if at is not None
            ]
        return min(moments, default=None)

    def run_due(self) -> None:
        """Run due work and handle the dialer's results."""
        for number, answer in self._dialler.pop_results():
            self._handle_dial_result(number, answer)
        now = time.monotonic()
        for line in self.attachments():
            if now >= line.times_out_at:
                self._handle_connection_lost(line, ConnectionLost("no response"))
        self._switch_when_due(now)
        if self._current is None and self.outcome is None:
            self._dial_when_due(now)

    def read(self, line: Attachment) -> None:
        """Handle a socket's received messages."""
        try:
            for message in line.read():
                if line not in self.attachments():
                    return
                line.advance(message)
                if line is self._replacement:
                    self._buffer_message(line, message)
                else:
                    self._handle_message(line, message)
        except RestartRequired:
            self.restart()
        except ConnectionLost as gone:
            self._handle_connection_lost(line, gone)

    def write(self, line: Attachment) -> None:
        """Send a socket's pending bytes."""
        try:
            line.flush()
        except ConnectionLost as gone:
            self._handle_connection_lost(line, gone)

    def _handle_message(self, line: Attachment, message: bytes | wire.ToViewer) -> None:
        match message:
            case bytes():
                self._listener.on_output(message)
                self._switch_when_due(time.monotonic())
            case wire.ViewerReady():
                self._handle_ready(line, message)
            case wire.Screen(cols=cols, rows=rows):
                self._listener.on_screen(message)
                line.ack_output(at_once=True)
                self._set_size(cols, rows)
            case wire.Resize(cols=cols, rows=rows):
                self._set_size(cols, rows)
            case wire.Viewers(people=people):
                self.viewers = people
            case wire.Ping():
                line.send_frame(wire.Pong())
            case wire.Takeover() | wire.Refused(code="watching"):
                self._is_watching, self.mode = True, "watch"
                self._listener.on_frame(message)
            case wire.Refused() | wire.Exit():
                self._listener.on_frame(message)

    def _handle_ready(self, line: Attachment, ready: wire.ViewerReady) -> None:
        is_new = self._last_position.attempt is None
        self._retry.reset()
        self._login_failures = 0
        # Our `watch` follows `auth`, so the server handles it only after sending `ready`.
        self.mode = "watch" if self._is_watching else ready.mode
        if is_new:
            self._listener.on_ready(ready)
        else:
            self._listener.on_reconnected()
        self._set_size(ready.cols, ready.rows)
        if self._pending_keys and self.mode == "control":
            line.send_keys(self._pending_keys)
        self._pending_keys = b""

    def _set_size(self, cols: int, rows: int) -> None:
        self.size = (cols, rows)
        self._listener.on_resized()

    def _buffer_message(self, fresh: Attachment, message: bytes | wire.ToViewer) -> None:
        """Buffer a message of the socket that will replace the current one."""
        if not isinstance(message, wire.ViewerReady):
            fresh.buffered.append(message)
        elif self._current is None or message.attempt != self._current.position.attempt:
            self._replacement = None
            fresh.abort()
        self._switch_when_due(time.monotonic())

    def _switch_when_due(self, now: float) -> None:
        """Switch once all bytes before the new screen are shown."""
        fresh, current = self._replacement, self._current
        if fresh is None or fresh.screen is None:
            return
        is_there = current is None or current.position.offset >= fresh.screen.offset
        if is_there or now >= fresh.screen_at + _SWITCH_TIMEOUT_SECONDS:
            self._switch(fresh)

    def _switch(self, fresh: Attachment) -> None:
        if self._current is not None:
            self._current.abort()
        self._current, self._replacement = fresh, None
        buffered, fresh.buffered = fresh.buffered, []
        for message in buffered:
            self._handle_message(fresh, message)

    def _dial_request(self, resume_from: int | None) -> DialRequest:
        first = (wire.Watch(),) if self._is_watching and self._requested_mode != "watch" else ()
        return DialRequest(self._task_id, self._requested_mode, resume_from, first)

    def _dial_when_due(self, now: float) -> None:
        if self._retry.gives_up_at is not None and now >= self._retry.gives_up_at:
            self.outcome = Outcome(ExitReason.LOST)
        elif self._retry.next_try_at is not None and now >= self._retry.next_try_at:
            self._retry.mark_disconnected(now)
            self._pending_dial = self._dialler.start(
                self._dial_request(self._last_position.resume_from)
            )

    def _handle_dial_result(self, number: int, answer: DialResult) -> None:
        if number == self._pending_dial:
            self._pending_dial = None
            match answer:
                case DialedSocket():
                    self.use_socket(answer)
                case Outcome(reason=ExitReason.NO_STAGE) if (
                    self._last_position.attempt and not self._retry.is_idle_expired()
                ):
                    self._schedule_retry("no stage is running")  # it may come back
                case Outcome():
                    self.outcome = answer
                case Unreachable():
                    self._schedule_retry(str(answer))
            return
        is_fresh = number == self._pending_redraw_dial
        if is_fresh:
            self._pending_redraw_dial = None
        if isinstance(answer, DialedSocket):
            if is_fresh and self.is_live:
                self._replacement = Attachment(answer)
            else:
                answer.socket.abort()  # no longer needed

    def _schedule_retry(self, why: str) -> None:
        self._retry.schedule_next(time.monotonic())
        self._listener.on_disconnected(why)

    def _handle_connection_lost(self, line: Attachment, gone: ConnectionLost) -> None:
        if line is not self._current:
            line.abort()
            self._replacement = None if line is self._replacement else self._replacement
            return
        code = gone.code
        if code == CloseCode.SHELL_ENDED:
            self.outcome = Outcome(ExitReason.SHELL_ENDED, detail=gone.reason)
        elif code in REASONS_BY_CLOSE_CODE:
            self.outcome = Outcome(REASONS_BY_CLOSE_CODE[code])
        elif code == CloseCode.NO_TERMINAL:
            self.restart()
        elif code == CloseCode.UNAUTHENTICATED and self._login_failures >= _MAX_LOGIN_FAILURES:
            self.outcome = Outcome(ExitReason.SIGNED_OUT)
        elif code == CloseCode.TOO_MANY and line.position.attempt is None:
            self.outcome = Outcome(ExitReason.TOO_MANY)
        else:
            self._login_failures += code == CloseCode.UNAUTHENTICATED
            self._reconnect(str(gone))
        if self.outcome is not None:
            self._drop_attachments()

    def _reconnect(self, why: str) -> None:
        if self._replacement is not None and self._replacement.screen is not None:
            self._switch(self._replacement)
        else:
            self._drop_attachments()
            self._schedule_retry(why)

    def _drop_attachments(self) -> None:
        if self._current is not None and self._current.has_output:
            self._last_position = self._current.position
        for line in self.attachments():
            line.abort()
        self._replacement = self._current = None
        self._pending_dial = self._pending_redraw_dial = None

    def _send_frame(self, frame: wire.TerminalFrame) -> None:
        line = self._current
        if line is not None and line.ready is not None:
            try:
                line.send_frame(frame)
            except ConnectionLost as gone:
                self._handle_connection_lost(line, gone)
