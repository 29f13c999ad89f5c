"""All streams of a server process: one subscription wakes them, one poll reads for all.

Redis only signals changes; they are in Postgres. A lost Redis message causes a delay of
POLL_SECONDS.
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
from app.api.streams import activity_changes, machine_changes, open_streams
from app.api.streams.activity_changes import ActivityWatcher
from app.api.streams.machine_changes import MachineDelta, MachineWatcher
from app.api.streams.open_streams import OpenStream
from app.api.streams.task_watches import TaskWatch, TaskWatches
from app.domain.snapshot import Snapshot
from app.redis import subscription
from app.services.accounts.sessions import DeveloperSession
from app.services.clock import now
from app.services.notify import stream_batch
from app.services.notify.stream_batch import Row, StreamBatch, ViewerState
from app.services.tasks.activities import ChangedActivity

POLL_SECONDS = 2.0  # delay until revoked rights apply; logouts apply at once
MIN_POLL_INTERVAL_SECONDS = 0.02  # between two polls: changes in between are read together
RENEW_SECONDS = 20.0
MAX_QUEUED_UPDATES = 500  # queued updates at which a slow client must reconnect

log = structlog.get_logger(__name__)


class Update(NamedTuple):
    """An update for a stream's developer.

    `unread` is the number of unread notifications, if it has changed. After it, the developer has
    read up to `position`. `machines` has their changes; None: unknown, the list must be read.
    `inbox_changed`: the inbox may have changed. `activities`: tasks whose agents do something else.
    """

    events: list[Row]
    notifications: list[Row]
    unread: int | None
    position: Snapshot
    machines: Sequence[MachineDelta] | None = ()
    inbox_changed: bool = False
    activities: Sequence[ChangedActivity] = ()


class StreamEnd(NamedTuple):
    """The last item of a stream: why it ends."""

    reason: str


class Stream:
    """One client's stream: the hub puts items, the client's thread gets them.

    `subscribed_at` is where the hub's items start. `position` is how far the hub has read for this
    stream, with or without changes. `is_finished`: a StreamEnd has been put.
    """

    def __init__(self, session: DeveloperSession, place: OpenStream, seen: Snapshot) -> None:
        self.session, self.open_stream = session, place
        self.subscribed_at = self.position = seen
        self.is_finished = False
        self.visible_scope: Any = None  # what the developer could see at the hub's last update
        self._queue: queue.SimpleQueue[Update | StreamEnd] = queue.SimpleQueue()

    def put(self, item: Update | StreamEnd) -> None:
        """Queue the item; nothing is queued after a StreamEnd.

        A client that is too far behind gets a StreamEnd instead. Doesn't block.
        """
        if self.is_finished:
            return
        if self._queue.qsize() >= MAX_QUEUED_UPDATES:
            item = StreamEnd("slow")
        self.is_finished = isinstance(item, StreamEnd)
        self._queue.put(item)

    def next(self, seconds: float) -> Update | StreamEnd | None:
        """Return the next item, or None if none comes within that time."""
        try:
            item = self._queue.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None
        if isinstance(item, Update):
            self.position = item.position  # the hub sets it only after serving all streams
        return item


class Hub:
    """The streams of this process, and what wakes them."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._streams: set[Stream] = set()
        self._lock = threading.Lock()  # for `_streams` and `_position`, which belong together
        self._position: Snapshot | None = None
        self._unread_changed_for: set[int] = set()
        self._inbox_changed_for: set[int] = set()
        self._machine_watcher, self._activity_watcher = MachineWatcher(), ActivityWatcher()
        self._wakeup = threading.Event()
        self._watches = TaskWatches()
        self._is_started = self.is_closing = False
        self._rights_checked_at = self._renewed_at = 0.0

    @contextmanager
    def subscribe(self, session: DeveloperSession, place: OpenStream) -> Iterator[Stream]:
        """Open a stream of everything that is committed after its `subscribed_at`, until the
        context ends.

        Raises SQLAlchemyError.
        """
        self._start()
        with self._lock:
            # A client may have read further in another process than this one has.
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
    def watch_task(self, task_id: int) -> Iterator[TaskWatch]:
        """Return a watch that is set when the task may have changed, until the context ends."""
        self._start()
        with self._watches.watch(task_id) as watch:
            yield watch

    def close_all(self) -> None:
        """End all streams because the process is stopping: clients reconnect to another one."""
        self.is_closing = True
        for stream in list(self._streams):
            stream.put(StreamEnd("going_away"))
        self._watches.wake_all()

    # ---- polling ---------------------------------------------------------------------------------

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
            # An error loses nothing: the next poll starts where the last one ended.
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
        """Read changes, and put each stream's part into it. The caller holds the lock."""
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
            look, acts = self._machine_watcher.poll(), self._activity_watcher.poll()
            beside = SideChanges(look.changes, inbox_of, acts)
            notified_ids = {row["developer_id"] for row in batch.notifications}
            is_quiet = not (batch.events or notified_ids or unread_of or any(beside))
            if not is_quiet or time.monotonic() >= self._rights_checked_at + POLL_SECONDS:
                self._publish(batch, notified_ids | unread_of, beside)
            self._machine_watcher.mark_sent(look)
            self._position = batch.snapshot
            for stream in self._streams:
                if not stream.is_finished:  # otherwise it would skip updates that it didn't get
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

    # ---- wakeups ---------------------------------------------------------------------------------

    def _listen(self) -> NoReturn:
        channels = (
            wakeups.TEXTS_CHANNEL,
            wakeups.CHANGES_CHANNEL,
            wakeups.MACHINE_STATUS_CHANNEL,
            wakeups.SIGNED_OUT_CHANNEL,
        )
        subscription.listen(
            self._app.config["REDIS_URL"], channels, self._wakeup.set, self._handle_message
        )

    def _handle_message(self, message: dict[str, Any]) -> None:
        if message["channel"] == wakeups.TEXTS_CHANNEL.encode():
            self._watches.publish_texts(message["data"])
            return
        if message["channel"] == wakeups.SIGNED_OUT_CHANNEL.encode():
            self._handle_sign_out()
            return
        if message["channel"] == wakeups.MACHINE_STATUS_CHANNEL.encode():
            self._machine_watcher.note_status_change(message["data"].decode().split())
            return
        for word in message["data"].split():
            of, number = word[:1], word.lstrip(b"uia")
            if not number.isdigit():
                log.warning("invalid_wakeup", message=word[:100])
            elif of == b"u":
                self._unread_changed_for.add(int(number))
            elif of == b"i":
                self._inbox_changed_for.add(int(number))
            elif of == b"a":
                self._activity_watcher.note_change(int(number))
            else:
                self._watches.wake(int(number))
        self._wakeup.set()

    def _handle_sign_out(self) -> None:
        """Check all streams: one query serves them all, and sign-outs are rare."""
        self._rights_checked_at = 0.0
        self._wakeup.set()
        self._watches.wake_all()


class SideChanges(NamedTuple):
    """Additional changes for a batch: `machines`, and developers whose inboxes may have changed
    by their own action in another tab; and what agents do.
    """

    machines: Sequence[MachineDelta] | None
    inbox_changed_for: Collection[int]
    activities: Sequence[ChangedActivity] = ()


def filter_update(
    batch: StreamBatch, stream: Stream, state: ViewerState, beside: SideChanges
) -> Update | None:
    """Return the part of it that the stream's developer can see; None if there is none."""
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
    machines, seen = beside.machines, activity_changes.visible(beside.activities, state)
    if not (events or mine or machines or inbox_changed or seen) and state.unread is None:
        return None
    return Update(events, mine, state.unread, batch.snapshot, machines, inbox_changed, seen)


def get_hub(app: Flask) -> Hub:
    """Return the app's hub, created on first use."""
    hub: Hub = app.extensions.setdefault("stream_hub", Hub(app))
    return hub
