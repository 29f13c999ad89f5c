"""All streams of one server process: one subscription wakes them, one look reads for all of them.

Redis only says that there is news; the news stand in Postgres. A message of Redis that is
lost costs LOOK_SECONDS.
"""

import queue
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

import structlog
from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app import background_threads, wakeups
from app.api.streams import machine_changes, open_streams
from app.api.streams.machine_changes import MachineDelta, MachineWatcher
from app.api.streams.open_streams import OpenStream
from app.domain.snapshot import Snapshot
from app.redis import subscription
from app.services.accounts.sessions import DeveloperSession
from app.services.clock import now
from app.services.notify import stream_batch
from app.services.notify.stream_batch import Row, StreamBatch, ViewerState

POLL_SECONDS = 2.0  # rights that have ended are seen so much later, but logouts at once
MIN_POLL_INTERVAL_SECONDS = 0.02  # between two looks: what comes meanwhile is read together
RENEW_SECONDS = 20.0
MAX_QUEUED_UPDATES = 500  # messages that a client is behind before it has to begin anew

log = structlog.get_logger(__name__)


class Update(NamedTuple):
    """What a stream tells its developer. `unread`: how many notifications are, if that has changed.
    With it the developer has read up to `seen`. `machines`: what of them has changed; None: not
    known, their list has to be read. `inbox_changed`: it may have.
    """

    events: list[Row]
    notifications: list[Row]
    unread: int | None
    position: Snapshot
    machines: Sequence[MachineDelta] | None = ()
    inbox_changed: bool = False


class StreamEnd(NamedTuple):
    """The last item of a stream: why it is over."""

    reason: str


class Stream:
    """One client's stream: the hub puts items, the thread that serves the client takes them.

    `joined_at`: from where on the hub puts all that is committed. `seen`: up to where it has looked
    for this stream, whether there was news or not. `is_over`: an End has been put.
    """

    def __init__(self, session: DeveloperSession, place: OpenStream, seen: Snapshot) -> None:
        self.session, self.open_stream = session, place
        self.subscribed_at = self.position = seen
        self.is_finished = False
        self.visible_scope: Any = (
            None  # what the developer could see when the hub last told something
        )
        self._queue: queue.SimpleQueue[Update | StreamEnd] = queue.SimpleQueue()

    def put(self, item: Update | StreamEnd) -> None:
        """Have the item told, and nothing after an End. A client that is too far behind gets an End
        instead. Does not wait.
        """
        if self.is_finished:
            return
        if self._queue.qsize() >= MAX_QUEUED_UPDATES:
            item = StreamEnd("slow")
        self.is_finished = isinstance(item, StreamEnd)
        self._queue.put(item)

    def next(self, seconds: float) -> Update | StreamEnd | None:
        """The next item, or None if none comes within that time."""
        try:
            item = self._queue.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None
        if isinstance(item, Update):
            self.position = item.position  # the hub says so only when it has told all streams
        return item


class Hub:
    """The streams of this process, and what wakes them."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._streams: set[Stream] = set()
        self._lock = threading.Lock()  # of `_streams` and `_seen`, which go together
        self._position: Snapshot | None = None
        self._unread_changed_for: set[int] = set()
        self._inbox_changed_for: set[int] = set()
        self._machine_watcher = MachineWatcher()
        self._wakeup = threading.Event()
        self._watchers: dict[int, set[threading.Event]] = {}  # of one task
        self._is_started = self.is_closing = False
        self._rights_checked_at = self._renewed_at = 0.0

    @contextmanager
    def subscribe(self, session: DeveloperSession, place: OpenStream) -> Iterator[Stream]:
        """A stream that gets all that is committed after its `joined_at`, while the context lasts.

        Raises SQLAlchemyError.
        """
        self._start()
        with self._lock:
            # A client may have read further at another process than this one has.
            self._read_updates()
            assert self._position is not None
            stream = Stream(session, place, self._position)
            self._streams.add(stream)
        if self.is_closing:
            stream.put(StreamEnd("going_away"))
        try:
            yield stream
        finally:
            with self._lock:
                self._streams.discard(stream)

    @contextmanager
    def watch_task(self, task_id: int) -> Iterator[threading.Event]:
        """An event that is set when there may be news of the task, while the context lasts."""
        self._start()
        some = threading.Event()
        with self._lock:
            self._watchers.setdefault(task_id, set()).add(some)
        try:
            yield some
        finally:
            with self._lock:
                self._watchers[task_id].discard(some)
                if not self._watchers[task_id]:
                    del self._watchers[task_id]

    def close_all(self) -> None:
        """End all streams, since the process is going away: clients come back, to another one."""
        self.is_closing = True
        for stream in list(self._streams):
            stream.put(StreamEnd("going_away"))
        self._wake_watchers()

    # ---- looking ---------------------------------------------------------------------------------

    def _start(self) -> None:
        with self._lock:
            if self._is_started:
                return
            self._is_started = True
        background_threads.start_threads(self._run_poll_loop, self._listen)

    def _run_poll_loop(self) -> NoReturn:
        while True:
            self._wakeup.wait(POLL_SECONDS)
            self._wakeup.clear()
            # Nothing is lost by an error: the next look begins where the last one ended.
            if not background_threads.run_logged(
                log, "changes_not_read", self._poll, SQLAlchemyError, RedisError
            ):
                time.sleep(0.5)
            time.sleep(MIN_POLL_INTERVAL_SECONDS)

    def _poll(self) -> None:
        if not self._streams:
            return
        with self._lock:
            self._read_updates()
        if time.monotonic() >= self._renewed_at + RENEW_SECONDS:
            self._renewed_at = time.monotonic()
            with self._app.app_context():
                open_streams.renew([stream.open_stream for stream in self._streams])

    def _read_updates(self) -> None:
        """Read what is new, and put into each stream what is for it. The caller holds the lock."""
        with self._app.app_context():
            if self._position is None or not self._streams:
                self._machine_watcher.start()
                self._position = stream_batch.current_snapshot()
                return
            unread_of, self._unread_changed_for = self._unread_changed_for, set()
            inbox_of, self._inbox_changed_for = self._inbox_changed_for, set()
            batch = stream_batch.read_since(
                self._position, {s.session.developer_id for s in self._streams}
            )
            look = self._machine_watcher.poll()
            notified_ids = {row["developer_id"] for row in batch.notifications}
            is_quiet = not (batch.events or notified_ids or unread_of or inbox_of or look.changes)
            if not is_quiet or time.monotonic() >= self._rights_checked_at + POLL_SECONDS:
                self._publish(batch, notified_ids | unread_of, SideChanges(look.changes, inbox_of))
            self._machine_watcher.mark_sent(look)
            self._position = batch.snapshot
            for stream in self._streams:
                if not stream.is_finished:  # or it would seem to have read what it was not told
                    stream.position = batch.snapshot

    def _publish(self, batch: StreamBatch, unread_of: set[int], beside: "SideChanges") -> None:
        self._rights_checked_at = time.monotonic()
        streams = dict(enumerate(self._streams))
        sessions = {number: stream.session for number, stream in streams.items()}
        viewer_states = stream_batch.viewer_states(sessions, now(), unread_of=unread_of)
        for number, stream in streams.items():
            state = viewer_states.get(number)
            if state is None or not state.is_signed_in:
                stream.put(StreamEnd("signed_out"))
            elif not batch.is_whole:
                stream.put(StreamEnd("behind"))
            elif (item := filter_update(batch, stream, state, beside)) is not None:
                stream.put(item)

    # ---- being woken -----------------------------------------------------------------------------

    def _listen(self) -> NoReturn:
        channels = (wakeups.CHANGES_CHANNEL, wakeups.SIGNED_OUT_CHANNEL)
        subscription.listen(
            self._app.config["REDIS_URL"], channels, self._wakeup.set, self._handle_message
        )

    def _handle_message(self, message: dict[str, Any]) -> None:
        if message["channel"] == wakeups.SIGNED_OUT_CHANNEL.encode():
            self._handle_sign_out()
            return
        for word in message["data"].split():
            of, number = word[:1], word.lstrip(b"ui")
            if not number.isdigit():
                log.warning("invalid_wakeup", message=word[:100])
            elif of == b"u":
                self._unread_changed_for.add(int(number))
            elif of == b"i":
                self._inbox_changed_for.add(int(number))
            else:
                for some in list(self._watchers.get(int(number), ())):
                    some.set()
        self._wakeup.set()

    def _handle_sign_out(self) -> None:
        """Judge all streams: they are looked at together, and this is rare."""
        self._rights_checked_at = 0.0
        self._wakeup.set()
        self._wake_watchers()

    def _wake_watchers(self) -> None:
        for watchers in list(self._watchers.values()):
            for some in list(watchers):
                some.set()


class SideChanges(NamedTuple):
    """What there is to tell beside a batch: `machines`, and whose inboxes may have changed by an
    act of their own, in another tab."""

    machines: Sequence[MachineDelta] | None
    inbox_changed_for: Collection[int]


def filter_update(
    batch: StreamBatch, stream: Stream, state: ViewerState, beside: SideChanges
) -> Update | None:
    """The part of it that the stream's developer may see; None where that is nothing."""
    developer_id = stream.session.developer_id
    events = [event for event in batch.events if state.can_see(event)]
    own = [row for row in batch.notifications if row["developer_id"] == developer_id]
    mine = [row for row in own if state.can_receive(row)]
    sees, stream.visible_scope = stream.visible_scope, (state.role, state.projects)
    inbox_changed = (
        developer_id in beside.inbox_changed_for
        or (sees is not None and sees != stream.visible_scope)
        or any(state.is_inbox_change(event, developer_id) for event in events)
        or (state.can_drain_machines and machine_changes.affects_health(beside.machines or ()))
    )
    machines = beside.machines
    if not (events or mine or machines or inbox_changed) and state.unread is None:
        return None
    return Update(events, mine, state.unread, batch.snapshot, machines, inbox_changed)


def get_hub(app: Flask) -> Hub:
    """The app's hub, which is made when it is first asked for."""
    hub: Hub = app.extensions.setdefault("stream_hub", Hub(app))
    return hub
