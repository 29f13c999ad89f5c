"""One's line to a task's terminal: it comes back by itself, to the byte, after a cut.

Nothing here waits. Whoever has it looks at its `ends`, calls `act` when it is `due` or the dialler
has answered, and is told as a `Hearer` what is to be shown.
"""

import time

from muster.cli.attach.attachment import Attachment, Gone
from muster.cli.attach.dial import Answer, Dialled, Dials, Unreachable, Wish
from muster.cli.attach.listener import Hearer
from muster.cli.attach.outcome import BY_CODE, End, Why
from muster.cli.attach.position import NOWHERE, BeginAnew
from muster.cli.attach.retry import Retry
from muster.protocol import terminal as wire
from muster.protocol.terminal import CloseCode

_SWITCH = 1.0  # seconds that a new screen waits for the old line to be as far
_HELD = 4096  # bytes that are kept of what is typed while a line is cut
_LOGINS = 3  # times that a token may be no good, one after the other


class Line:
    """`mode`, `size` and `people` are as the server said last. `end`: when it is over."""

    def __init__(
        self,
        task_id: int,
        dialler: Dials,
        hearer: Hearer,
        *,
        asked: wire.Mode | None = None,
        patience: float = 600.0,
    ) -> None:
        """`asked`: None is the most that one may. `patience`: seconds for which a server that is
        away is looked for."""
        self._task_id, self._dialler, self._hearer = task_id, dialler, hearer
        self._asked = asked
        self.mode: wire.Mode = "watch"
        self.may: wire.Mode = "watch"
        self.size = (0, 0)  # columns, rows
        self.people: list[wire.Looker] = []
        self.end: End | None = None
        self._current: Attachment | None = None
        self._fresh: Attachment | None = None
        self._place = NOWHERE  # of the line that was lost
        self._awaited: int | None = None  # the number of the answer that is to be the line
        self._awaited_fresh: int | None = None
        self._retry = Retry(patience)
        self._bad_logins = 0
        self._watches = False  # by choice, or because somebody else took over
        self._keys = b""

    # ---- what one does with it -------------------------------------------------------------------

    def take(self, dialled: Dialled) -> None:
        """What was dialled is the line."""
        self._current = Attachment(dialled, self._place)
        self.may = dialled.may

    @property
    def is_live(self) -> bool:
        return self._current is not None and self._current.ready is not None

    def type(self, keys: bytes) -> None:
        """To the program; the first few are kept while the line is cut."""
        if self._current is None or not self.is_live:
            self._keys += keys[: max(0, _HELD - len(self._keys))]
            return
        try:
            self._current.type(keys)
        except Gone as gone:
            self._gone(self._current, gone)

    def forget_keys(self) -> None:
        """What was typed into a cut line is not to be typed late."""
        self._keys = b""

    def resize(self, cols: int, rows: int) -> None:
        """What one's own terminal holds. Of no effect for who watches."""
        cols, rows = (min(max(side, 1), wire.MAX_SIDE) for side in (cols, rows))
        if self.mode == "control" and (cols, rows) != self.size:
            self._say(wire.Resize(cols=cols, rows=rows))

    def take_over(self) -> None:
        """I alone type. Refused to who may only watch."""
        self._watches, self.mode = False, self.may
        self._say(wire.Takeover())

    def shown(self) -> None:
        """All that came is on the screen."""
        line = self._current
        if line is not None and line.ready is not None:
            try:
                line.tell_shown()
            except Gone as gone:
                self._gone(line, gone)

    def redraw(self) -> None:
        """Have the screen as it is now, and lose no byte for it."""
        if self.is_live and self._awaited_fresh is None and self._fresh is None:
            self._awaited_fresh = self._dialler.ask(self._wish(None))

    def anew(self) -> None:
        """Drop the line for one that begins with the screen as it is now."""
        self._drop()
        self._place = NOWHERE
        self._retry.lost(time.monotonic())
        self._awaited = self._dialler.ask(self._wish(None))

    def close(self) -> None:
        for line in self.ends():
            line.close()
        self._fresh = self._current = None

    # ---- for the loop ----------------------------------------------------------------------------

    def ends(self) -> list[Attachment]:
        return [line for line in (self._current, self._fresh) if line is not None]

    @property
    def due(self) -> float | None:
        """When `act` has something to do, by the monotonic clock."""
        moments = [line.dead_at for line in self.ends()]
        if self._fresh is not None and self._fresh.screen is not None:
            moments.append(self._fresh.screen_at + _SWITCH)
        if self._current is None:
            moments += [at for at in (self._retry.due, self._retry.over_at) if at is not None]
        return min(moments, default=None)

    def act(self) -> None:
        """Whatever is due, and what the dialler has answered."""
        for number, answer in self._dialler.answers():
            self._answered(number, answer)
        now = time.monotonic()
        for line in self.ends():
            if now >= line.dead_at:
                self._gone(line, Gone("it says nothing any more"))
        self._switch_when_due(now)
        if self._current is None and self.end is None:
            self._dial_when_due(now)

    def read(self, line: Attachment) -> None:
        """What has come over it."""
        try:
            for said in line.read():
                if line not in self.ends():
                    return
                line.go_on(said)
                if line is self._fresh:
                    self._hold(line, said)
                else:
                    self._take(line, said)
        except BeginAnew:
            self.anew()
        except Gone as gone:
            self._gone(line, gone)

    def write(self, line: Attachment) -> None:
        """What was left unsent."""
        try:
            line.flush()
        except Gone as gone:
            self._gone(line, gone)

    # ---- what comes ------------------------------------------------------------------------------

    def _take(self, line: Attachment, said: bytes | wire.ToViewer) -> None:
        match said:
            case bytes():
                self._hearer.came(said)
                self._switch_when_due(time.monotonic())
            case wire.ViewerReady():
                self._is_ready(line, said)
            case wire.Screen(cols=cols, rows=rows):
                self._hearer.drew(said)
                line.tell_shown(at_once=True)
                self._is_sized(cols, rows)
            case wire.Resize(cols=cols, rows=rows):
                self._is_sized(cols, rows)
            case wire.Viewers(people=people):
                self.people = people
            case wire.Ping():
                line.say(wire.Pong())
            case wire.Takeover() | wire.Refused(code="watching"):
                self._watches, self.mode = True, "watch"
                self._hearer.heard(said)
            case wire.Refused() | wire.Exit():
                self._hearer.heard(said)

    def _is_ready(self, line: Attachment, ready: wire.ViewerReady) -> None:
        is_new = self._place.attempt is None
        self._retry.back()
        self._bad_logins = 0
        # Who watches has said so behind `auth`, which is not heard before `ready` is sent.
        self.mode = "watch" if self._watches else ready.mode
        if is_new:
            self._hearer.began(ready)
        else:
            self._hearer.back()
        self._is_sized(ready.cols, ready.rows)
        if self._keys and self.mode == "control":
            line.type(self._keys)
        self._keys = b""

    def _is_sized(self, cols: int, rows: int) -> None:
        self.size = (cols, rows)
        self._hearer.sized()

    # ---- a new screen ----------------------------------------------------------------------------

    def _hold(self, fresh: Attachment, said: bytes | wire.ToViewer) -> None:
        """What comes to a line that is to take the other's place."""
        if not isinstance(said, wire.ViewerReady):
            fresh.held.append(said)
        elif self._current is None or said.attempt != self._current.place.attempt:
            self._fresh = None
            fresh.cut()
        self._switch_when_due(time.monotonic())

    def _switch_when_due(self, now: float) -> None:
        """As soon as all bytes that the screen stands for have been shown."""
        fresh, current = self._fresh, self._current
        if fresh is None or fresh.screen is None:
            return
        is_there = current is None or current.place.offset >= fresh.screen.offset
        if is_there or now >= fresh.screen_at + _SWITCH:
            self._switch(fresh)

    def _switch(self, fresh: Attachment) -> None:
        if self._current is not None:
            self._current.cut()
        self._current, self._fresh = fresh, None
        held, fresh.held = fresh.held, []
        for said in held:
            self._take(fresh, said)

    # ---- dialling --------------------------------------------------------------------------------

    def _wish(self, resume_from: int | None) -> Wish:
        first = (wire.Watch(),) if self._watches and self._asked != "watch" else ()
        return Wish(self._task_id, self._asked, resume_from, first)

    def _dial_when_due(self, now: float) -> None:
        if self._retry.over_at is not None and now >= self._retry.over_at:
            self.end = End(Why.LOST)
        elif self._retry.due is not None and now >= self._retry.due:
            self._retry.lost(now)
            self._awaited = self._dialler.ask(self._wish(self._place.resume_from))

    def _answered(self, number: int, answer: Answer) -> None:
        if number == self._awaited:
            self._awaited = None
            match answer:
                case Dialled():
                    self.take(answer)
                case End(why=Why.NO_STAGE) if self._place.attempt and not self._retry.idle():
                    self._fail("nothing of the task runs")  # it may come back
                case End():
                    self.end = answer
                case Unreachable():
                    self._fail(str(answer))
            return
        is_fresh = number == self._awaited_fresh
        if is_fresh:
            self._awaited_fresh = None
        if isinstance(answer, Dialled):
            if is_fresh and self.is_live:
                self._fresh = Attachment(answer)
            else:
                answer.socket.cut()  # nobody waits for it any more

    def _fail(self, why: str) -> None:
        self._retry.failed(time.monotonic())
        self._hearer.away(why)

    # ---- its ends --------------------------------------------------------------------------------

    def _gone(self, line: Attachment, gone: Gone) -> None:
        if line is not self._current:
            line.cut()
            self._fresh = None if line is self._fresh else self._fresh
            return
        code = gone.code
        if code in BY_CODE:
            self.end = End(BY_CODE[code])
        elif code == CloseCode.NO_TERMINAL:
            self.anew()
        elif code == CloseCode.UNAUTHENTICATED and self._bad_logins >= _LOGINS:
            self.end = End(Why.SIGNED_OUT)
        elif code == CloseCode.TOO_MANY and line.place.attempt is None:
            self.end = End(Why.FULL)
        else:
            self._bad_logins += code == CloseCode.UNAUTHENTICATED
            self._lost(str(gone))
        if self.end is not None:
            self._drop()

    def _lost(self, why: str) -> None:
        if self._fresh is not None and self._fresh.screen is not None:
            self._switch(self._fresh)
        else:
            self._drop()
            self._fail(why)

    def _drop(self) -> None:
        if self._current is not None and self._current.has_shown:
            self._place = self._current.place
        for line in self.ends():
            line.cut()
        self._fresh = self._current = None
        self._awaited = self._awaited_fresh = None

    def _say(self, frame: wire.TerminalFrame) -> None:
        line = self._current
        if line is not None and line.ready is not None:
            try:
                line.say(frame)
            except Gone as gone:
                self._gone(line, gone)
