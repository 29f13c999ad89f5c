"""Who looks at a task's terminal, over all server processes, and who of them may type.

It lies in a hash beside the set of those who are there: who is not in that set any more has gone,
also with a process that could not say so.
"""

import time
from collections.abc import Mapping

import msgspec

from app import terminal_keys
from app.terminals.command_queue import Command
from app.terminals.frames import ViewersChanged
from app.terminals.store import Store, ViewerPresence
from app.terminals.stream import EntryId
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.terminal import ViewerInfo, Viewers

MAX_LISTED = 500  # that are told of; a task has 50 unless an admin allows more
MIN_UPDATE_INTERVAL_SECONDS = 0.3  # how often a viewer is told at most

_encoder = msgspec.json.Encoder()


def add(
    store: Store, key: AttemptKey, who: ViewerPresence, looker: ViewerInfo, known: EntryId
) -> None:
    """Say that the viewer looks, and what it may do. Raises RedisError."""
    place = _redis_key(key)
    store.run(
        ("HSET", place, who.viewer, _encoder.encode(looker)),
        ("EXPIRE", place, terminal_keys.TTL_SECONDS),
    )
    store.append_note(key, ViewersChanged(), known)


def remove(store: Store, key: AttemptKey, who: ViewerPresence, known: EntryId) -> None:
    """Say that the viewer has gone. Raises RedisError."""
    store.run(("HDEL", _redis_key(key), who.viewer))
    store.append_note(key, ViewersChanged(), known)


def renew_command(key: AttemptKey) -> Command:
    """The command that keeps what was said for a while longer."""
    return ("EXPIRE", _redis_key(key), terminal_keys.TTL_SECONDS)


def build_frame(store: Store, key: AttemptKey, who: ViewerPresence) -> Viewers:
    """The frame for that viewer: those who control first, then by name. Raises RedisError."""
    here, fields = store.run(
        ("ZRANGE", who.sets[0], time.time(), "+inf", "BYSCORE"), ("HGETALL", _redis_key(key))
    )
    lookers = _decode(dict(zip(fields[::2], fields[1::2], strict=True)))
    present = {viewer: lookers[viewer] for viewer in here if viewer in lookers}
    mine = who.viewer.encode()
    people = [
        msgspec.structs.replace(looker, is_you=viewer == mine) for viewer, looker in present.items()
    ]
    people.sort(key=lambda one: (one.mode != "control", one.name.casefold(), one.is_you))
    return Viewers(people=people[:MAX_LISTED])


def _decode(encoded: Mapping[bytes, bytes]) -> dict[bytes, ViewerInfo]:
    return {viewer: msgspec.json.decode(text, type=ViewerInfo) for viewer, text in encoded.items()}


def _redis_key(key: AttemptKey) -> str:
    return f"muster:terminal:viewers:{key[0]}"
