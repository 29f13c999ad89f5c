"""Redis commands of a process, sent over one connection."""

import threading
import time
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

Command = tuple[Any, ...]

_MAX_IDLE_SECONDS = 1.0  # seconds for which a used connection is assumed to be alive


def create_client(url: str, timeout: float) -> "redis.Redis":
    """Return a Redis client without retries: keystrokes must not be repeated."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


class _PendingCommands:
    """The commands of one caller, and their results. `error`: why some have none."""

    def __init__(self, commands: tuple[Command, ...]) -> None:
        self.commands = commands
        self.answers: list[Any] = []
        self.error: RedisError | None = None
        self.is_finished = False


class CommandQueue:
    """A connection that many threads send commands over.

    Commands that arrive while it's busy are sent by its next user: under load, one round trip
    carries the commands of many. It uses redis-py's connection directly: a pipeline costs several
    times its content.
    """

    def __init__(self, url: str) -> None:
        self._pool = create_client(url, timeout=5).connection_pool
        self._connection: Any = None
        self._used_at = 0.0
        self._lock = threading.Lock()
        self._pending: list[_PendingCommands] = []

    def run(self, *commands: Command) -> list[Any]:
        """Send the commands; return their results, each a ResponseError if Redis rejected it.

        Raises RedisError if Redis can't be reached. It's then unknown whether the commands were
        executed.
        """
        ride = _PendingCommands(commands)
        self._pending.append(ride)
        with self._lock:
            if not ride.is_finished:
                rides, self._pending = self._pending, []
                self._send_all(rides)
        if ride.error is not None:
            raise ride.error
        return ride.answers

    def _send_all(self, rides: list[_PendingCommands]) -> None:
        try:
            connection = self._get_connection()
            commands = [command for ride in rides for command in ride.commands]
            connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            for ride in rides:
                ride.answers = [_read_answer(connection) for _ in ride.commands]
        except RedisError as error:
            for ride in rides:
                if len(ride.answers) < len(ride.commands):  # else it has arrived
                    ride.error = error
        finally:
            if not all(len(ride.answers) == len(ride.commands) for ride in rides):
                self._drop()  # another caller's results may be on their way
            for ride in rides:
                ride.is_finished = True

    def _get_connection(self) -> Any:
        """Return the connection; a new one after a long idle time, because Redis may have closed
        it.
        """
        now = time.monotonic()
        if self._connection is not None and now > self._used_at + _MAX_IDLE_SECONDS:
            self._pool.release(self._connection)
            self._connection = None
        if self._connection is None:
            self._connection = self._pool.get_connection()
        self._used_at = now
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.disconnect()
            self._pool.release(self._connection)
            self._connection = None


def _read_answer(connection: Any) -> Any:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error
