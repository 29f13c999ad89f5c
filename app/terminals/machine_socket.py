"""A machine's socket for one attempt: output goes into Redis, what is typed comes from there."""

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable

import structlog
from redis.exceptions import RedisError
from simple_websocket import ConnectionClosed

from app.services.terminals.terminals import MachineGrant
from app.terminals.backpressure import Pace, Read
from app.terminals.frames import Drawn, Resized, from_machine
from app.terminals.peer import FRAMES_AHEAD, Peer
from app.terminals.store import DEFAULT_SIZE, Store
from app.terminals.stream import ZERO, EntryId
from app.terminals.websocket import Broken, TooBig, WebSocket
from muster.protocol import codec
from muster.protocol import terminal as wire
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.terminal import MAX_BYTES, CloseCode

WAITING_BYTES = 256 * 1024  # of input may wait for the machine before no more is read

AHEAD_PAUSE = 0.01  # between two looks at how far viewers are

RENEW_SECONDS = 10.0  # how often an output stream that grows is to expire later

log = structlog.get_logger(__name__)


class MachineSocket(Peer):
    """The machine's socket.

    `taken`: up to where the input stream has been read for it. `size`: the terminal's columns and
    rows. `unwatched_since`: since when there is no viewer. `has_room` is called when the socket is
    no longer `is_full`; `resized`, with the offset from which on, when `size` changes.
    """

    def __init__(
        self,
        ws: WebSocket,
        store: Store,
        grant: MachineGrant,
        has_room: Callable[["MachineSocket"], None],
        resized: Callable[["MachineSocket", int], None],
    ) -> None:
        super().__init__(ws)
        self.id = uuid.uuid4().hex
        self.grant = grant
        self.key = AttemptKey.of(grant)
        self.size = DEFAULT_SIZE
        self._noted: tuple[int, int] | None = None  # what `resized` has heard
        self.taken: EntryId = ZERO
        self.unwatched_since: float | None = None
        self._store = store
        self._position: int | None = None
        self._said: EntryId = ZERO
        self._inputs: deque[tuple[EntryId, dict[bytes, bytes]]] = deque()
        self._waiting = 0
        self._has_room, self._resized = has_room, resized
        self._renew_at = 0.0
        self._pace = Pace()

    @property
    def is_full(self) -> bool:
        """Whether the machine has to take some input before more is read for it."""
        return self._waiting > WAITING_BYTES

    def put(self, rows: list[tuple[EntryId, dict[bytes, bytes]]]) -> None:
        """Add input that has been read for the machine. Does not wait."""
        for id_, fields in rows:
            self.taken = id_
            self._waiting += len(fields.get(b"k", b""))
            self._inputs.append((id_, fields))
        self.wake()

    def hold(self) -> None:
        """Tell other sockets of the attempt to give way, and the machine where to go on.

        Raises RedisError, ConnectionClosed, OSError.
        """
        (top, _), self._said = self._store.hold(self.key, self.id)
        self.send(wire.MachineReady(offset=top or None))

    def hear_holder(self, id_: EntryId, holder: bytes) -> None:
        """Give way if the entry `id_` says that a newer socket than this is the attempt's."""
        if id_ > self._said and holder.decode() != self.id:
            self.give_way()

    def give_way(self) -> None:
        """End this socket, since a newer one has replaced it. Does not wait."""
        self.end(CloseCode.REPLACED, "a newer socket of this attempt is there")

    # ---- the reading thread: up ------------------------------------------------------------------

    def serve(self) -> None:
        """Read from the socket, and have it written to, until it is closed."""
        writer = threading.Thread(target=self._write, name="terminal", daemon=True)
        writer.start()
        try:
            while self.is_open:
                self._take(self._receive())
        except ConnectionClosed:
            self.is_open = False
        except TooBig:
            self.end(CloseCode.TOO_BIG, "the frame is too large")
        except Broken as error:
            self.end(error.code, str(error))
        except codec.BadFrame as error:
            self.end(CloseCode.MALFORMED, str(error)[:100])
        except RedisError as error:
            log.warning("output_not_stored", error=type(error).__name__)
            self.end(CloseCode.GOING_AWAY, "Redis is away")
        finally:
            self.wake()
            writer.join()

    def _receive(self) -> list[str | bytes]:
        first = self._ws.receive()
        messages = [] if first is None else [first]
        while len(messages) < FRAMES_AHEAD and (more := self._ws.at_hand()) is not None:
            messages.append(more)
        return messages

    def _take(self, messages: list[str | bytes]) -> None:
        """Store the bytes of messages, in runs; frames between them keep their place."""
        run: list[bytes] = []
        for message in messages:
            frame = from_machine(message)
            if isinstance(frame, bytes):
                run.append(frame)
                continue
            self._append(run)
            run = []
            self._hear(frame)
        self._append(run)

    def _append(self, run: list[bytes]) -> None:
        if not run:
            return
        if self._position is None:
            raise codec.BadFrame("bytes before it was said where they are")
        runs, self._position = _runs_of(self._position, run)
        if runs:
            now = time.monotonic()
            renew = now >= self._renew_at
            if renew:
                self._renew_at = now + RENEW_SECONDS
            self._keep_pace(self._store.append(self.key, runs, renew))

    def _keep_pace(self, read: Read) -> None:
        """Wait for viewers that a flood would leave behind."""
        while self.is_open and not self.is_ending:
            began = time.monotonic()
            behind = self._pace.behind(self._position or 0, read, began)
            if not behind:
                return
            time.sleep(AHEAD_PAUSE)
            read = self._store.read_to(self.key)
            now = time.monotonic()
            self._pace.waited(now - began, behind, read, now)

    def _hear(self, frame: wire.FromPtyMachine) -> None:
        match frame:
            case wire.At(offset=offset):
                if offset and offset != self._position:
                    self._store.skip(self.key, offset)
                self._position = offset
            case wire.Screen():
                self._store.put_screen(self.key, frame, Drawn(), self._known)
            case wire.Resize(cols=cols, rows=rows):
                is_news = self._noted != (cols, rows)
                self.size = self._noted = cols, rows
                self._store.put_size(self.key, cols, rows, Resized(cols, rows), self._known)
                if is_news:
                    self._resized(self, self._position or 0)
            case wire.MachineAuth():
                raise codec.BadFrame("a second auth")

    @property
    def _known(self) -> EntryId:
        """Where the machine is in its output, of which the stream may have no bytes yet."""
        return (self._position or 0, 0)

    # ---- the writing thread: down ----------------------------------------------------------------

    def _write(self) -> None:
        try:
            while self._ending is None and self._ws.is_open:
                self._some.wait(max(0.0, self._ping_at - time.monotonic()))
                self._some.clear()
                self._ping_when_due()
                self._hand_on()
        except (ConnectionClosed, OSError):
            pass
        except RedisError as error:
            log.warning("input_not_dropped", error=type(error).__name__)
            self.end(CloseCode.GOING_AWAY, "Redis is away")
        except Exception:
            log.exception("machine_socket_failed")
        finally:
            self._close()

    def _hand_on(self) -> None:
        """Send the input that waits. What has been sent is dropped at once: it must not be typed
        again if the connection breaks after it."""
        keys: list[bytes] = []
        last: EntryId = ZERO
        was_full = self.is_full
        while self._inputs and self._ending is None:
            id_, fields = self._inputs.popleft()
            more = fields.get(b"k")
            if more is None or sum(map(len, keys)) + len(more) > MAX_BYTES:
                self._type(keys, last)
            last = id_
            if more is not None:
                keys.append(more)
            else:
                self._wish(id_, fields)
                self._store.drop_input(self.key, id_)
        self._type(keys, last)
        if was_full:
            self._has_room(self)

    def _type(self, keys: list[bytes], last: EntryId) -> None:
        if keys:
            data = b"".join(keys)
            keys.clear()
            self._ws.send(data)
            self._waiting -= len(data)
            self._store.drop_input(self.key, last)

    def _wish(self, id_: EntryId, fields: dict[bytes, bytes]) -> None:
        if b"r" in fields:
            cols, rows = map(int, fields[b"r"].split())
            self.send(wire.Resize(cols=cols, rows=rows))
        elif b"s" in fields:
            self.send(wire.Snapshot(number=int(fields[b"s"])))
        elif b"h" in fields:
            self.hear_holder(id_, fields[b"h"])


def _runs_of(end: int, frames: Iterable[bytes]) -> tuple[list[tuple[int, bytes]], int]:
    """The bytes of frames that follow each other from offset `end`, in as few runs as MAX_BYTES
    allows, each with the offset behind it; and the offset behind them all.
    """
    runs: list[tuple[int, bytes]] = []
    waiting: list[bytes] = []
    size = 0
    for data in frames:
        if size + len(data) > MAX_BYTES and waiting:
            runs.append((end, b"".join(waiting)))
            waiting, size = [], 0
        if data:
            waiting.append(data)
        size += len(data)
        end += len(data)
    if waiting:
        runs.append((end, b"".join(waiting)))
    return runs, end
