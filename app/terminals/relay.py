"""All terminal sockets of one server process.

Four connections to Redis serve them all. Each socket is checked against the rows every two seconds,
some dozens per statement. All shared state is in Redis: a dying process loses only its own sockets.
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
from app.services.logs.terminal_sizes import TerminalResize
from app.services.terminals.open_requests import WatchedTerminal
from app.services.terminals.socket_checks import GrantCheck
from app.services.terminals.terminals import MachineGrant, ViewerGrant
from app.terminal_keys import TerminalKey
from app.terminals import viewers
from app.terminals.input_audit import InputAudit
from app.terminals.machine_socket import MachineSocket
from app.terminals.queries import TerminalQueries
from app.terminals.reader import Reader
from app.terminals.round_robin import RoundRobin
from app.terminals.store import Store
from app.terminals.stream import Stream
from app.terminals.viewer_socket import ViewerSocket
from muster.protocol.terminal import CloseCode

CHECK_SECONDS = 2.0  # delay until revoked rights apply; logouts apply at once
PRESENCE_SECONDS = 10.0  # how often presence in Redis is renewed
REQUEST_SECONDS = 20.0  # how often requests in Postgres are renewed
IDLE_TIMEOUT_SECONDS = 30.0  # how long a machine's socket stays without viewers

_CODES = {
    Verdict.FORBIDDEN: (CloseCode.FORBIDDEN, "you no longer have access to this terminal"),
    Verdict.ENDED: (CloseCode.ENDED, "the task has ended"),
    Verdict.REPLACED: (
        CloseCode.NO_TERMINAL,
        "this attempt has ended; the task continues in another",
    ),
    Verdict.STAGE_ENDED: (CloseCode.SHELL_ENDED, "the stage has ended"),
}

AnySocket = ViewerSocket | MachineSocket

log = structlog.get_logger(__name__)


class TooManySockets(Exception):
    """The task, or the developer, has too many sockets open."""


class Relay:
    """The sockets of this process, of viewers and of machines, and the threads that serve them."""

    def __init__(self, redis_url: str, rows: TerminalQueries) -> None:
        self._redis_url, self._queries = redis_url, rows
        self._store = Store(redis_url)
        self._reader = Reader(redis_url, self._store)
        self._input_audit = InputAudit(rows.store_input)
        self._sockets: RoundRobin[AnySocket] = RoundRobin()
        self._sizes: dict[tuple[TerminalKey, int], tuple[int, int]] = {}  # new ones, by offset
        self._is_closing = self._is_started = False
        self._lock = threading.Lock()

    # ---- sockets ---------------------------------------------------------------------------------

    @contextmanager
    def open_viewer(
        self, ws: Any, grant: ViewerGrant, resume_from: int | None
    ) -> Iterator[ViewerSocket]:
        """Open a viewer until the context ends.

        `resume_from`: the offset of the first byte that it lacks; None if it has none. Raises
        TooManySockets, RedisError, SQLAlchemyError.
        """
        self._start()
        key = TerminalKey.from_object(grant)
        stream = self._acquire_stream(key)
        viewer = ViewerSocket(
            ws, self._store, stream, grant, resume_from, self._input_audit.counter_for(grant)
        )
        try:
            if not self._store.add_presence(viewer.presence, *self._queries.limits()):
                raise TooManySockets
            stream.listeners.add(viewer)
            self._sockets.add(viewer)
            if self._is_closing:
                viewer.request_close(CloseCode.GOING_AWAY, "this server process is stopping")
            self._request_if_absent(key)
            yield viewer
        finally:
            self._sockets.discard(viewer)
            stream.listeners.discard(viewer)
            self._release_stream(key, stream)
            with suppress(RedisError):
                self._store.remove_presence(viewer.presence)
                viewers.remove(self._store, key, viewer.presence, stream.top)
            self._flush()

    @contextmanager
    def open_machine(self, ws: Any, grant: MachineGrant) -> Iterator[MachineSocket]:
        """Open a machine's socket until the context ends.

        Raises RedisError, ConnectionClosed, OSError.
        """
        self._start()
        done = (self._resume_input, self._record_size, self._cancel_request)
        machine = MachineSocket(ws, self._store, grant, *done)
        machine.claim()
        older = self._reader.machines.get(machine.key)
        self._reader.machines[machine.key] = machine
        self._sockets.add(machine)
        if older is not None:
            older.close_replaced()
        if self._is_closing:
            machine.request_close(CloseCode.GOING_AWAY, "this server process is stopping")
        self._reader.watch(machine.key, "in")
        try:
            yield machine
        finally:
            self._sockets.discard(machine)
            if self._reader.machines.get(machine.key) is machine:
                del self._reader.machines[machine.key]
                self._reader.unwatch(machine.key, "in")
            with suppress(RedisError):
                self._store.release(machine.key, machine.id)

    def _resume_input(self, machine: MachineSocket) -> None:
        self._reader.request_read(machine.key, "in")

    def _record_size(self, machine: MachineSocket, offset: int) -> None:
        """Record the size, to be stored later: a failure must not affect the terminal."""
        if not machine.key.is_shell:  # which isn't recorded
            self._sizes[machine.key, offset] = machine.size

    def _cancel_request(self, machine: MachineSocket) -> None:
        with suppress(SQLAlchemyError):  # then it starts another shell, which nobody sees
            self._queries.cancel_request(machine.key)

    def close_all(self) -> None:
        """End all sockets because the process is stopping: peers reconnect to another one."""
        self._is_closing = True
        for end in self._sockets.all_members():
            end.request_close(CloseCode.GOING_AWAY, "this server process is stopping")
        self._flush()

    def _acquire_stream(self, key: TerminalKey) -> Stream:
        stream = self._reader.streams.get(key)
        if stream is None:
            top = self._store.last_entry_id(key)
            stream = self._reader.streams.setdefault(key, Stream(top))
        stream.users += 1
        if stream.users == 1:
            self._reader.watch(key, "out")
        return stream

    def _release_stream(self, key: TerminalKey, stream: Stream) -> None:
        stream.users -= 1
        if stream.users == 0 and self._reader.streams.get(key) is stream:
            del self._reader.streams[key]
            self._reader.unwatch(key, "out")
            with suppress(RedisError):
                self._store.forget_read(key)

    def _request_if_absent(self, key: TerminalKey) -> None:
        """Request a socket from the machine if it has none: one that just closed doesn't know
        about the new viewer.
        """
        if not self._store.states([key])[0].has_machine:
            with suppress(SQLAlchemyError):
                self._queries.renew_requests([WatchedTerminal(*key, absent=True)])

    # ---- maintenance -----------------------------------------------------------------------------

    def _start(self) -> None:
        with self._lock:
            if self._is_started:
                return
            self._is_started = True
        reader = self._reader
        background_threads.start_threads(
            *(reader.listen, reader.read, self._run_socket_checks, self._run_maintenance),
            self._listen_for_sign_outs,
        )

    def _run_maintenance(self) -> NoReturn:
        """The thread for work whose cost doesn't depend on the number of sockets."""
        while True:
            time.sleep(CHECK_SECONDS)
            for work in (self._reader.ping, self._flush, self._drop_stuck):
                _run_logged(work)

    def _run_socket_checks(self) -> NoReturn:
        """The thread for work per socket: in turns, so that each is checked every CHECK_SECONDS."""
        due = time.monotonic()
        while True:
            ends, turns = self._sockets.next_batch()
            for work in (self._check_grants, self._renew_presence, self._renew_requests):
                _run_logged(partial(work, ends))
            now = time.monotonic()
            due = max(due + CHECK_SECONDS / turns, now)
            time.sleep(due - now)

    def _listen_for_sign_outs(self) -> NoReturn:
        """The thread that checks a developer's sockets when one of their logins or rights has
        ended.
        """
        subscription.listen(
            self._redis_url, (wakeups.SIGNED_OUT_CHANNEL,), lambda: None, self._handle_sign_out
        )

    def _handle_sign_out(self, message: dict[str, Any]) -> None:
        developer_id = int(message["data"])
        ends = [
            end
            for end in self._sockets.all_members()
            if isinstance(end, ViewerSocket) and end.grant.session.developer_id == developer_id
        ]
        _run_logged(partial(self._check_grants, ends))

    def _check_grants(self, ends: Sequence[AnySocket]) -> None:
        """End the sockets that must no longer stay."""
        if not ends:
            return
        found = self._queries.check_grants({number: end.grant for number, end in enumerate(ends)})
        gone = GrantCheck(Verdict.ENDED, at_gate=False)  # even the rows are deleted
        for number, end in enumerate(ends):
            finding = found.get(number, gone)
            if isinstance(end, ViewerSocket):
                end.is_at_gate = finding.at_gate
            if finding.verdict is not Verdict.STAY:
                end.request_close(*_CODES[finding.verdict])

    def _renew_presence(self, ends: Sequence[AnySocket]) -> None:
        """Renew the sockets' presence in Redis; end those of machines without viewers."""
        now = time.monotonic()
        due = [end for end in ends if now >= end.presence_due_at]
        for end in due:
            end.presence_due_at = now + PRESENCE_SECONDS
        watching = [end for end in due if isinstance(end, ViewerSocket)]
        if watching:
            self._store.renew_presence([viewer.presence for viewer in watching])
            self._store.run(*{viewers.renew_command(viewer.key) for viewer in watching})
        machines = [end for end in due if isinstance(end, MachineSocket) and not end.is_closing]
        if not machines:
            return
        holders = [(machine.key, machine.id, *machine.size) for machine in machines]
        counts = self._store.renew_claims(holders)
        for machine, count in zip(machines, counts, strict=True):
            if count is None:
                machine.close_replaced()
            else:
                self._close_if_unwatched(machine, count)

    def _close_if_unwatched(self, machine: MachineSocket, count: int) -> None:
        now = time.monotonic()
        if count:
            machine.unwatched_since = None
        elif machine.unwatched_since is None:
            machine.unwatched_since = now
        elif now >= machine.unwatched_since + IDLE_TIMEOUT_SECONDS:
            self._queries.cancel_request(machine.key)
            machine.request_close(CloseCode.NORMAL, "no viewers")

    def _renew_requests(self, ends: Sequence[AnySocket]) -> None:
        """Renew the requests of terminals with viewers in Postgres; request absent machines'
        sockets.
        """
        seeing = (end for end in ends if isinstance(end, ViewerSocket) and not end.is_leaving)
        keys = sorted({end.key for end in seeing})
        if not keys:
            return
        states = zip(keys, self._store.states(keys), strict=True)
        watched = [WatchedTerminal(*key, absent=not state.has_machine) for key, state in states]
        due = [one for one in watched if self._is_due(one) or one.absent]
        if due:
            self._queries.renew_requests(due)

    def _is_due(self, watched: WatchedTerminal) -> bool:
        """Whether to renew the terminal's request in Postgres."""
        stream, now = self._reader.streams.get(TerminalKey(*watched[:3])), time.monotonic()
        if stream is None or now < stream.request_due_at:
            return False
        stream.request_due_at = now + REQUEST_SECONDS
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
            self._queries.store_sizes(
                [TerminalResize(*key[:2], at, *size) for (key, at), size in sizes.items()]
            )
        except SQLAlchemyError:
            self._sizes = {**sizes, **self._sizes}
            raise

    def _drop_stuck(self) -> None:
        for end in self._sockets.all_members():
            end.drop_if_stuck()


def _run_logged(work: Callable[[], None]) -> None:
    """Run the work; if it raises, sockets stay until the next check."""
    background_threads.run_logged(log, "terminals_not_checked", work, SQLAlchemyError, RedisError)
