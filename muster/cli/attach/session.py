"""The loop of an attached session: keys, output and signals."""

import select
import signal
import time
from collections.abc import Sequence

from muster.cli.attach import control_sequences, messages
from muster.cli.attach.dial import DialedSocket, Dialer
from muster.cli.attach.escapes import EscapeAction, EscapeParser
from muster.cli.attach.outcome import ExitReason, Outcome
from muster.cli.attach.reconnecting_connection import ReconnectingConnection
from muster.cli.attach.sequence_filter import SequenceFilter
from muster.cli.attach.signals import Signals
from muster.cli.attach.tty import HungUp, Tty
from muster.protocol import terminal as wire

_NOTE_SECONDS = 5.0  # that a note stays over the screen
_DISCONNECT_NOTICE_SECONDS = 1.5  # of a disconnect before the notice
_RESIZE_TIMEOUT_SECONDS = 2.0  # for the remote terminal to take our size
_MAX_UNSENT_BYTES = 16 << 20  # input the server hasn't taken; then input isn't read
_INTERRUPT = b"\x03"
_EXIT_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)


class Session:
    """An attached session. Call `run` once. `has_started`: whether the terminal was ready."""

    def __init__(
        self,
        task_id: int,
        terminal: Tty,
        signals: Signals,
        dialler: Dialer,
        *,
        mode: wire.Mode | None,
        take_over: bool,
        patience: float,
    ) -> None:
        """`mode` None: the highest allowed. `take_over`: take control once connected."""
        self._task_id, self._tty, self._signals = task_id, terminal, signals
        self._connection = ReconnectingConnection(
            task_id, dialler, self, asked=mode, patience=patience
        )
        self._escapes = EscapeParser()
        self._filter = SequenceFilter()
        self._should_take_over = take_over
        self._outcome: Outcome | None = None
        self._unsent = bytearray()
        self.has_started = False
        self._note: Sequence[str] = ()
        self._note_until: float | None = None  # the note is on the screen until then
        self._disconnected_at: float | None = None
        self._is_disconnect_shown = False
        self._size_notice: str | None = None
        self._size_sent_at = 0.0  # when our size was last sent
        self._needs_redraw = False  # redraw once the terminal has our size

    def run(self, dialled: DialedSocket) -> Outcome:
        """Run until the session ends, then restore the terminal."""
        self._connection.use_socket(dialled)
        self._tty.enter()
        try:
            while (end := self._outcome or self._connection.outcome) is None:
                self._poll_once()
            return end
        except HungUp:
            return Outcome(ExitReason.SIGNAL, signal.SIGHUP)
        finally:
            self._tty.leave(control_sequences.leave_screen() if self.has_started else b"")
            self._connection.close()

    # ---- one turn --------------------------------------------------------------------------------

    def _poll_once(self) -> None:
        poll = select.poll()
        poll.register(self._signals, select.POLLIN)
        if len(self._unsent) < _MAX_UNSENT_BYTES:
            poll.register(self._tty.keys, select.POLLIN)
        ends = {}
        for end in self._connection.attachments():
            ends[end.socket.fileno()] = end
            # Don't buffer output while the terminal hasn't taken the last.
            reads = 0 if self._tty.has_unwritten else select.POLLIN
            poll.register(end.socket, reads | (select.POLLOUT if end.socket.is_full else 0))
        if self._tty.has_unwritten:
            poll.register(self._tty.screen, select.POLLOUT)
        for fd, events in poll.poll(self._poll_timeout_ms()):
            if fd in ends:
                if events & select.POLLOUT:
                    self._connection.write(ends[fd])
                if events & ~select.POLLOUT:
                    self._connection.read(ends[fd])
            elif fd == self._tty.keys:
                self._handle_input(self._tty.read())
            elif fd == self._tty.screen:
                self._tty.flush()
            else:
                self._handle_signals(self._signals.pop_pending())
        if not self._tty.has_unwritten:
            self._connection.ack_output()
        self._send_unsent()
        self._connection.run_due()
        self._run_due()

    def _poll_timeout_ms(self) -> float | None:
        moments = [
            at
            for at in (self._connection.next_due_at, self._note_until, self._notice_due_at)
            if at is not None
        ]
        if not moments:
            return None
        return max(0.0, min(moments) - time.monotonic()) * 1000 + 1

    @property
    def _notice_due_at(self) -> float | None:
        """When to show the disconnect notice."""
        is_told = self._disconnected_at is None or self._is_disconnect_shown
        return (
            None
            if is_told or self._disconnected_at is None
            else self._disconnected_at + _DISCONNECT_NOTICE_SECONDS
        )

    def _run_due(self) -> None:
        """Run due work: the disconnect notice and the end of a note."""
        now = time.monotonic()
        if self._notice_due_at is not None and now >= self._notice_due_at:
            self._is_disconnect_shown = True
            self._connection.clear_pending_keys()
            self._draw_note([messages.DISCONNECTED])
        if self._note_until is not None and now >= self._note_until:
            self._note_until = None
            self._connection.redraw()

    # ---- keys and signals ------------------------------------------------------------------------

    def _handle_input(self, data: bytes) -> None:
        if self._is_at_line_start:
            self._escapes.start_line()
        for found in self._escapes.feed(data):
            if isinstance(found, EscapeAction):
                self._run_escape_action(found)
            else:
                self._handle_keys(found)

    @property
    def _is_at_line_start(self) -> bool:
        # No program gets a watcher's keys, so each read counts as a line's start; keys that send
        # several bytes may contain a ~.
        return self._connection.mode == "watch"

    def _handle_keys(self, keys: bytes) -> None:
        if self._connection.mode == "control" or not self._connection.is_live:
            self._send(keys)
        elif keys == _INTERRUPT:
            self._outcome = Outcome(ExitReason.INTERRUPTED)
        elif not keys.startswith(b"\x1b"):  # which may be the terminal's own reply
            self._show_note(messages.WATCH_ONLY)

    def _send(self, keys: bytes) -> None:
        if self._is_disconnect_shown:
            return
        self._unsent += keys
        self._send_unsent()

    def _send_unsent(self) -> None:
        if self._unsent and not any(end.socket.is_full for end in self._connection.attachments()):
            keys, self._unsent = bytes(self._unsent), bytearray()
            self._connection.send_keys(keys)

    def _run_escape_action(self, act: EscapeAction) -> None:
        match act:
            case EscapeAction.DETACH:
                self._outcome = Outcome(ExitReason.DETACHED)
            case EscapeAction.SUSPEND:
                self._suspend()
            case EscapeAction.HELP:
                self._show_note(*messages.HELP)
            case EscapeAction.WHO:
                self._show_note(*messages.viewer_lines(self._connection.viewers))
            case EscapeAction.TAKE_OVER:
                self._take_over()
            case EscapeAction.REDRAW:
                self._connection.redraw()

    def _take_over(self) -> None:
        if self._connection.max_mode == "watch":
            self._show_note(messages.NOT_ALLOWED)
            return
        self._connection.take_over()
        self._send_size()
        self._show_note(messages.SOLE_CONTROL)

    def _handle_signals(self, numbers: set[int]) -> None:
        for number in _EXIT_SIGNALS:
            if number in numbers:
                is_key = number == signal.SIGINT
                self._outcome = (
                    Outcome(ExitReason.INTERRUPTED)
                    if is_key
                    else Outcome(ExitReason.SIGNAL, number)
                )
        if signal.SIGTSTP in numbers:
            self._suspend()
        if signal.SIGCONT in numbers:
            self._resume()
        if signal.SIGWINCH in numbers:
            self._handle_window_change()

    def _suspend(self) -> None:
        self._tty.leave(control_sequences.leave_screen())
        self._signals.suspend_job()
        self._resume()

    def _resume(self) -> None:
        """Take the terminal back from the shell, and skip the output missed meanwhile."""
        self._tty.enter()
        self._tty.write(control_sequences.scroll_into_scrollback(self._tty.size[1]))
        self._connection.restart()

    def _send_size(self) -> None:
        """Send our size to a terminal that we control."""
        self._size_sent_at = time.monotonic()
        self._needs_redraw = (
            self._connection.mode == "control" and self._connection.size != self._tty.size
        )
        self._connection.resize(*self._tty.size)

    def _handle_window_change(self) -> None:
        self._send_size()
        if self._connection.mode == "watch":
            self._connection.redraw()
        self.on_resized()

    # ---- listener --------------------------------------------------------------------------------

    def on_ready(self, ready: wire.ViewerReady) -> None:
        is_first, self.has_started = not self.has_started, True
        self._disconnected_at, self._is_disconnect_shown = None, False
        if is_first:
            self._tty.write(
                f"{self._greeting(ready)}\r\n".encode()
                + control_sequences.scroll_into_scrollback(self._tty.size[1])
            )
        if self._should_take_over:
            self._should_take_over = False
            self._connection.take_over()
        self._send_size()

    def _greeting(self, ready: wire.ViewerReady) -> str:
        return messages.greeting(self._task_id, ready.attempt, self._connection.mode)

    def on_output(self, data: bytes) -> None:
        self._tty.write(self._filter.feed(data))

    def on_screen(self, screen: wire.Screen) -> None:
        self._filter = SequenceFilter()
        self._tty.write(control_sequences.clear_screen() + self._filter.feed(screen.data.encode()))
        if self._note_until is not None:
            self._draw_note(self._note)

    def on_resized(self) -> None:
        if self._connection.size == self._tty.size and self._needs_redraw:
            # The screen was drawn for another size.
            self._needs_redraw = False
            self._connection.redraw()
        if (
            self._connection.mode == "control"
            and time.monotonic() < self._size_sent_at + _RESIZE_TIMEOUT_SECONDS
        ):
            return
        notice = messages.size_mismatch(
            self._connection.size, self._tty.size, self._connection.mode
        )
        if notice != self._size_notice:
            self._size_notice = notice
            if notice is not None:
                self._show_note(notice)

    def on_disconnected(self, why: str) -> None:
        if self._disconnected_at is None:
            self._disconnected_at = time.monotonic()

    def on_reconnected(self) -> None:
        was_told, self._disconnected_at, self._is_disconnect_shown = (
            self._is_disconnect_shown,
            None,
            False,
        )
        self._send_size()
        if was_told:
            self._connection.redraw()

    def on_frame(self, frame: wire.Takeover | wire.Refused | wire.Exit) -> None:
        match frame:
            case wire.Takeover(by=by):
                self._show_note(messages.control_taken(by))
            case wire.Refused(code="gate"):
                self._show_note(messages.AT_GATE)
            case wire.Refused():
                self._show_note(
                    messages.NOT_ALLOWED
                    if self._connection.max_mode == "watch"
                    else messages.WATCH_ONLY
                )
            case wire.Exit(code=code, stage_index=index):
                self._show_note(messages.stage_ended(code, index))

    # ---- notes over the screen -------------------------------------------------------------------

    def _show_note(self, *lines: str) -> None:
        """Show a note for a few seconds, then redraw the screen."""
        self._draw_note(lines)
        self._note = lines
        self._note_until = time.monotonic() + _NOTE_SECONDS

    def _draw_note(self, lines: Sequence[str]) -> None:
        self._tty.write(control_sequences.overlay_note(lines, *self._tty.size))
