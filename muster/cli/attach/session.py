"""The loop: keys go out, bytes come in, and each signal has its answer."""

import select
import signal
import time
from collections.abc import Sequence

from muster.cli.attach import control_sequences, messages
from muster.cli.attach.dial import Dialled, Dials
from muster.cli.attach.escapes import Act, Escapes
from muster.cli.attach.outcome import End, Why
from muster.cli.attach.reconnecting_connection import Line
from muster.cli.attach.sequence_filter import Strings
from muster.cli.attach.signals import Signals
from muster.cli.attach.tty import HungUp, Tty
from muster.protocol import terminal as wire

_NOTE = 5.0  # seconds that words stand over the screen
_BRIEF = 1.5  # seconds of a cut that nobody is told of
_FITS = 2.0  # seconds for the other terminal to take one's size
_MOST_UNSENT = 16 << 20  # bytes typed that the server does not take; then nothing is read
_INTERRUPT = b"\x03"
_LEAVES = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)


class Session:
    """One look at a task's terminal. `run` once. `has_begun`: whether anything was seen."""

    def __init__(
        self,
        task_id: int,
        terminal: Tty,
        signals: Signals,
        dialler: Dials,
        *,
        mode: wire.Mode | None,
        take_over: bool,
        patience: float,
    ) -> None:
        """`mode`: None is the most that one may. `take_over`: as soon as one is there."""
        self._task_id, self._tty, self._signals = task_id, terminal, signals
        self._line = Line(task_id, dialler, self, asked=mode, patience=patience)
        self._escapes = Escapes()
        self._strings = Strings()
        self._takes_over = take_over
        self._end: End | None = None
        self._unsent = bytearray()
        self.has_begun = False
        self._note: Sequence[str] = ()
        self._note_until: float | None = None  # the note stands on the screen until then
        self._cut_at: float | None = None
        self._is_cut_told = False
        self._other_size: str | None = None
        self._fitted_at = 0.0  # when one's own size was said last
        self._is_to_fit = False  # its screen is to be drawn anew when it has that size

    def run(self, dialled: Dialled) -> End:
        """Until it is over. The terminal is as it was, whatever ends it."""
        self._line.take(dialled)
        self._tty.enter()
        try:
            while (end := self._end or self._line.end) is None:
                self._turn()
            return end
        except HungUp:
            return End(Why.SIGNAL, signal.SIGHUP)
        finally:
            self._tty.leave(control_sequences.end() if self.has_begun else b"")
            self._line.close()

    # ---- one turn --------------------------------------------------------------------------------

    def _turn(self) -> None:
        poll = select.poll()
        poll.register(self._signals, select.POLLIN)
        if len(self._unsent) < _MOST_UNSENT:
            poll.register(self._tty.keys, select.POLLIN)
        ends = {}
        for end in self._line.ends():
            ends[end.socket.fileno()] = end
            # What the terminal has not taken yet is not to pile up here.
            reads = 0 if self._tty.is_behind else select.POLLIN
            poll.register(end.socket, reads | (select.POLLOUT if end.socket.is_full else 0))
        if self._tty.is_behind:
            poll.register(self._tty.screen, select.POLLOUT)
        for fd, events in poll.poll(self._milliseconds()):
            if fd in ends:
                if events & select.POLLOUT:
                    self._line.write(ends[fd])
                if events & ~select.POLLOUT:
                    self._line.read(ends[fd])
            elif fd == self._tty.keys:
                self._typed(self._tty.read())
            elif fd == self._tty.screen:
                self._tty.flush()
            else:
                self._signalled(self._signals.come())
        if not self._tty.is_behind:
            self._line.shown()
        self._send_unsent()
        self._line.act()
        self._act()

    def _milliseconds(self) -> float | None:
        moments = [at for at in (self._line.due, self._note_until, self._told_at) if at is not None]
        if not moments:
            return None
        return max(0.0, min(moments) - time.monotonic()) * 1000 + 1

    @property
    def _told_at(self) -> float | None:
        """When it is said that the line is cut."""
        is_told = self._cut_at is None or self._is_cut_told
        return None if is_told or self._cut_at is None else self._cut_at + _BRIEF

    def _act(self) -> None:
        """What is due."""
        now = time.monotonic()
        if self._told_at is not None and now >= self._told_at:
            self._is_cut_told = True
            self._line.forget_keys()
            self._draw([messages.CUT])
        if self._note_until is not None and now >= self._note_until:
            self._note_until = None
            self._line.redraw()

    # ---- keys and signals ------------------------------------------------------------------------

    def _typed(self, data: bytes) -> None:
        if self._line.mode == "watch":
            # Nothing goes to a program that would make a line of it, and keys that send several
            # bytes may have a ~ within.
            self._escapes.begin_line()
        for found in self._escapes.feed(data):
            if isinstance(found, Act):
                self._do(found)
            elif self._line.mode == "control" or not self._line.is_live:
                self._send(found)
            elif found == _INTERRUPT:
                self._end = End(Why.INTERRUPTED)
            elif not found.startswith(b"\x1b"):  # which may be an answer of the terminal's own
                self._say(messages.TYPES_NOTHING)

    def _send(self, keys: bytes) -> None:
        if self._is_cut_told:
            return
        self._unsent += keys
        self._send_unsent()

    def _send_unsent(self) -> None:
        if self._unsent and not any(end.socket.is_full for end in self._line.ends()):
            keys, self._unsent = bytes(self._unsent), bytearray()
            self._line.type(keys)

    def _do(self, act: Act) -> None:
        match act:
            case Act.END:
                self._end = End(Why.ASKED)
            case Act.SUSPEND:
                self._suspend()
            case Act.HELP:
                self._say(*messages.HELP)
            case Act.WHO:
                self._say(*messages.looking(self._line.people))
            case Act.TAKE_OVER:
                self._take_over()
            case Act.REDRAW:
                self._line.redraw()

    def _take_over(self) -> None:
        if self._line.may == "watch":
            self._say(messages.MAY_NOT)
            return
        self._line.take_over()
        self._give_size()
        self._say(messages.ALONE)

    def _signalled(self, numbers: set[int]) -> None:
        for number in _LEAVES:
            if number in numbers:
                is_key = number == signal.SIGINT
                self._end = End(Why.INTERRUPTED) if is_key else End(Why.SIGNAL, number)
        if signal.SIGTSTP in numbers:
            self._suspend()
        if signal.SIGCONT in numbers:
            self._go_on()
        if signal.SIGWINCH in numbers:
            self._fit()

    def _suspend(self) -> None:
        self._tty.leave(control_sequences.end())
        self._signals.stop()
        self._go_on()

    def _go_on(self) -> None:
        """The shell had the terminal; what was missed meanwhile nobody wanted to see."""
        self._tty.enter()
        self._tty.write(control_sequences.begin(self._tty.size[1]))
        self._line.anew()

    def _give_size(self) -> None:
        """To a terminal that one controls."""
        self._fitted_at = time.monotonic()
        self._is_to_fit = self._line.mode == "control" and self._line.size != self._tty.size
        self._line.resize(*self._tty.size)

    def _fit(self) -> None:
        self._give_size()
        if self._line.mode == "watch":
            self._line.redraw()
        self.sized()

    # ---- what the line tells ---------------------------------------------------------------------

    def began(self, ready: wire.ViewerReady) -> None:
        is_first, self.has_begun = not self.has_begun, True
        self._cut_at, self._is_cut_told = None, False
        if is_first:
            words_ = messages.greeting(self._task_id, ready.attempt, self._line.mode)
            self._tty.write(f"{words_}\r\n".encode() + control_sequences.begin(self._tty.size[1]))
        if self._takes_over:
            self._takes_over = False
            self._line.take_over()
        self._give_size()

    def came(self, data: bytes) -> None:
        self._tty.write(self._strings.feed(data))

    def drew(self, screen: wire.Screen) -> None:
        self._strings = Strings()
        self._tty.write(control_sequences.clean() + self._strings.feed(screen.data.encode()))
        if self._note_until is not None:
            self._draw(self._note)

    def sized(self) -> None:
        if self._line.size == self._tty.size and self._is_to_fit:
            # What was drawn was drawn for another size.
            self._is_to_fit = False
            self._line.redraw()
        if self._line.mode == "control" and time.monotonic() < self._fitted_at + _FITS:
            return
        said = messages.other_size(self._line.size, self._tty.size, self._line.mode)
        if said != self._other_size:
            self._other_size = said
            if said is not None:
                self._say(said)

    def away(self, why: str) -> None:
        if self._cut_at is None:
            self._cut_at = time.monotonic()

    def back(self) -> None:
        was_told, self._cut_at, self._is_cut_told = self._is_cut_told, None, False
        self._give_size()
        if was_told:
            self._line.redraw()

    def heard(self, frame: wire.Takeover | wire.Refused | wire.Exit) -> None:
        match frame:
            case wire.Takeover(by=by):
                self._say(messages.taken_over(by))
            case wire.Refused(code="gate"):
                self._say(messages.AT_GATE)
            case wire.Refused():
                self._say(messages.MAY_NOT if self._line.may == "watch" else messages.TYPES_NOTHING)
            case wire.Exit(code=code, stage_index=index):
                self._say(messages.stage_ended(code, index))

    # ---- words over the screen -------------------------------------------------------------------

    def _say(self, *lines: str) -> None:
        """For a moment; then the screen is drawn as it is."""
        self._draw(lines)
        self._note = lines
        self._note_until = time.monotonic() + _NOTE

    def _draw(self, lines: Sequence[str]) -> None:
        self._tty.write(control_sequences.note(lines, *self._tty.size))
