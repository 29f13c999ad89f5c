"""Who looks at a task's terminal, over all server processes, and who of them may type.

It lies in a hash beside the set of those who are there: who is not in that set any more has gone,
also with a process that could not say so.
"""

import time
from collections.abc import Mapping

import msgspec

from app import terminal_keys
from app.terminals.command_queue import Command
from app.terminals.frames import Looking
from app.terminals.store import Presence, Store
from app.terminals.stream import EntryId
from muster.protocol.attempt_key import AttemptKey
from muster.protocol.terminal import Looker, Viewers

MOST = 500  # that are told of; a task has 50 unless an admin allows more
EVERY_SECONDS = 0.3  # how often a viewer is told at most

_encoder = msgspec.json.Encoder()


def put(store: Store, key: AttemptKey, who: Presence, looker: Looker, known: EntryId) -> None:
    """Say that the viewer looks, and what it may do. Raises RedisError."""
    place = _place(key)
    store.run(
        ("HSET", place, who.viewer, _encoder.encode(looker)),
        ("EXPIRE", place, terminal_keys.SECONDS),
    )
    store.tell(key, Looking(), known)


def take(store: Store, key: AttemptKey, who: Presence, known: EntryId) -> None:
    """Say that the viewer has gone. Raises RedisError."""
    store.run(("HDEL", _place(key), who.viewer))
    store.tell(key, Looking(), known)


def renewal(key: AttemptKey) -> Command:
    """The command that keeps what was said for a while longer."""
    return ("EXPIRE", _place(key), terminal_keys.SECONDS)


def seen_by(store: Store, key: AttemptKey, who: Presence) -> Viewers:
    """The frame for that viewer: those who control first, then by name. Raises RedisError."""
    here, said = store.run(
        ("ZRANGE", who.sets[0], time.time(), "+inf", "BYSCORE"), ("HGETALL", _place(key))
    )
    lookers = _decoded(dict(zip(said[::2], said[1::2], strict=True)))
    present = {viewer: lookers[viewer] for viewer in here if viewer in lookers}
    mine = who.viewer.encode()
    people = [
        msgspec.structs.replace(looker, is_you=viewer == mine) for viewer, looker in present.items()
    ]
    people.sort(key=lambda one: (one.mode != "control", one.name.casefold(), one.is_you))
    return Viewers(people=people[:MOST])


def _decoded(said: Mapping[bytes, bytes]) -> dict[bytes, Looker]:
    return {viewer: msgspec.json.decode(text, type=Looker) for viewer, text in said.items()}


def _place(key: AttemptKey) -> str:
    return f"muster:pty:people:{key[0]}"
