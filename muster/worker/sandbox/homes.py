"""Pass the home of a finished attempt to its task's next one on the same machine, because it has
the agent's sessions.

Whatever dies in between, the home belongs to one of them: it moves in one step, and its files
change owner after that, repeated if necessary.
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
    """Move the home of `before`, of which nothing runs, to that of `key`, and give it to that uid;
    a repeated call continues the remaining work. Raises OSError.
    """
    old, new = layout.attempt_home(before), layout.attempt_home(key)
    if old.is_dir():
        if identity is not None:
            _kill_owner(layout, old.stat().st_uid)
        os.rename(old, new)
    elif not new.is_dir():
        raise FileNotFoundError("the previous attempt's home is gone")
    if identity is not None:
        _change_owner(new, identity)


def _kill_owner(layout: Layout, uid: int) -> None:
    """No process may change the files while they change owner."""
    if uid != 0:
        Identity(uid, layout.identities / str(uid)).kill()


def _change_owner(home: Path, identity: Identity) -> None:
    trees.chown_tree(home, identity.uid)
