"""All machines' connections to one server process: their wakeups, and their shared threads.

Redis and Postgres connections grow with processes, never with machines: one subscription and one
heartbeat writer serve all connections of the process.
"""

import math
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NoReturn

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app import background_threads, wakeups
from app.control_channel.connection import Connection
from app.control_channel.rate_limit import RateLimiters
from app.redis import subscription
from app.services.clock import now
from app.services.machines import heartbeats, server_processes, sessions
from app.services.machines.heartbeats import ReceivedHeartbeat
from muster.protocol.frames import CloseCode, Heartbeat

log = structlog.get_logger(__name__)


class HeartbeatWriter:
    """Writes the heartbeats of all connections, in at most four statements per second."""

    INTERVAL_SECONDS = 0.25

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._received: dict[uuid.UUID, tuple[Connection, ReceivedHeartbeat]] = {}
        self._wakeup = threading.Event()

    def add(self, connection: Connection, frame: Heartbeat) -> None:
        """Queue a heartbeat; it's answered after its commit. Doesn't block."""
        heartbeat = ReceivedHeartbeat(
            connection.machine_id, connection.generation, frame.number, now(), frame.metrics
        )
        self._received[connection.machine_id] = (connection, heartbeat)
        self._wakeup.set()

    def run(self) -> NoReturn:
        """The writing thread."""
        while True:
            self._wakeup.wait()
            self._wakeup.clear()
            received, self._received = self._received, {}
            # Without Postgres they stay unanswered, and the machines' leases run out, which is
            # correct: the heartbeats aren't stored.
            write = partial(self._write, received)
            background_threads.run_logged(log, "heartbeats_not_written", write, SQLAlchemyError)
            time.sleep(self.INTERVAL_SECONDS)

    def _write(self, received: dict[uuid.UUID, tuple[Connection, ReceivedHeartbeat]]) -> None:
        with self._app.app_context():
            answers = heartbeats.write_heartbeats([heartbeat for _, heartbeat in received.values()])
        for machine_id, (connection, heartbeat) in received.items():
            result = answers.get(machine_id)
            if result is None:
                connection.request_close(CloseCode.REPLACED, "replaced by a newer connection")
            else:
                connection.acknowledge_heartbeat(heartbeat, result)


class ServerPresence:
    """Records in the rows that this process serves."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._run_id: uuid.UUID | None = None

    def run(self) -> NoReturn:
        """The writing thread."""
        while True:
            # Without Postgres, no heartbeat can be stored, so it's correct if the rows don't show
            # that this process serves. After any other error they must show it again: otherwise,
            # connected machines' losses would go uncounted later.
            background_threads.run_logged(
                log, "presence_not_written", self._record, SQLAlchemyError
            )
            time.sleep(server_processes.HEARTBEAT_INTERVAL_SECONDS)

    def _record(self) -> None:
        with self._app.app_context():
            self._run_id = server_processes.record_heartbeat(self._run_id, now())


class ConnectionRegistry:
    """The process's connections, by machine, and their shared threads."""

    def __init__(self, app: Flask) -> None:
        self.heartbeat_writer = HeartbeatWriter(app)
        self.rate_limiters = RateLimiters()
        self._presence = ServerPresence(app)
        self._app = app
        self._connections: dict[uuid.UUID, Connection] = {}
        self._is_started = False
        self._lock = threading.Lock()

    @contextmanager
    def register(self, connection: Connection) -> Iterator[None]:
        """Register the connection for wakeups until the context ends. Commits at the end."""
        self.start()
        other = self._connections.get(connection.machine_id)
        if other is None or other.generation < connection.generation:
            self._connections[connection.machine_id] = connection
        if other is not None:
            other.wake()  # wakeups reach only one of the two: tell the older that it was replaced
        try:
            yield
        finally:
            if self._connections.get(connection.machine_id) is connection:
                del self._connections[connection.machine_id]
            self._record_disconnect(connection)

    def close_all(self) -> None:
        """End all connections because the process is stopping: machines reconnect."""
        for connection in list(self._connections.values()):
            connection.request_close(CloseCode.GOING_AWAY, "this server process is stopping")

    def _record_disconnect(self, connection: Connection) -> None:
        try:
            with self._app.app_context():
                sessions.end_session(connection.machine_id, connection.generation)
        except SQLAlchemyError as error:
            log.warning("disconnect_not_written", error=type(error).__name__)

    def start(self) -> None:
        """Start the threads. Only the first call has an effect."""
        with self._lock:
            if self._is_started:
                return
            self._is_started = True
        background_threads.start_threads(
            self.heartbeat_writer.run, self._presence.run, self._listen
        )

    def _listen(self) -> NoReturn:
        channels = (wakeups.MACHINES_CHANNEL, wakeups.REPLACED_CHANNEL, wakeups.CHECKS_CHANNEL)
        subscription.listen(
            self._app.config["REDIS_URL"], channels, self._wake_all, self.handle_message
        )

    def _wake_all(self) -> None:
        for connection in list(self._connections.values()):
            connection.wake()

    def handle_message(self, message: dict[str, Any]) -> None:
        """Wake the connections that a Redis message is about.

        Raises ValueError for an unknown message.
        """
        words = message["data"].decode().split()
        if message["channel"].decode() == wakeups.REPLACED_CHANNEL:
            machine_id, generation = words
            self._wake(machine_id, older_than=int(generation))
            return
        if message["channel"].decode() == wakeups.CHECKS_CHANNEL:
            self._offer_check(*words)
            return
        for machine_id in words:
            self._wake(machine_id)

    def _offer_check(self, check_id: str, *machine_ids: str) -> None:
        for machine_id in machine_ids:
            connection = self._connections.get(uuid.UUID(machine_id))
            if connection is not None:
                connection.offer_check(check_id)

    def _wake(self, machine_id: str, older_than: float = math.inf) -> None:
        connection = self._connections.get(uuid.UUID(machine_id))
        if connection is not None and connection.generation < older_than:
            connection.wake()


def get_registry(app: Flask) -> ConnectionRegistry:
    """Return the app's connection registry, created on first use."""
    board: ConnectionRegistry = app.extensions.setdefault("switchboard", ConnectionRegistry(app))
    return board
