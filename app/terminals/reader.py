"""A process's terminal data from Redis: messages on one connection, streams on another.

Each addition to a stream is published on the stream's channel, with a short chunk included, so that
it need not be read. Messages may be lost without harm: a chunk is used only if it follows what is
here; everything else is read from the stream, and every stream is polled from time to time.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import structlog
from redis.exceptions import RedisError

from app import background_threads
from app.terminal_keys import TerminalKey
from app.terminals.command_queue import create_client
from app.terminals.machine_socket import MachineSocket
from app.terminals.store import Store
from app.terminals.stream import Stream, format_id, parse_entries, parse_id

BATCH_ENTRIES = 8  # entries per read of a stream
SWEEP_SECONDS = 0.5
SWEEP_STREAMS = 64  # streams polled per turn: all at once would pause everything else
PING_SECONDS = 5.0  # half the time after which a silent subscription counts as dead
_BATCH_STREAMS = 256  # streams per read
_IDLE_CHANNEL = "muster:terminal"  # always subscribed to; nothing is published there

log = structlog.get_logger(__name__)


class Reader:
    """Reads output streams into `streams`, and input streams into `machines`, on two threads."""

    def __init__(self, url: str, store: Store) -> None:
        self.streams: dict[TerminalKey, Stream] = {}
        self.machines: dict[TerminalKey, MachineSocket] = {}
        self._store = store
        self._pool = create_client(url, timeout=PING_SECONDS * 2).connection_pool
        self._connection: Any = None  # the subscription's connection, while there is one
        self._lock = threading.Lock()
        # Channels whose streams must be read, and those being read. A read may return older entries
        # than later messages, so no message is used meanwhile.
        self._unread: set[bytes] = set()
        self._being_read: set[bytes] = set()
        self._wakeup = threading.Event()
        self._watched: dict[bytes, tuple[str, TerminalKey]] = {}
        self._sweep_at = 0.0
        self._unswept: list[bytes] = []

    # ---- watched streams -------------------------------------------------------------------------

    def watch(self, key: TerminalKey, part: str) -> None:
        """Read a stream of the attempt from now on: `out` for viewers, `in` for a machine."""
        channel = self._store.channel(key, part)
        with self._lock:
            self._watched[channel] = part, key
            self._unread.add(channel)
            self._send_command("SUBSCRIBE", channel)
        self._wakeup.set()

    def unwatch(self, key: TerminalKey, part: str) -> None:
        """Stop reading the stream."""
        channel = self._store.channel(key, part)
        with self._lock:
            if self._watched.pop(channel, None) is not None:
                self._send_command("UNSUBSCRIBE", channel)

    def request_read(self, key: TerminalKey, part: str) -> None:
        """Read the stream soon, with or without a message."""
        with self._lock:
            self._unread.add(self._store.channel(key, part))
        self._wakeup.set()

    def _send_command(self, *command: bytes | str) -> None:
        if self._connection is not None:
            try:
                self._connection.send_packed_command(
                    self._connection.pack_commands([command]), check_health=False
                )
            except RedisError:
                self._connection = (
                    None  # the listening thread notices, and subscribes to everything again
                )

    # ---- messages --------------------------------------------------------------------------------

    def listen(self) -> NoReturn:
        """The listening thread."""
        while True:
            self._run_or_pause(self._listen)

    def ping(self) -> None:
        """Make Redis answer on the subscription, to detect a dead connection."""
        with self._lock:
            self._send_command("PING")

    def _listen(self) -> None:
        line = self._pool.get_connection()
        try:
            with self._lock:
                self._connection = line
                self._send_command("SUBSCRIBE", _IDLE_CHANNEL, *self._watched)
            while True:
                kind, *rest = line.read_response()
                if kind == b"message":
                    self._handle_message(*rest)
                elif kind == b"subscribe":
                    self._mark_unread(rest[0])
        finally:
            with self._lock:
                self._connection = None
            line.disconnect()
            self._pool.release(line)

    def _mark_unread(self, channel: bytes) -> None:
        """Mark a channel's stream to be read, because messages before the subscription were
        missed.
        """
        with self._lock:
            self._unread.add(channel)
        self._wakeup.set()

    def _handle_message(self, channel: bytes, news: bytes) -> None:
        part, key = self._watched.get(channel, ("", TerminalKey(0, 0)))
        with self._lock:
            is_known = channel not in self._unread and channel not in self._being_read
            if news and part == "out" and is_known and self._apply_output(key, news):
                return
            if news and part == "in" and self._apply_input(key, news, is_known):
                return
            self._unread.add(channel)
        self._wakeup.set()

    def _apply_output(self, key: TerminalKey, news: bytes) -> bool:
        """Apply a message; return whether its bytes are now in the stream, so it need not be
        read.
        """
        id_, _, data = news.partition(b" ")
        stream = self.streams.get(key)
        return stream is None or stream.append_published(parse_id(id_), data)

    def _apply_input(self, key: TerminalKey, news: bytes, is_known: bool) -> bool:
        """Apply a message; return whether the machine now has its input, so it need not be read.

        A claim by a newer socket applies in any case, wherever it is in the stream.
        """
        spelled, field, value = news.split(b" ", 2)
        id_, machine = parse_id(spelled), self.machines.get(key)
        if machine is None:
            return True
        if field == b"h":
            machine.handle_claim(id_, value)
            return False
        if not is_known:
            return False
        if id_ > machine.last_input_id:
            machine.add_input([(id_, {field: value})])
        return True

    # ---- reading ---------------------------------------------------------------------------------

    def read(self) -> NoReturn:
        """The reading thread."""
        while True:
            self._wakeup.wait(max(0.0, self._sweep_at - time.monotonic()))
            self._wakeup.clear()
            if time.monotonic() >= self._sweep_at:
                self._sweep_at = time.monotonic() + SWEEP_SECONDS
                self._sweep()
            self._run_or_pause(self._read)

    def _sweep(self) -> None:
        with self._lock:
            self._unswept = self._unswept or list(self._watched)
            self._unread.update(self._unswept[-SWEEP_STREAMS:])
            del self._unswept[-SWEEP_STREAMS:]

    def _read(self) -> None:
        with self._lock:
            self._being_read, self._unread = self._unread, set()
            channels = sorted(self._being_read)
        try:
            for start in range(0, len(channels), _BATCH_STREAMS):
                self._read_batch(channels[start : start + _BATCH_STREAMS])
        except RedisError:
            with self._lock:
                self._unread |= self._being_read
            raise
        finally:
            with self._lock:
                self._being_read = set()

    def _read_batch(self, channels: list[bytes]) -> None:
        places: dict[str, str] = {}
        takers: dict[bytes, tuple[bytes, Callable[[Any], None]]] = {}
        for channel in channels:
            part, key = self._watched.get(channel, ("", TerminalKey(0, 0)))
            stream, machine = self.streams.get(key), self.machines.get(key)
            take: Callable[[Any], None]
            if part == "out" and stream is not None:
                seen, take = stream.top, partial(_add_output, stream)
            elif part == "in" and machine is not None and not machine.is_full:
                seen, take = machine.last_input_id, partial(_add_input, machine)
            else:
                continue  # the receiver is gone, or full, and requests a read when it has room
            place = self._store.stream_key(key, part)
            places[place] = format_id(seen)
            takers[place.encode()] = channel, take
        for name, rows in self._store.read_new(places, BATCH_ENTRIES) if places else ():
            channel, take = takers[name]
            with self._lock:
                take(rows)
                if len(rows) == BATCH_ENTRIES:
                    self._unread.add(channel)
                    self._wakeup.set()

    def _run_or_pause(self, work: Callable[[], None]) -> None:
        """Run the work; pause if it raises. All terminals of the process depend on these
        threads.
        """
        if not background_threads.run_logged(log, "terminals_not_read", work, RedisError):
            time.sleep(1)


def _add_output(stream: Stream, rows: Any) -> None:
    stream.add(parse_entries(rows))


def _add_input(machine: MachineSocket, rows: Any) -> None:
    """Give the machine the rows that it doesn't have yet: messages may have brought some of
    them.
    """
    fresh = [(parse_id(id_), {field: value}) for id_, (field, value, *_) in rows]
    machine.add_input([(id_, fields) for id_, fields in fresh if id_ > machine.last_input_id])
