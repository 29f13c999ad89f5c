"""Bounded sets of present members, counted across all server processes.

Each set is a sorted set in Redis. A member's score is the Unix time at which it expires unless
renewed, so a dead process frees its entries. The functions return commands; the caller sends them,
on its own connection and with others if needed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Command = tuple[Any, ...]

_EXPIRE_SECONDS = 120  # longer than any member stays without renewal

# ARGV: now, the member's expiry, the member, and the limit of each set.
_ADMIT = f"""
for i, set in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', set, '-inf', ARGV[1])
  if redis.call('ZCARD', set) >= tonumber(ARGV[3 + i]) then return 0 end
end
for _, set in ipairs(KEYS) do
  redis.call('ZADD', set, ARGV[2], ARGV[3])
  redis.call('EXPIRE', set, {_EXPIRE_SECONDS})
end
return 1
"""


def admit_command(member: str, limits: Mapping[str, int], now: float, seconds: float) -> Command:
    """Return the command that adds the member to all sets for that many seconds, or to none if one
    is full.

    `limits`: each set's key → its limit. The result is 1 or 0.
    """
    return ("EVAL", _ADMIT, len(limits), *limits, now, now + seconds, member, *limits.values())


def renew_commands(member: str, sets: Iterable[str], until: float) -> list[Command]:
    """Return the commands that make the member expire at `until`."""
    commands: list[Command] = []
    for key in sets:
        commands += [("ZADD", key, until, member), ("EXPIRE", key, _EXPIRE_SECONDS)]
    return commands


def leave_commands(member: str, sets: Iterable[str]) -> list[Command]:
    """Return the commands that remove the member from the sets."""
    return [("ZREM", key, member) for key in sets]


def count_command(key: str, now: float) -> Command:
    """Return the command whose result is the number of unexpired members."""
    return ("ZCOUNT", key, now, "+inf")
