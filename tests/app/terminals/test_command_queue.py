"""Commands that are sent together: each caller gets its own results."""

import time
from types import SimpleNamespace

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from app.terminals.command_queue import CommandQueue, _PendingCommands


class Breaking:
    """A connection that breaks after its first answer."""

    def __init__(self) -> None:
        self._answers = [b"typed"]

    def read_response(self) -> bytes:
        if not self._answers:
            raise RedisConnectionError("gone")
        return self._answers.pop()

    pack_commands = send_packed_command = disconnect = lambda *_, **__: None


@pytest.fixture
def commands() -> CommandQueue:
    found = CommandQueue("redis://127.0.0.1:1")
    found._connection, found._used_at = Breaking(), time.monotonic()
    found._pool = SimpleNamespace(release=lambda _: None)  # type: ignore[assignment]
    return found


def test_what_was_answered_before_the_connection_broke_has_been_done(
    commands: CommandQueue,
) -> None:
    first, second = _PendingCommands((("XADD", "a"),)), _PendingCommands((("XADD", "b"),))
    commands._send_all([first, second])
    assert (first.answers, first.error) == ([b"typed"], None)
    assert isinstance(second.error, RedisConnectionError)
    assert commands._connection is None
