"""The viewers of a task's terminal, across all server processes, and their modes.

They are in a hash beside the set of present viewers: one that is no longer in that set has left,
even if its process died.
"""

import time
from collections.abc import Mapping

import msgspec

from app import terminal_keys
from app.terminal_keys import TerminalKey
from app.terminals.command_queue import Command
from app.terminals.frames import ViewersChanged
from app.terminals.store import Store, ViewerPresence
from app.terminals.stream import EntryId
from muster.protocol.terminal import ViewerInfo, Viewers

MAX_LISTED = 500  # listed viewers; the default limit per task is 50
MIN_UPDATE_INTERVAL_SECONDS = 0.3  # minimum interval of updates per viewer

_encoder = msgspec.json.Encoder()


def add(
    store: Store, key: TerminalKey, who: ViewerPresence, looker: ViewerInfo, known: EntryId
) -> None:
    """Record a viewer and its mode. Raises RedisError."""
    place = _redis_key(key)
    store.run(
        ("HSET", place, who.viewer, _encoder.encode(looker)),
        ("EXPIRE", place, terminal_keys.TTL_SECONDS),
    )
    store.append_note(key, ViewersChanged(), known)


def remove(store: Store, key: TerminalKey, who: ViewerPresence, known: EntryId) -> None:
    """Record that the viewer has left. Raises RedisError."""
    store.run(("HDEL", _redis_key(key), who.viewer))
    store.append_note(key, ViewersChanged(), known)


def renew_command(key: TerminalKey) -> Command:
    """Return the command that extends the records' expiry."""
    return ("EXPIRE", _redis_key(key), terminal_keys.TTL_SECONDS)


def build_frame(store: Store, key: TerminalKey, who: ViewerPresence) -> Viewers:
    """Return the frame for that viewer: controlling viewers first, then by name. Raises
    RedisError.
    """
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


def _redis_key(key: TerminalKey) -> str:
    return f"muster:terminal:viewers:{key.task_id}{':shell' if key.is_shell else ''}"
