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
from app.api.streams.machine_changes import Change, FleetWatch
from app.api.streams.open_streams import StreamPlace
from app.domain.snapshot import Snapshot
from app.redis import subscription
from app.services.accounts.sessions import DeveloperSession
from app.services.clock import now
from app.services.notify import stream_batch
from app.services.notify.stream_batch import NewsBatch, Row, ViewerState

LOOK_SECONDS = 2.0  # rights that have ended are seen so much later, but logouts at once
PAUSE_SECONDS = 0.02  # between two looks: what comes meanwhile is read together
KEEP_SECONDS = 20.0
MOST_UNREAD = 500  # messages that a client is behind before it has to begin anew

log = structlog.get_logger(__name__)


class News(NamedTuple):
    """What a stream tells its developer. `unread`: how many notifications are, if that has changed.
    With it the developer has read up to `seen`. `machines`: what of them has changed; None: not
    known, their list has to be read. `inbox_changed`: it may have.
    """

    events: list[Row]
    notifications: list[Row]
    unread: int | None
    seen: Snapshot
    machines: Sequence[Change] | None = ()
    inbox_changed: bool = False


class End(NamedTuple):
    """The last item of a stream: why it is over."""

    reason: str


class Stream:
    """One client's stream: the hub puts items, the thread that serves the client takes them.

    `joined_at`: from where on the hub puts all that is committed. `seen`: up to where it has looked
    for this stream, whether there was news or not. `is_over`: an End has been put.
    """

    def __init__(self, session: DeveloperSession, place: StreamPlace, seen: Snapshot) -> None:
        self.session, self.place = session, place
        self.joined_at = self.seen = seen
        self.is_over = False
        self.sees: Any = None  # what the developer could see when the hub last told something
        self._waiting: queue.SimpleQueue[News | End] = queue.SimpleQueue()

    def put(self, item: News | End) -> None:
        """Have the item told, and nothing after an End. A client that is too far behind gets an End
        instead. Does not wait.
        """
        if self.is_over:
            return
        if self._waiting.qsize() >= MOST_UNREAD:
            item = End("slow")
        self.is_over = isinstance(item, End)
        self._waiting.put(item)

    def next(self, seconds: float) -> News | End | None:
        """The next item, or None if none comes within that time."""
        try:
            item = self._waiting.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None
        if isinstance(item, News):
            self.seen = item.seen  # the hub says so only when it has told all streams
        return item


class Hub:
    """The streams of this process, and what wakes them."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._streams: set[Stream] = set()
        self._lock = threading.Lock()  # of `_streams` and `_seen`, which go together
        self._seen: Snapshot | None = None
        self._unread_of: set[int] = set()
        self._inbox_of: set[int] = set()
        self._fleet = FleetWatch()
        self._some = threading.Event()
        self._watchers: dict[int, set[threading.Event]] = {}  # of one task
        self._is_started = self.is_closing = False
        self._judged_at = self._kept_at = 0.0

    @contextmanager
    def joined(self, session: DeveloperSession, place: StreamPlace) -> Iterator[Stream]:
        """A stream that gets all that is committed after its `joined_at`, while the context lasts.

        Raises SQLAlchemyError.
        """
        self._start()
        with self._lock:
            # A client may have read further at another process than this one has.
            self._advance()
            assert self._seen is not None
            stream = Stream(session, place, self._seen)
            self._streams.add(stream)
        if self.is_closing:
            stream.put(End("going_away"))
        try:
            yield stream
        finally:
            with self._lock:
                self._streams.discard(stream)

    @contextmanager
    def watching(self, task_id: int) -> Iterator[threading.Event]:
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
            stream.put(End("going_away"))
        self._wake_watchers()

    # ---- looking ---------------------------------------------------------------------------------

    def _start(self) -> None:
        with self._lock:
            if self._is_started:
                return
            self._is_started = True
        background_threads.start(self._look_on, self._listen)

    def _look_on(self) -> NoReturn:
        while True:
            self._some.wait(LOOK_SECONDS)
            self._some.clear()
            # Nothing is lost by an error: the next look begins where the last one ended.
            if not background_threads.survive(
                log, "news_not_read", self._look, SQLAlchemyError, RedisError
            ):
                time.sleep(0.5)
            time.sleep(PAUSE_SECONDS)

    def _look(self) -> None:
        if not self._streams:
            return
        with self._lock:
            self._advance()
        if time.monotonic() >= self._kept_at + KEEP_SECONDS:
            self._kept_at = time.monotonic()
            with self._app.app_context():
                open_streams.keep([stream.place for stream in self._streams])

    def _advance(self) -> None:
        """Read what is new, and put into each stream what is for it. The caller holds the lock."""
        with self._app.app_context():
            if self._seen is None or not self._streams:
                self._fleet.begin()
                self._seen = stream_batch.here()
                return
            unread_of, self._unread_of = self._unread_of, set()
            inbox_of, self._inbox_of = self._inbox_of, set()
            batch = stream_batch.since(self._seen, {s.session.developer_id for s in self._streams})
            look = self._fleet.look()
            told = {row["developer_id"] for row in batch.notifications}
            is_quiet = not (batch.events or told or unread_of or inbox_of or look.changes)
            if not is_quiet or time.monotonic() >= self._judged_at + LOOK_SECONDS:
                self._tell(batch, told | unread_of, Beside(look.changes, inbox_of))
            self._fleet.tell(look)
            self._seen = batch.seen
            for stream in self._streams:
                if not stream.is_over:  # or it would seem to have read what it was not told
                    stream.seen = batch.seen

    def _tell(self, batch: NewsBatch, unread_of: set[int], beside: "Beside") -> None:
        self._judged_at = time.monotonic()
        streams = dict(enumerate(self._streams))
        sessions = {number: stream.session for number, stream in streams.items()}
        viewer_states = stream_batch.viewer_states(sessions, now(), unread_of=unread_of)
        for number, stream in streams.items():
            state = viewer_states.get(number)
            if state is None or not state.is_signed_in:
                stream.put(End("signed_out"))
            elif not batch.is_whole:
                stream.put(End("behind"))
            elif (item := for_one(batch, stream, state, beside)) is not None:
                stream.put(item)

    # ---- being woken -----------------------------------------------------------------------------

    def _listen(self) -> NoReturn:
        channels = (wakeups.NEWS_CHANNEL, wakeups.SIGNED_OUT_CHANNEL)
        subscription.listen(self._app.config["REDIS_URL"], channels, self._some.set, self._hear)

    def _hear(self, message: dict[str, Any]) -> None:
        if message["channel"] == wakeups.SIGNED_OUT_CHANNEL.encode():
            self._hear_signed_out()
            return
        for word in message["data"].split():
            of, number = word[:1], word.lstrip(b"ui")
            if not number.isdigit():
                log.warning("news_not_understood", word=word[:100])
            elif of == b"u":
                self._unread_of.add(int(number))
            elif of == b"i":
                self._inbox_of.add(int(number))
            else:
                for some in list(self._watchers.get(int(number), ())):
                    some.set()
        self._some.set()

    def _hear_signed_out(self) -> None:
        """Judge all streams: they are looked at together, and this is rare."""
        self._judged_at = 0.0
        self._some.set()
        self._wake_watchers()

    def _wake_watchers(self) -> None:
        for watchers in list(self._watchers.values()):
            for some in list(watchers):
                some.set()


class Beside(NamedTuple):
    """What there is to tell beside a batch: `machines`, and whose inboxes may have changed by an
    act of their own, in another tab."""

    machines: Sequence[Change] | None
    inbox_of: Collection[int]


def for_one(batch: NewsBatch, stream: Stream, state: ViewerState, beside: Beside) -> News | None:
    """The part of it that the stream's developer may see; None where that is nothing."""
    developer_id = stream.session.developer_id
    events = [event for event in batch.events if state.sees(event)]
    own = [row for row in batch.notifications if row["developer_id"] == developer_id]
    mine = [row for row in own if state.is_told(row)]
    sees, stream.sees = stream.sees, (state.role, state.projects)
    inbox_changed = (
        developer_id in beside.inbox_of
        or (sees is not None and sees != stream.sees)
        or any(state.needs(event, developer_id) for event in events)
        or (state.tends_machines and machine_changes.is_of_health(beside.machines or ()))
    )
    machines = beside.machines
    if not (events or mine or machines or inbox_changed) and state.unread is None:
        return None
    return News(events, mine, state.unread, batch.seen, machines, inbox_changed)


def of(app: Flask) -> Hub:
    """The app's hub, which is made when it is first asked for."""
    hub: Hub = app.extensions.setdefault("hub", Hub(app))
    return hub
