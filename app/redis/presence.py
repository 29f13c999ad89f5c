"""Bounded sets of those who are present, counted over all server processes.

Such a set is a sorted set in Redis: each member has for its score the unix time at which it lapses
unless it is renewed, so that a process that dies takes no place for good. The functions return
commands; the caller carries them out, on its own connection and together with others if it likes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Command = tuple[Any, ...]

_EXPIRE_SECONDS = 120  # longer than any member is present without being renewed

# ARGV: now, when the member lapses, the member, and the most that each set may have.
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
    """Add the member to all sets for so many seconds, or to none where one has its limit already.

    `limits`: each set's key → the most that it may have. The answer is 1 or 0.
    """
    return ("EVAL", _ADMIT, len(limits), *limits, now, now + seconds, member, *limits.values())


def renew_commands(member: str, sets: Iterable[str], until: float) -> list[Command]:
    """Have the member lapse at `until` and not before."""
    commands: list[Command] = []
    for key in sets:
        commands += [("ZADD", key, until, member), ("EXPIRE", key, _EXPIRE_SECONDS)]
    return commands


def leave_commands(member: str, sets: Iterable[str]) -> list[Command]:
    """Take the member out of the sets now."""
    return [("ZREM", key, member) for key in sets]


def count_command(key: str, now: float) -> Command:
    """The answer is how many members of the set have not lapsed."""
    return ("ZCOUNT", key, now, "+inf")
