"""The home of an attempt that is over passes to its task's next one on the same machine: what the
agent knows lies there.

Whatever dies in between, the home is the one's or the other's: it moves in one step, and its files
change hands after that, as often as it takes.
"""

import os
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey
from muster.worker.layout import Layout
from muster.worker.sandbox import trees
from muster.worker.sandbox.uids import Identity


def can_reuse(layout: Layout, before: AttemptKey, key: AttemptKey) -> bool:
    """Whether the home of `before` can pass to `key`, or has done so."""
    return any(layout.attempt_home(each).is_dir() for each in (before, key))


def reuse_home(
    layout: Layout, before: AttemptKey, key: AttemptKey, identity: Identity | None
) -> None:
    """Moves the home of `before`, of which nothing runs, to where `key` has its own, and gives it
    to that one's uid; again, it goes on with what is left to do. Raises OSError.
    """
    old, new = layout.attempt_home(before), layout.attempt_home(key)
    if old.is_dir():
        if identity is not None:
            _kill_owner(layout, old.stat().st_uid)
        os.rename(old, new)
    elif not new.is_dir():
        raise FileNotFoundError("the home of the attempt before is gone")
    if identity is not None:
        _change_owner(new, identity)


def _kill_owner(layout: Layout, uid: int) -> None:
    """Nobody is to change, while they change hands, what files there are."""
    if uid != 0:
        Identity(uid, layout.identities / str(uid)).kill()


def _change_owner(home: Path, identity: Identity) -> None:
    trees.chown_tree(home, identity.uid)
