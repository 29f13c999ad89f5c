"""A viewer's socket: output is sent at the viewer's own pace, keystrokes go to the machine."""

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable

import structlog
from redis.exceptions import RedisError
from simple_websocket import ConnectionClosed

from app.domain.terminal import TerminalMode
from app.services.terminals.terminals import ViewerGrant
from app.terminal_keys import TerminalKey
from app.terminals import viewers
from app.terminals.cursor import NEVER, Cursor
from app.terminals.frames import (
    AnyNote,
    ControlTaken,
    Exited,
    ShellEnded,
    ViewersChanged,
    decode_from_viewer,
)
from app.terminals.peer import Peer
from app.terminals.store import Store, ViewerPresence
from app.terminals.stream import Stream
from app.terminals.websocket import MessageTooBig, ProtocolViolation, WebSocket
from muster.protocol import codec
from muster.protocol import terminal as wire
from muster.protocol.terminal import CloseCode

MAX_WAITING_INPUTS = 32  # inputs waiting for the machine; above it, no more is read
MAX_QUEUED_FRAMES = 64  # frames waiting for a viewer that reads none; more are dropped
# How long an exit waits for the last bytes before it, which may be on their way.
EXIT_TIMEOUT_SECONDS = 2.0

log = structlog.get_logger(__name__)


class ViewerSocket(Peer):
    """A viewer.

    `mode`: its current mode, which changes when a viewer takes control. `is_at_gate`: no process is
    running that could read input. `typed` is called with the number of typed bytes.
    """

    def __init__(
        self,
        ws: WebSocket,
        store: Store,
        stream: Stream,
        grant: ViewerGrant,
        resume_from: int | None,
        typed: Callable[[int], None],
    ) -> None:
        super().__init__(ws)
        self.id = uuid.uuid4().hex
        self.grant = grant
        self.key = TerminalKey.from_object(grant)
        self.mode = grant.mode
        self.is_at_gate = False
        self._store, self._stream, self._on_typed = store, stream, typed
        self._outbox: deque[wire.TerminalFrame] = deque()
        self._exits: list[tuple[float, Exited]] = []
        self._ends_at, self._end_reason = NEVER, ""  # of a shell that has ended
        self._cursor = Cursor(self, store, stream, self.key, resume_from)
        self._announced_mode: TerminalMode | None = None  # the last mode published to others
        self._has_viewer_changes = True  # the changed viewers, not yet sent
        self._viewers_sent_at = 0.0

    @property
    def presence(self) -> ViewerPresence:
        """The viewer's entry for limits."""
        return ViewerPresence(self.id, self.grant.task_id, self.grant.session.developer_id)

    @property
    def is_leaving(self) -> bool:
        """Whether it no longer needs the machine's socket."""
        return self.is_closing or self._ends_at < NEVER

    # ---- calls from other threads, which don't block ---------------------------------------------

    def handle_note(self, note: AnyNote) -> None:
        """Handle a note that matters at any position of the viewer. Doesn't block."""
        if isinstance(note, ControlTaken):
            self._handle_takeover(note)
        elif isinstance(note, Exited):
            self._exits.append((time.monotonic(), note))
        elif isinstance(note, ViewersChanged):
            self._has_viewer_changes = True
        elif isinstance(note, ShellEnded):
            # The cursor closes this sooner, unless it's lost and passes over the note.
            self._end_reason = note.reason
            self._ends_at = time.monotonic() + EXIT_TIMEOUT_SECONDS
        self.wake()

    def _handle_takeover(self, note: ControlTaken) -> None:
        if note.viewer == self.id:
            self.mode = TerminalMode.CONTROL
            return
        self.mode = TerminalMode.WATCH
        self._queue_frame(wire.Takeover(by=note.by))

    def _queue_frame(self, frame: wire.TerminalFrame) -> None:
        if len(self._outbox) < MAX_QUEUED_FRAMES:
            self._outbox.append(frame)
        self.wake()

    # ---- the reading thread ----------------------------------------------------------------------

    def serve(self) -> None:
        """Read from the socket, and run its writer, until it's closed."""
        writer = threading.Thread(target=self._write, name="viewer", daemon=True)
        writer.start()
        self.wake()
        try:
            while self.is_open:
                message = self._ws.receive()
                if message is not None:
                    self._handle_message(message)
        except ConnectionClosed:
            self.is_open = False
        except MessageTooBig:
            self.request_close(CloseCode.TOO_BIG, "frames are at most 64 KiB")
        except ProtocolViolation as error:
            self.request_close(error.code, str(error))
        except codec.BadFrame as error:
            self.request_close(CloseCode.MALFORMED, str(error)[:100])
        except RedisError as error:
            log.warning("input_not_sent", error=type(error).__name__)
            self.request_close(CloseCode.GOING_AWAY, "Redis is down")
        finally:
            self.wake()
            writer.join()

    def _handle_message(self, message: str | bytes) -> None:
        match decode_from_viewer(message):
            case bytes() as keys:
                if keys and self._can_type():
                    self._add_input(k=keys)
                    self._on_typed(len(keys))
            case wire.Resize(cols=cols, rows=rows):
                if self._can_type():
                    self._add_input(r=f"{cols} {rows}")
            case wire.Takeover():
                self._take_over()
            case wire.Watch():
                self.mode = TerminalMode.WATCH
                self.wake()
            case wire.OutputAck(offset=offset):
                self._cursor.acknowledge(offset)
                self.wake()
            case wire.Ping():
                self._queue_frame(wire.Pong())
            case wire.ViewerAuth():
                raise codec.BadFrame("a second auth")

    def _can_type(self) -> bool:
        if self.mode is TerminalMode.WATCH:
            self._queue_frame(wire.Refused(code="watching"))
        elif self.is_at_gate:
            self._queue_frame(wire.Refused(code="gate"))
        else:
            return True
        return False

    def _add_input(self, **wish: bytes | str) -> None:
        waiting = self._store.add_input(self.key, **wish)
        while waiting > MAX_WAITING_INPUTS and self.is_open:
            time.sleep(0.05)
            waiting = self._store.count_waiting(self.key)

    def _take_over(self) -> None:
        if self.grant.mode is TerminalMode.WATCH:
            self._queue_frame(wire.Refused(code="watching"))
            return
        # Now, not only when the note comes back: the next keystroke may be faster. And before the
        # note is appended: of two viewers that take control at once, the later note wins, and it
        # may come back at once.
        self.mode = TerminalMode.CONTROL
        self._store.append_note(self.key, ControlTaken(self.id, self.grant.name), self._stream.top)

    # ---- the writing thread ----------------------------------------------------------------------

    def _write(self) -> None:
        try:
            while self._close_request is None and self._ws.is_open:
                self._wakeup.wait(self._seconds_until_due())
                self._wakeup.clear()
                self._send_due()
            self._send_exits(late=True)
        except (ConnectionClosed, OSError):
            pass
        except RedisError as error:
            log.warning("output_not_read", error=type(error).__name__)
            self.request_close(CloseCode.GOING_AWAY, "Redis is down")
        except Exception:
            log.exception("viewer_failed")
        finally:
            self._close()

    def _seconds_until_due(self) -> float:
        due = min(
            self._ping_at,
            self._ends_at,
            self._cursor.due,
            *(at + EXIT_TIMEOUT_SECONDS for at, _ in self._exits),
        )
        if self._has_viewer_changes and self._cursor.position is not None:
            due = min(due, self._viewers_sent_at + viewers.MIN_UPDATE_INTERVAL_SECONDS)
        return max(0.0, due - time.monotonic())

    def _send_due(self) -> None:
        if time.monotonic() >= self._ends_at:
            self.request_close(CloseCode.SHELL_ENDED, self._end_reason)
        if self._ping_when_due():
            self.send(wire.Ping())
        while self._close_request is None:
            while self._outbox:
                self.send(self._outbox.popleft())
            if not self._cursor.advance():
                break
        self._send_exits()
        self._update_viewers()

    def _update_viewers(self) -> None:
        """Publish this viewer's mode, and send it the list of viewers: after `ready`, and at a
        readable rate.
        """
        if self._announced_mode is not self.mode:
            self._announced_mode = self.mode
            looker = wire.ViewerInfo(name=self.grant.name, mode=self.mode.value)
            viewers.add(self._store, self.key, self.presence, looker, self._stream.top)
        now = time.monotonic()
        is_due = now >= self._viewers_sent_at + viewers.MIN_UPDATE_INTERVAL_SECONDS
        if self._has_viewer_changes and is_due and self._cursor.position is not None:
            self._has_viewer_changes, self._viewers_sent_at = False, now
            self.send(viewers.build_frame(self._store, self.key, self.presence))

    def _send_exits(self, *, late: bool = False) -> None:
        now, waiting = time.monotonic(), []
        for at, note in self._exits:
            is_due = (
                self._cursor.position or 0
            ) >= note.log_end or now >= at + EXIT_TIMEOUT_SECONDS
            if is_due or late:
                self.send(wire.Exit(code=note.code, stage_index=note.stage_index))
            else:
                waiting.append((at, note))
        self._exits = waiting

    def send_bytes(self, data: bytes) -> None:
        """Send output; blocks until the peer accepts it. Raises ConnectionClosed, OSError."""
        self._ws.send(data)
