"""A session in which keys go to a headless agent as messages, because it reads no keys."""

from typing import Any

from muster.cli.attach import control_sequences, messages
from muster.cli.attach.dial import Dialer
from muster.cli.attach.escapes import EscapeAction
from muster.cli.attach.message_line import LineEvent, MessageLine
from muster.cli.attach.outcome import ExitReason, Outcome
from muster.cli.attach.session import Session
from muster.cli.attach.signals import Signals
from muster.cli.attach.steering import Steering
from muster.cli.attach.tty import Tty
from muster.protocol import terminal as wire

_MAX_HELD_BYTES = 1 << 18  # output that waits while a message is typed; then the screen is redrawn


class SteeringSession(Session):
    """A `Session` that writes messages to the agent while the running stage reads no keys."""

    def __init__(
        self,
        task_id: int,
        terminal: Tty,
        signals: Signals,
        dialler: Dialer,
        steering: Steering,
        **options: Any,
    ) -> None:
        """`options` are those of a `Session`."""
        super().__init__(task_id, terminal, signals, dialler, **options)
        self._steering = steering
        steering.wake = signals.wake
        self._line = MessageLine()
        self._held = bytearray()
        self._is_stage_over = False  # the next one may read keys

    @property
    def _reads_keys(self) -> bool:
        return self._steering.facts.reads_terminal

    @property
    def _is_at_line_start(self) -> bool:
        return super()._is_at_line_start if self._reads_keys else not self._line.text

    def _greeting(self, ready: wire.ViewerReady) -> str:
        if self._reads_keys:
            return super()._greeting(ready)
        return messages.watch_greeting(self._task_id, ready.attempt, self._steering.facts)

    def _run_due(self) -> None:
        super()._run_due()
        for result in self._steering.pop_results():
            if result.unsent and not self._line.text:
                self._line.text = result.unsent
            if result.note:
                self._show_note(result.note)

    # ---- keys ------------------------------------------------------------------------------------

    def _handle_keys(self, keys: bytes) -> None:
        if self._reads_keys:
            super()._handle_keys(keys)
            return
        before = self._line.text
        for event in self._line.feed(keys):
            if event is LineEvent.LEAVE:
                self._outcome = Outcome(ExitReason.INTERRUPTED)
            elif why_not := self._steering.facts.why_not:
                self._line.text = ""
                self._show_note(why_not)
            else:
                is_now = event is LineEvent.STOP_AND_SEND
                self._steering.send(self._line.pop_text(), is_now=is_now)
        if self._line.text:
            self._draw_line()
        elif before:
            self._end_line()

    def _run_escape_action(self, act: EscapeAction) -> None:
        if self._reads_keys:
            if act is not EscapeAction.INTERRUPT:
                super()._run_escape_action(act)
            return
        match act:
            case EscapeAction.INTERRUPT:
                self._steering.interrupt()
            case EscapeAction.TAKE_OVER:
                self._show_note(messages.reads_no_keys(self._steering.facts.agent))
            case EscapeAction.WHO:
                self._show_note(*messages.watcher_lines(self._connection.viewers))
            case EscapeAction.HELP:
                self._show_note(*messages.WATCH_HELP)
            case _:
                super()._run_escape_action(act)

    # ---- the line over the screen ----------------------------------------------------------------

    def _draw_line(self) -> None:
        """Draw the message over the screen's last lines, where notes are drawn, too."""
        label = messages.message_label(self._steering.facts.agent)
        self._note = [*self._line.draw(label, self._tty.size[0]), messages.LINE_HELP]
        self._note_until = None
        self._draw_note(self._note)

    def _end_line(self) -> None:
        """Show the output that waited, and the screen without the message."""
        held, self._held = bytes(self._held), bytearray()
        if self._note_until is None:  # a note is over the screen: it's redrawn after that
            self._connection.redraw()
        super().on_output(held)

    # ---- listener --------------------------------------------------------------------------------

    def on_ready(self, ready: wire.ViewerReady) -> None:
        if self.has_started:  # again: another attempt's, perhaps
            self._steering.refresh()
        super().on_ready(ready)

    def on_output(self, data: bytes) -> None:
        if self._is_stage_over:
            self._is_stage_over = False
            self._steering.refresh()
        if not self._line.text:
            super().on_output(data)
        elif len(self._held) < _MAX_HELD_BYTES:
            self._held += data

    def on_screen(self, screen: wire.Screen) -> None:
        self._held.clear()  # the screen contains it
        super().on_screen(screen)
        if not self._reads_keys:
            self._tty.write(control_sequences.PASTE_MARKS_ON)
        if self._line.text:
            self._draw_line()

    def on_frame(self, frame: wire.Takeover | wire.Refused | wire.Exit) -> None:
        if isinstance(frame, wire.Exit):
            self._is_stage_over = True
        if self._reads_keys or isinstance(frame, wire.Exit):
            super().on_frame(frame)
