"""All terminal sockets of one server process.

Four connections to Redis serve them all. Each socket is held against the rows every two seconds,
some dozens in one statement. All that is shared with other processes is in Redis: with a process
that dies its sockets are gone, and nothing else.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, NoReturn

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app import background_threads, wakeups
from app.domain.terminal import Verdict
from app.redis import subscription
from app.services.logs.terminal_sizes import Sized
from app.services.terminals.open_requests import Watched
from app.services.terminals.socket_checks import GrantCheck
from app.services.terminals.terminals import MachineGrant, ViewerGrant
from app.terminals import viewers
from app.terminals.input_audit import InputAudit
from app.terminals.machine_socket import MachineSocket
from app.terminals.queries import Rows
from app.terminals.reader import Reader
from app.terminals.round_robin import RoundRobin
from app.terminals.store import Store
from app.terminals.stream import Stream
from app.terminals.viewer_socket import Viewer
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.terminal import CloseCode

CHECK_SECONDS = 2.0  # rights that have ended are seen so much later, but logouts at once
SIGN_SECONDS = 10.0  # how often Redis is told that sockets are still there
WANT_SECONDS = 20.0  # how often Postgres is told that a terminal has viewers
IDLE_SECONDS = 30.0  # how long a machine's socket stays when nobody looks

_CODES = {
    Verdict.FORBIDDEN: (CloseCode.FORBIDDEN, "your right to this terminal has ended"),
    Verdict.ENDED: (CloseCode.ENDED, "the task has ended"),
    Verdict.REPLACED: (CloseCode.NO_TERMINAL, "this attempt has ended, the task goes on"),
}

AnyEnd = Viewer | MachineSocket

log = structlog.get_logger(__name__)


class TooMany(Exception):
    """The task, or the developer, has too many sockets open."""


class Relay:
    """The sockets of this process, of viewers and of machines, and the threads that serve them."""

    def __init__(self, redis_url: str, rows: Rows) -> None:
        self._redis_url, self._rows = redis_url, rows
        self._store = Store(redis_url)
        self._reader = Reader(redis_url, self._store)
        self._input_audit = InputAudit(rows.note)
        self._ends: RoundRobin[AnyEnd] = RoundRobin()
        self._sizes: dict[tuple[AttemptKey, int], tuple[int, int]] = {}  # new ones, by offset
        self._is_closing = self._started = False
        self._lock = threading.Lock()

    # ---- sockets ---------------------------------------------------------------------------------

    @contextmanager
    def viewing(self, ws: Any, grant: ViewerGrant, resume_from: int | None) -> Iterator[Viewer]:
        """A viewer, while the context lasts. `resume_from`: the offset of the first byte that it
        lacks; None if it has none. Raises TooMany, RedisError, SQLAlchemyError.
        """
        self._start()
        key = AttemptKey.of(grant)
        stream = self._stream(key)
        viewer = Viewer(ws, self._store, stream, grant, resume_from, self._input_audit.of(grant))
        try:
            if not self._store.admit(viewer.presence, *self._rows.limits()):
                raise TooMany
            stream.listeners.add(viewer)
            self._ends.add(viewer)
            if self._is_closing:
                viewer.end(CloseCode.GOING_AWAY, "this server process is going away")
            self._ask_if_absent(key)
            yield viewer
        finally:
            self._ends.discard(viewer)
            stream.listeners.discard(viewer)
            self._leave_stream(key, stream)
            with suppress(RedisError):
                self._store.leave(viewer.presence)
                viewers.take(self._store, key, viewer.presence, stream.top)
            self._flush()

    @contextmanager
    def holding(self, ws: Any, grant: MachineGrant) -> Iterator[MachineSocket]:
        """A machine's socket, while the context lasts.

        Raises RedisError, ConnectionClosed, OSError.
        """
        self._start()
        machine = MachineSocket(ws, self._store, grant, self._has_room, self._note_size)
        machine.hold()
        older = self._reader.machines.get(machine.key)
        self._reader.machines[machine.key] = machine
        self._ends.add(machine)
        if older is not None:
            older.give_way()
        if self._is_closing:
            machine.end(CloseCode.GOING_AWAY, "this server process is going away")
        self._reader.watch(machine.key, "in")
        try:
            yield machine
        finally:
            self._ends.discard(machine)
            if self._reader.machines.get(machine.key) is machine:
                del self._reader.machines[machine.key]
                self._reader.unwatch(machine.key, "in")
            with suppress(RedisError):
                self._store.let_go(machine.key, machine.id)

    def _has_room(self, machine: MachineSocket) -> None:
        self._reader.look(machine.key, "in")

    def _note_size(self, machine: MachineSocket, offset: int) -> None:
        """Keep the size, to be stored later: a terminal goes on whatever becomes of that."""
        self._sizes[machine.key, offset] = machine.size

    def close_all(self) -> None:
        """End all sockets, since the process is going away: peers connect again, to another one."""
        self._is_closing = True
        for end in self._ends.everybody():
            end.end(CloseCode.GOING_AWAY, "this server process is going away")
        self._flush()

    def _stream(self, key: AttemptKey) -> Stream:
        stream = self._reader.streams.get(key)
        if stream is None:
            top = self._store.top(key)
            stream = self._reader.streams.setdefault(key, Stream(top))
        stream.users += 1
        if stream.users == 1:
            self._reader.watch(key, "out")
        return stream

    def _leave_stream(self, key: AttemptKey, stream: Stream) -> None:
        stream.users -= 1
        if stream.users == 0 and self._reader.streams.get(key) is stream:
            del self._reader.streams[key]
            self._reader.unwatch(key, "out")
            with suppress(RedisError):
                self._store.forget_read(key)

    def _ask_if_absent(self, key: AttemptKey) -> None:
        """Have the machine asked for a socket if it has none: one that has hung up in this moment
        does not know that a viewer has come.
        """
        if not self._store.states([key])[0].is_held:
            with suppress(SQLAlchemyError):
                self._rows.keep([Watched(*key, absent=True)])

    # ---- looking after them ----------------------------------------------------------------------

    def _start(self) -> None:
        with self._lock:
            if self._started:
                return
            self._started = True
        reader = self._reader
        background_threads.start(
            *(reader.listen, reader.read, self._look_after_some, self._look_after),
            self._hear_of_logouts,
        )

    def _look_after(self) -> NoReturn:
        """The thread that does what costs no more for a thousand sockets than for one."""
        while True:
            time.sleep(CHECK_SECONDS)
            for work in (self._reader.sign, self._flush, self._drop_stuck):
                _survive(work)

    def _look_after_some(self) -> NoReturn:
        """The thread that does what costs something for each socket: in turns, so that each has its
        turn every CHECK_SECONDS.
        """
        due = time.monotonic()
        while True:
            ends, turns = self._ends.turn()
            for work in (self._judge, self._sign, self._want):
                _survive(partial(work, ends))
            now = time.monotonic()
            due = max(due + CHECK_SECONDS / turns, now)
            time.sleep(due - now)

    def _hear_of_logouts(self) -> NoReturn:
        """The thread that looks at a developer's sockets when something of theirs has ended."""
        subscription.listen(
            self._redis_url, (wakeups.SIGNED_OUT_CHANNEL,), lambda: None, self._look_at_sockets_of
        )

    def _look_at_sockets_of(self, message: dict[str, Any]) -> None:
        developer_id = int(message["data"])
        ends = [
            end
            for end in self._ends.everybody()
            if isinstance(end, Viewer) and end.grant.session.developer_id == developer_id
        ]
        _survive(partial(self._judge, ends))

    def _judge(self, ends: Sequence[AnyEnd]) -> None:
        """End the sockets that may no longer stay."""
        if not ends:
            return
        found = self._rows.look({number: end.grant for number, end in enumerate(ends)})
        gone = GrantCheck(Verdict.ENDED, at_gate=False)  # where even the rows are gone
        for number, end in enumerate(ends):
            finding = found.get(number, gone)
            if isinstance(end, Viewer):
                end.at_gate = finding.at_gate
            if finding.verdict is not Verdict.STAY:
                end.end(*_CODES[finding.verdict])

    def _sign(self, ends: Sequence[AnyEnd]) -> None:
        """Tell Redis that these sockets are here; end those of machines that no viewer looks at."""
        now = time.monotonic()
        due = [end for end in ends if now >= end.sign_at]
        for end in due:
            end.sign_at = now + SIGN_SECONDS
        watching = [end for end in due if isinstance(end, Viewer)]
        if watching:
            self._store.stay([viewer.presence for viewer in watching])
            self._store.run(*{viewers.renewal(viewer.key) for viewer in watching})
        machines = [end for end in due if isinstance(end, MachineSocket) and not end.is_ending]
        if not machines:
            return
        holders = [(machine.key, machine.id, *machine.size) for machine in machines]
        counts = self._store.go_on_holding(holders)
        for machine, count in zip(machines, counts, strict=True):
            if count is None:
                machine.give_way()
            else:
                self._note_viewers(machine, count)

    def _note_viewers(self, machine: MachineSocket, count: int) -> None:
        now = time.monotonic()
        if count:
            machine.unwatched_since = None
        elif machine.unwatched_since is None:
            machine.unwatched_since = now
        elif now >= machine.unwatched_since + IDLE_SECONDS:
            self._rows.unwant(*machine.key)
            machine.end(CloseCode.NORMAL, "nobody looks")

    def _want(self, ends: Sequence[AnyEnd]) -> None:
        """Tell Postgres which terminals have viewers; machines that are not there are asked."""
        keys = sorted({end.key for end in ends if isinstance(end, Viewer)})
        if not keys:
            return
        states = zip(keys, self._store.states(keys), strict=True)
        watched = [Watched(*key, absent=not state.is_held) for key, state in states]
        due = [one for one in watched if self._is_due(one) or one.absent]
        if due:
            self._rows.keep(due)

    def _is_due(self, watched: Watched) -> bool:
        """Whether it is time to tell Postgres again that the terminal has viewers."""
        stream, now = self._reader.streams.get(AttemptKey(*watched[:2])), time.monotonic()
        if stream is None or now < stream.want_at:
            return False
        stream.want_at = now + WANT_SECONDS
        return True

    def _flush(self) -> None:
        with suppress(SQLAlchemyError):
            self._input_audit.flush()
            self._flush_sizes()

    def _flush_sizes(self) -> None:
        sizes, self._sizes = self._sizes, {}
        if not sizes:
            return
        try:
            self._rows.note_sizes([Sized(*key, at, *size) for (key, at), size in sizes.items()])
        except SQLAlchemyError:
            self._sizes = {**sizes, **self._sizes}
            raise

    def _drop_stuck(self) -> None:
        for end in self._ends.everybody():
            end.drop_if_stuck()


def _survive(work: Callable[[], None]) -> None:
    """Whatever the work raises, sockets stay: the next look judges them."""
    background_threads.survive(log, "terminals_not_looked_after", work, SQLAlchemyError, RedisError)
