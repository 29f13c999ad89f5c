"""All connections of one server process: who is here, who wakes them, whose hearts beat.

Redis and Postgres connections grow with processes, never with machines: one subscription and one
heartbeat writer serve all connections of the process.
"""

import math
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis as redis_client
import structlog
from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app import bus
from app.machines.connection import Connection
from app.services.clock import now
from app.services.machines import heartbeats, machines, servers
from app.services.machines.heartbeats import ReceivedHeartbeat
from muster.protocol.frames import CloseCode, Heartbeat

log = structlog.get_logger(__name__)


class Pulse:
    """Writes the heartbeats of all connections, at most four statements a second."""

    INTERVAL = 0.25

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._signs: dict[uuid.UUID, tuple[Connection, ReceivedHeartbeat]] = {}
        self._some = threading.Event()

    def beat(self, connection: Connection, frame: Heartbeat) -> None:
        """Note a heartbeat; it is answered once it has been committed."""
        sign = ReceivedHeartbeat(
            connection.machine_id, connection.generation, frame.number, now(), frame.metrics
        )
        self._signs[connection.machine_id] = (connection, sign)
        self._some.set()

    def run(self) -> None:
        """The writer's thread."""
        while True:
            self._some.wait()
            self._some.clear()
            signs, self._signs = self._signs, {}
            try:
                self._write(signs)
            except SQLAlchemyError as error:
                # Unanswered, the machines' leases run on, which is right: we have not heard them.
                log.warning("heartbeats_not_written", error=type(error).__name__)
            except Exception:
                # One machine's must not keep those of all others from being written.
                log.exception("heartbeats_not_written")
            time.sleep(self.INTERVAL)

    def _write(self, signs: dict[uuid.UUID, tuple[Connection, ReceivedHeartbeat]]) -> None:
        with self._app.app_context():
            answers = heartbeats.write([sign for _, sign in signs.values()])
        for machine_id, (connection, sign) in signs.items():
            standing = answers.get(machine_id)
            if standing is None:
                connection.end(CloseCode.REPLACED, "another connection speaks for this machine")
            else:
                connection.answer(sign, standing)


class Presence:
    """Tells the rows that this process serves."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stretch: uuid.UUID | None = None

    def run(self) -> None:
        """Its thread."""
        while True:
            try:
                with self._app.app_context():
                    self._stretch = servers.sign(self._stretch, now())
            except SQLAlchemyError as error:
                # Unsaid, which is right: without Postgres no machine can be heard.
                log.warning("presence_not_written", error=type(error).__name__)
            except Exception:
                # Without it machines that we hear all the time would be excused later.
                log.exception("presence_not_written")
            time.sleep(servers.INTERVAL)


class Switchboard:
    """The process's connections by machine."""

    def __init__(self, app: Flask) -> None:
        self.pulse = Pulse(app)
        self._presence = Presence(app)
        self._app = app
        self._connections: dict[uuid.UUID, Connection] = {}
        self._started = False
        self._lock = threading.Lock()

    @contextmanager
    def joined(self, connection: Connection) -> Iterator[None]:
        """While this lasts, wake-ups reach the connection."""
        self.start()
        other = self._connections.get(connection.machine_id)
        if other is None or other.generation < connection.generation:
            self._connections[connection.machine_id] = connection
        if other is not None:
            other.wake()  # wake-ups reach only one of the two: the older is to see that it is
        try:
            yield
        finally:
            if self._connections.get(connection.machine_id) is connection:
                del self._connections[connection.machine_id]
            self._hang_up(connection)

    def close_all(self) -> None:
        """The process is going away: machines connect again at once, to another one."""
        for connection in list(self._connections.values()):
            connection.end(CloseCode.GOING_AWAY, "this server process is going away")

    def _hang_up(self, connection: Connection) -> None:
        try:
            with self._app.app_context():
                machines.hang_up(connection.machine_id, connection.generation)
        except SQLAlchemyError as error:
            log.warning("hang_up_not_written", error=type(error).__name__)

    def start(self) -> None:
        """Begin to serve; only the first call does anything."""
        with self._lock:
            if self._started:
                return
            self._started = True
        for work in (self.pulse.run, self._presence.run, self._listen):
            threading.Thread(target=work, name=work.__qualname__, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self._hear_wake_ups()
            except RedisError as error:
                log.warning("wake_ups_not_heard", error=str(error))
            except Exception:
                # One message must not keep all that come after it from being heard.
                log.exception("wake_ups_not_heard")
            time.sleep(1)

    def _hear_wake_ups(self) -> None:
        client = redis_client.Redis.from_url(
            self._app.config["REDIS_URL"], socket_connect_timeout=2, health_check_interval=10
        )
        with client.pubsub(ignore_subscribe_messages=True) as subscription:
            subscription.subscribe(bus.MACHINES_CHANNEL, bus.REPLACED_CHANNEL)
            for connection in list(self._connections.values()):
                connection.wake()  # something may have been missed before
            while True:
                self.hear(subscription.get_message(timeout=5))

    def hear(self, message: dict[str, Any] | None) -> None:
        """Pass on what came from Redis to the connections that it is about."""
        if message is None:
            return
        words = message["data"].decode().split()
        if message["channel"].decode() == bus.REPLACED_CHANNEL:
            machine_id, generation = words
            self._wake(machine_id, older_than=int(generation))
            return
        for machine_id in words:
            self._wake(machine_id)

    def _wake(self, machine_id: str, older_than: float = math.inf) -> None:
        connection = self._connections.get(uuid.UUID(machine_id))
        if connection is not None and connection.generation < older_than:
            connection.wake()


def of(app: Flask) -> Switchboard:
    """The app's switchboard, made on first use."""
    board: Switchboard = app.extensions.setdefault("switchboard", Switchboard(app))
    return board
