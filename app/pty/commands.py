"""Redis commands of a whole process over one connection."""

import threading
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

Command = tuple[Any, ...]


def client(url: str, timeout: float) -> "redis.Redis":
    """Tries nothing twice: what was typed must not be typed again."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


class _Ride:
    """Commands that travel together, and what became of them."""

    def __init__(self, commands: tuple[Command, ...]) -> None:
        self.commands = commands
        self.answers: list[Any] = []
        self.error: RedisError | None = None
        self.is_over = False


class Commands:
    """Whoever comes while the connection is busy goes along with the next to have it: under load
    one round trip carries the commands of many.
    """

    def __init__(self, url: str) -> None:
        self._client = client(url, timeout=5)
        self._turn = threading.Lock()
        self._waiting: list[_Ride] = []

    def run(self, *commands: Command) -> list[Any]:
        """The answers; a command that Redis refused has its ResponseError for an answer.

        Raises RedisError when Redis cannot be reached.
        """
        ride = _Ride(commands)
        self._waiting.append(ride)
        with self._turn:
            if not ride.is_over:
                rides, self._waiting = self._waiting, []
                self._carry(rides)
        if ride.error is not None:
            raise ride.error
        return ride.answers

    def _carry(self, rides: list[_Ride]) -> None:
        pipe = self._client.pipeline(transaction=False)
        for ride in rides:
            for command in ride.commands:
                pipe.execute_command(*command)
        try:
            answers = iter(pipe.execute(raise_on_error=False))
            for ride in rides:
                ride.answers = [next(answers) for _ in ride.commands]
        except RedisError as error:
            for ride in rides:
                ride.error = error
        finally:
            for ride in rides:
                ride.is_over = True
