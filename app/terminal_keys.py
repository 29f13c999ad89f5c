"""The Redis keys of a terminal, and the script that appends a note to its output.

`app.terminals.store` lists the keys and does everything else with them.
"""

from typing import NamedTuple, Protocol, Self

TTL_SECONDS = 120  # how long the keys stay without renewal

# Appends a note after the last bytes of the output stream of an attempt's terminal; only if there
# is one, when ARGV[3] is empty. `app.terminals` reads it after a message on the channel ARGV[4].
APPEND_NOTE = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if ARGV[3] == '' and not last[1] then return nil end
local at = last[1] and string.match(last[1][1], '^%d+') or '0'
if ARGV[3] ~= '' and tonumber(ARGV[3]) > tonumber(at) then at = ARGV[3] end
local id = redis.call('XADD', KEYS[1], at .. '-*', 'n', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[4], '')
return id
"""


class _HasTerminal(Protocol):
    @property
    def task_id(self) -> int: ...

    @property
    def attempt(self) -> int: ...

    @property
    def is_shell(self) -> bool: ...


class TerminalKey(NamedTuple):
    """An attempt's terminal: its stages', or that of the shell beside them."""

    task_id: int
    attempt: int
    is_shell: bool = False

    @classmethod
    def from_object(cls, named: _HasTerminal) -> Self:
        """Return the key of an object that names a terminal: a grant or a row."""
        return cls(named.task_id, named.attempt, named.is_shell)


def redis_key(key: TerminalKey, part: str) -> str:
    """Return the key of a part of the terminal."""
    kind = "-shell" if key.is_shell else ""
    return f"muster:terminal:{key.task_id}-{key.attempt}{kind}:{part}"


def stream_channel(key: str, database: int) -> str:
    """Return the channel for additions to the stream at `key`.

    Channels are shared by all databases of a Redis, keys aren't.
    """
    return f"{key}@{database}"
