"""A machine's socket for one attempt: output goes to Redis, keystrokes come from there."""

import contextlib
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable

import structlog
from redis.exceptions import RedisError
from simple_websocket import ConnectionClosed

from app.domain.sanitize import make_printable
from app.services.terminals.terminals import MachineGrant
from app.terminal_keys import TerminalKey
from app.terminals.backpressure import Backpressure, ReadOffsets
from app.terminals.frames import Resized, ScreenStored, ShellEnded, decode_from_machine
from app.terminals.peer import MAX_BATCH_FRAMES, Peer
from app.terminals.store import DEFAULT_SIZE, Store
from app.terminals.stream import ZERO, EntryId
from app.terminals.websocket import MessageTooBig, ProtocolViolation, WebSocket
from muster.protocol import codec
from muster.protocol import terminal as wire
from muster.protocol.terminal import MAX_FRAME_BYTES, CloseCode

MAX_WAITING_BYTES = 256 * 1024  # input waiting for the machine; above it, no more is read

BACKPRESSURE_PAUSE_SECONDS = 0.01  # between two checks of viewers' positions

MAX_REASON_BYTES = 100  # a close frame has few bytes for a reason

RENEW_SECONDS = 10.0  # how often a growing output stream's expiry is extended

log = structlog.get_logger(__name__)


class MachineSocket(Peer):
    """The machine's socket.

    `last_input_id`: the last entry of the input stream that was read for it. `size`: the terminal's
    columns and rows. `unwatched_since`: when the last viewer left. `has_room` is called when the
    socket is no longer `is_full`; `resized`, with the offset at which it applies, when `size`
    changes; `shell_ended` when the machine reports that.
    """

    def __init__(
        self,
        ws: WebSocket,
        store: Store,
        grant: MachineGrant,
        has_room: Callable[["MachineSocket"], None],
        resized: Callable[["MachineSocket", int], None],
        shell_ended: Callable[["MachineSocket"], None],
    ) -> None:
        super().__init__(ws)
        self.id = uuid.uuid4().hex
        self.grant = grant
        self.key = TerminalKey.from_object(grant)
        self.size = DEFAULT_SIZE
        self._reported_size: tuple[int, int] | None = None  # the last size passed to `resized`
        self.last_input_id: EntryId = ZERO
        self.unwatched_since: float | None = None
        self._store = store
        self._position: int | None = None
        self._claim_id: EntryId = ZERO
        self._inputs: deque[tuple[EntryId, dict[bytes, bytes]]] = deque()
        self._waiting_bytes = 0
        self._on_capacity, self._on_resized = has_room, resized
        self._on_shell_ended = shell_ended
        self._renew_at = 0.0
        self._backpressure = Backpressure()

    @property
    def is_full(self) -> bool:
        """Whether the machine must read some input before more is fetched for it."""
        return self._waiting_bytes > MAX_WAITING_BYTES

    def add_input(self, rows: list[tuple[EntryId, dict[bytes, bytes]]]) -> None:
        """Add input for the machine. Doesn't block."""
        for id_, fields in rows:
            self.last_input_id = id_
            self._waiting_bytes += len(fields.get(b"k", b""))
            self._inputs.append((id_, fields))
        self.wake()

    def claim(self) -> None:
        """Make other sockets of the attempt close, and send the machine its position.

        Raises RedisError, ConnectionClosed, OSError.
        """
        (top, _), self._claim_id = self._store.claim(self.key, self.id)
        self.send(wire.MachineReady(offset=top or None))

    def handle_claim(self, id_: EntryId, holder: bytes) -> None:
        """Close if the entry `id_` claims the attempt for a newer socket than this."""
        if id_ > self._claim_id and holder.decode() != self.id:
            self.close_replaced()

    def close_replaced(self) -> None:
        """Close this socket, which a newer one has replaced. Doesn't block."""
        self.request_close(CloseCode.REPLACED, "replaced by a newer socket of this attempt")

    # ---- the reading thread: up ------------------------------------------------------------------

    def serve(self) -> None:
        """Read from the socket, and run its writer, until it's closed."""
        writer = threading.Thread(target=self._write, name="terminal", daemon=True)
        writer.start()
        try:
            while self.is_open:
                self._handle_messages(self._receive())
        except ConnectionClosed:
            self.is_open = False
        except MessageTooBig:
            self.request_close(CloseCode.TOO_BIG, "the frame is too large")
        except ProtocolViolation as error:
            self.request_close(error.code, str(error))
        except codec.BadFrame as error:
            self.request_close(CloseCode.MALFORMED, str(error)[:100])
        except RedisError as error:
            log.warning("output_not_stored", error=type(error).__name__)
            self.request_close(CloseCode.GOING_AWAY, "Redis is down")
        finally:
            self.wake()
            writer.join()

    def _receive(self) -> list[str | bytes]:
        first = self._ws.receive()
        messages = [] if first is None else [first]
        # A close behind them must not lose these messages; the next call raises it again.
        with contextlib.suppress(ConnectionClosed):
            while (
                len(messages) < MAX_BATCH_FRAMES and (more := self._ws.next_buffered()) is not None
            ):
                messages.append(more)
        return messages

    def _handle_messages(self, messages: list[str | bytes]) -> None:
        """Store the bytes of messages, in runs; frames between them keep their position."""
        run: list[bytes] = []
        for message in messages:
            frame = decode_from_machine(message)
            if isinstance(frame, bytes):
                run.append(frame)
                continue
            self._append(run)
            run = []
            self._handle_frame(frame)
        self._append(run)

    def _append(self, run: list[bytes]) -> None:
        if not run:
            return
        if self._position is None:
            raise codec.BadFrame("bytes before their position was set")
        runs, self._position = _group_runs(self._position, run)
        if runs:
            now = time.monotonic()
            renew = now >= self._renew_at
            if renew:
                self._renew_at = now + RENEW_SECONDS
            self._wait_for_viewers(self._store.append(self.key, runs, renew))

    def _wait_for_viewers(self, read: ReadOffsets) -> None:
        """Wait for viewers that would otherwise fall behind."""
        while self.is_open and not self.is_closing:
            began = time.monotonic()
            behind = self._backpressure.lagging_processes(self._position or 0, read, began)
            if not behind:
                return
            time.sleep(BACKPRESSURE_PAUSE_SECONDS)
            read = self._store.read_offsets(self.key)
            now = time.monotonic()
            self._backpressure.record_wait(now - began, behind, read, now)

    def _end_shell(self, reason: str) -> None:
        if not self.key.is_shell:
            raise codec.BadFrame("this isn't the terminal of a shell")
        self._on_shell_ended(self)  # first, so that nobody waits for another one
        shown = make_printable(reason).encode()[:MAX_REASON_BYTES].decode(errors="ignore")
        note = ShellEnded(shown)
        self._store.append_note(self.key, note, self._last_output_id)

    def _handle_frame(self, frame: wire.FromPtyMachine) -> None:
        match frame:
            case wire.OutputOffset(offset=offset):
                if offset and offset != self._position:
                    self._store.skip(self.key, offset)
                self._position = offset
            case wire.ShellEnded(reason=reason):
                self._end_shell(reason)
            case wire.Screen():
                self._store.store_screen(self.key, frame, ScreenStored(), self._last_output_id)
            case wire.Resize(cols=cols, rows=rows):
                is_news = self._reported_size != (cols, rows)
                self.size = self._reported_size = cols, rows
                self._store.store_size(
                    self.key, cols, rows, Resized(cols, rows), self._last_output_id
                )
                if is_news:
                    self._on_resized(self, self._position or 0)
            case wire.MachineAuth():
                raise codec.BadFrame("a second auth")

    @property
    def _last_output_id(self) -> EntryId:
        """Return the machine's position in its output; the stream may still be empty."""
        return (self._position or 0, 0)

    # ---- the writing thread: down ----------------------------------------------------------------

    def _write(self) -> None:
        try:
            while self._close_request is None and self._ws.is_open:
                self._wakeup.wait(max(0.0, self._ping_at - time.monotonic()))
                self._wakeup.clear()
                self._ping_when_due()
                self._send_inputs()
        except (ConnectionClosed, OSError):
            pass
        except RedisError as error:
            log.warning("input_not_dropped", error=type(error).__name__)
            self.request_close(CloseCode.GOING_AWAY, "Redis is down")
        except Exception:
            log.exception("machine_socket_failed")
        finally:
            self._close()

    def _send_inputs(self) -> None:
        """Send the waiting input.

        Sent input is dropped immediately: it must not be typed again if the connection breaks.
        """
        keys: list[bytes] = []
        last: EntryId = ZERO
        was_full = self.is_full
        while self._inputs and self._close_request is None:
            id_, fields = self._inputs.popleft()
            more = fields.get(b"k")
            if more is None or sum(map(len, keys)) + len(more) > MAX_FRAME_BYTES:
                self._send_keys(keys, last)
            last = id_
            if more is not None:
                keys.append(more)
            else:
                self._send_request(id_, fields)
                self._store.drop_input(self.key, id_)
        self._send_keys(keys, last)
        if was_full:
            self._on_capacity(self)

    def _send_keys(self, keys: list[bytes], last: EntryId) -> None:
        if keys:
            data = b"".join(keys)
            keys.clear()
            self._ws.send(data)
            self._waiting_bytes -= len(data)
            self._store.drop_input(self.key, last)

    def _send_request(self, id_: EntryId, fields: dict[bytes, bytes]) -> None:
        if b"r" in fields:
            cols, rows = map(int, fields[b"r"].split())
            self.send(wire.Resize(cols=cols, rows=rows))
        elif b"s" in fields:
            self.send(wire.Snapshot(number=int(fields[b"s"])))
        elif b"h" in fields:
            self.handle_claim(id_, fields[b"h"])


def _group_runs(end: int, frames: Iterable[bytes]) -> tuple[list[tuple[int, bytes]], int]:
    """Group the bytes of consecutive frames from offset `end`, in as few runs as possible.

    Returns each with the offset after it, and the offset after all. MAX_FRAME_BYTES is the limit.
    """
    runs: list[tuple[int, bytes]] = []
    waiting: list[bytes] = []
    size = 0
    for data in frames:
        if size + len(data) > MAX_FRAME_BYTES and waiting:
            runs.append((end, b"".join(waiting)))
            waiting, size = [], 0
        if data:
            waiting.append(data)
        size += len(data)
        end += len(data)
    if waiting:
        runs.append((end, b"".join(waiting)))
    return runs, end
