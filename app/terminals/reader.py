"""What the terminals of a process get from Redis: news on one connection, streams on another.

Each addition to a stream is published on the stream's channel; a short piece goes along with that
news, so that it need not be read. A channel may lose news, and nothing hangs on them: a piece is
taken only where it follows what is here already, everything else is read from the stream, and every
stream is looked at from time to time.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import structlog
from redis.exceptions import RedisError

from app import background_threads
from app.terminals.command_queue import client
from app.terminals.machine_socket import MachineSocket
from app.terminals.store import Store
from app.terminals.stream import Stream, parse, parse_id, spell
from muster.protocol.attempt_key import AttemptKey

COUNT = 8  # entries of a stream in one read
SWEEP_SECONDS = 0.5
SWEPT = 64  # streams that are looked at then, in turn: all at once would be a pause for everybody
SIGN_SECONDS = 5.0  # half of how long the news' connection may be silent before it counts as dead
_PART = 256  # streams in one read
_NOTHING = "muster:pty"  # always subscribed to; nothing is published there

log = structlog.get_logger(__name__)


class Reader:
    """Reads streams of output into `streams`, and of input into `machines`, on two threads."""

    def __init__(self, url: str, store: Store) -> None:
        self.streams: dict[AttemptKey, Stream] = {}
        self.machines: dict[AttemptKey, MachineSocket] = {}
        self._store = store
        self._news_pool = client(url, timeout=SIGN_SECONDS * 2).connection_pool
        self._line: Any = None  # the connection of the news, while there is one
        self._lock = threading.Lock()
        # Channels whose streams are to be read, and those of which one is being read: what is found
        # there may be older than news that come meanwhile, so that no piece of news is taken then.
        self._unread: set[bytes] = set()
        self._in_reading: set[bytes] = set()
        self._some = threading.Event()
        self._ends: dict[bytes, tuple[str, AttemptKey]] = {}
        self._sweep_at = 0.0
        self._unswept: list[bytes] = []

    # ---- what is read ----------------------------------------------------------------------------

    def watch(self, key: AttemptKey, part: str) -> None:
        """Have a stream of the attempt read from now on: `out` for viewers, `in` for a machine."""
        channel = self._store.channel(key, part)
        with self._lock:
            self._ends[channel] = part, key
            self._unread.add(channel)
            self._tell_redis("SUBSCRIBE", channel)
        self._some.set()

    def unwatch(self, key: AttemptKey, part: str) -> None:
        """Have the stream read no longer."""
        channel = self._store.channel(key, part)
        with self._lock:
            if self._ends.pop(channel, None) is not None:
                self._tell_redis("UNSUBSCRIBE", channel)

    def look(self, key: AttemptKey, part: str) -> None:
        """Have the stream read soon, whether there is news or not."""
        with self._lock:
            self._unread.add(self._store.channel(key, part))
        self._some.set()

    def _tell_redis(self, *command: bytes | str) -> None:
        if self._line is not None:
            try:
                self._line.send_packed_command(
                    self._line.pack_commands([command]), check_health=False
                )
            except RedisError:
                self._line = None  # the listening thread finds out, and subscribes to all anew

    # ---- news ------------------------------------------------------------------------------------

    def listen(self) -> NoReturn:
        """The thread that hears the news."""
        while True:
            self._keep_at(self._listen)

    def sign(self) -> None:
        """Have Redis answer on the news' connection, so that a dead one is found out."""
        with self._lock:
            self._tell_redis("PING")

    def _listen(self) -> None:
        line = self._news_pool.get_connection()
        try:
            with self._lock:
                self._line = line
                self._tell_redis("SUBSCRIBE", _NOTHING, *self._ends)
            while True:
                kind, *rest = line.read_response()
                if kind == b"message":
                    self._hear(*rest)
                elif kind == b"subscribe":
                    self._doubt(rest[0])
        finally:
            with self._lock:
                self._line = None
            line.disconnect()
            self._news_pool.release(line)

    def _doubt(self, channel: bytes) -> None:
        """Have a channel's stream read, since news before its subscription were missed."""
        with self._lock:
            self._unread.add(channel)
        self._some.set()

    def _hear(self, channel: bytes, news: bytes) -> None:
        part, key = self._ends.get(channel, ("", AttemptKey(0, 0)))
        with self._lock:
            is_known = channel not in self._unread and channel not in self._in_reading
            if news and part == "out" and is_known and self._takes_output(key, news):
                return
            if news and part == "in" and self._takes_input(key, news, is_known):
                return
            self._unread.add(channel)
        self._some.set()

    def _takes_output(self, key: AttemptKey, news: bytes) -> bool:
        """Whether the bytes of the news are in their stream now, so that it need not be read."""
        id_, _, data = news.partition(b" ")
        stream = self.streams.get(key)
        return stream is None or stream.follow(parse_id(id_), data)

    def _takes_input(self, key: AttemptKey, news: bytes, is_known: bool) -> bool:
        """Whether the machine has the input of the news now, so that it need not be read.

        That a newer socket holds the attempt is heard in any case, wherever in the stream it lies.
        """
        spelled, field, value = news.split(b" ", 2)
        id_, machine = parse_id(spelled), self.machines.get(key)
        if machine is None:
            return True
        if field == b"h":
            machine.hear_holder(id_, value)
            return False
        if not is_known:
            return False
        if id_ > machine.taken:
            machine.put([(id_, {field: value})])
        return True

    # ---- reading ---------------------------------------------------------------------------------

    def read(self) -> NoReturn:
        """The thread that reads the streams."""
        while True:
            self._some.wait(max(0.0, self._sweep_at - time.monotonic()))
            self._some.clear()
            if time.monotonic() >= self._sweep_at:
                self._sweep_at = time.monotonic() + SWEEP_SECONDS
                self._sweep()
            self._keep_at(self._read)

    def _sweep(self) -> None:
        with self._lock:
            self._unswept = self._unswept or list(self._ends)
            self._unread.update(self._unswept[-SWEPT:])
            del self._unswept[-SWEPT:]

    def _read(self) -> None:
        with self._lock:
            self._in_reading, self._unread = self._unread, set()
            channels = sorted(self._in_reading)
        try:
            for start in range(0, len(channels), _PART):
                self._read_some(channels[start : start + _PART])
        except RedisError:
            with self._lock:
                self._unread |= self._in_reading
            raise
        finally:
            with self._lock:
                self._in_reading = set()

    def _read_some(self, channels: list[bytes]) -> None:
        places: dict[str, str] = {}
        takers: dict[bytes, tuple[bytes, Callable[[Any], None]]] = {}
        for channel in channels:
            part, key = self._ends.get(channel, ("", AttemptKey(0, 0)))
            stream, machine = self.streams.get(key), self.machines.get(key)
            take: Callable[[Any], None]
            if part == "out" and stream is not None:
                seen, take = stream.top, partial(_add, stream)
            elif part == "in" and machine is not None and not machine.is_full:
                seen, take = machine.taken, partial(_put, machine)
            else:
                continue  # the taker is gone; or full, and has `look` called when it has room
            place = self._store.place(key, part)
            places[place] = spell(seen)
            takers[place.encode()] = channel, take
        for name, rows in self._store.news(places, COUNT) if places else ():
            channel, take = takers[name]
            with self._lock:
                take(rows)
                if len(rows) == COUNT:
                    self._unread.add(channel)
                    self._some.set()

    def _keep_at(self, work: Callable[[], None]) -> None:
        """Do the work; pause if it raises. All terminals of the process hang on these threads."""
        if not background_threads.survive(log, "terminals_not_read", work, RedisError):
            time.sleep(1)


def _add(stream: Stream, rows: Any) -> None:
    stream.add(parse(rows))


def _put(machine: MachineSocket, rows: Any) -> None:
    """Give the machine the rows that it has not taken yet: news may have brought some of them."""
    fresh = [(parse_id(id_), {field: value}) for id_, (field, value, *_) in rows]
    machine.put([(id_, fields) for id_, fields in fresh if id_ > machine.taken])
