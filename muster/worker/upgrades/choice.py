"""The release that the worker of a home runs: a file, which the installed release reads at its
start.

The manually installed release is the base, and stays. If the base changed since the choice, because
the worker was reinstalled, there is no choice: it runs itself. Reinstalling the same base removes
the file, as `worker.sh` does.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from muster.worker import atomic_write
from muster.worker.home_lock import HomeInUse
from muster.worker.layout import Layout
from muster.worker.upgrades import releases

INTERRUPTED = "the worker was stopped during the canary"


class FailedRelease(msgspec.Struct, frozen=True, rename="camel"):
    """A release whose canary failed. `may_retry`: perhaps not its own fault, so it gets a second
    try."""

    release: str
    version: str
    reason: str = msgspec.field(name="why")
    may_retry: bool = msgspec.field(default=False, name="isOwed")


class ReleaseChoice(msgspec.Struct, frozen=True, rename="camel"):
    """`base` identifies that environment (`releases.base_identity`). `release` runs instead of it,
    `canary` is being tried instead of that, of `version`; empty: none."""

    base: str
    release: str = ""
    canary: str = msgspec.field(default="", name="trying")
    version: str = ""
    failed: FailedRelease | None = None

    def with_failed(self, why: str, *, is_owed: bool) -> "ReleaseChoice":
        """Return the choice after the canary. After a second try there is no other."""
        before = self.failed
        was_owed = before is not None and before.may_retry and before.release == self.canary
        failed = FailedRelease(self.canary, self.version, why, is_owed and not was_owed)
        return msgspec.structs.replace(self, canary="", version="", failed=failed)


def load(layout: Layout) -> ReleaseChoice | None:
    """Return the choice; None if there is none, or it can't be read."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(layout.release_choice.read_bytes(), type=ReleaseChoice)
    return None


def save(layout: Layout, choice: ReleaseChoice) -> None:
    """Save the choice. Raises OSError."""
    atomic_write.replace_file(layout.release_choice, msgspec.json.encode(choice))


def current(layout: Layout) -> ReleaseChoice | None:
    """Return the choice of our base; the empty one if there is none. None if no other release can
    run here, because this is a checkout."""
    known = load(layout)
    if known is not None and releases.running_release(layout):
        return known
    base = releases.base_identity()
    if not base:
        return None
    if known is not None and known.base == base:
        return known
    return ReleaseChoice(base)


@contextmanager
def canary_lock(layout: Layout) -> Iterator[None]:
    """Lock running a canary, which is separate from the home's lock. Raises HomeInUse."""
    handle = os.open(layout.releases / "canary.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUse(f"another worker with {layout.home} is running a canary") from None
        yield
    finally:
        os.close(handle)


def recover_interrupted(layout: Layout) -> ReleaseChoice | None:
    """Like `current`, at the start of a worker: a canary without its parent was interrupted, and
    the previous release continues. Raises HomeInUse, OSError."""
    if not layout.releases.is_dir():
        return current(layout)
    with canary_lock(layout):
        known = current(layout)
        if known is not None and known.canary:
            known = known.with_failed(INTERRUPTED, is_owed=True)
            with contextlib.suppress(OSError):  # a full disk; the next start detects it again
                save(layout, known)
    return known
