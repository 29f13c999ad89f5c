"""Which release the worker of a home runs: a file, which the installed one reads at its start.

What was installed by hand is the base, and stays. A base that is another one than when the choice
was made, because somebody has installed anew, has none: it runs itself. Who installs the same once
more removes the file, as `worker.sh` does.
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

INTERRUPTED = "the worker was ended in the middle of trying it"


class FailedRelease(msgspec.Struct, frozen=True, rename="camel"):
    """A release that was tried. `may_retry`: perhaps not for its own fault, and it is tried once
    more."""

    release: str
    version: str
    reason: str = msgspec.field(name="why")
    may_retry: bool = msgspec.field(default=False, name="isOwed")


class ReleaseChoice(msgspec.Struct, frozen=True, rename="camel"):
    """`base` is what tells that environment from others (`releases.base_identity`). `release` is
    what runs in its place, `canary` what is being tried in place of that, of `version`; empty:
    none."""

    base: str
    release: str = ""
    canary: str = msgspec.field(default="", name="trying")
    version: str = ""
    failed: FailedRelease | None = None

    def with_failed(self, why: str, *, is_owed: bool) -> "ReleaseChoice":
        """The choice after the trial. What has had its second try is owed none."""
        before = self.failed
        was_owed = before is not None and before.may_retry and before.release == self.canary
        failed = FailedRelease(self.canary, self.version, why, is_owed and not was_owed)
        return msgspec.structs.replace(self, canary="", version="", failed=failed)


def load(layout: Layout) -> ReleaseChoice | None:
    """None where none has been made, or it cannot be read."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(layout.release_choice.read_bytes(), type=ReleaseChoice)
    return None


def save(layout: Layout, choice: ReleaseChoice) -> None:
    """Raises OSError."""
    atomic_write.replace_file(layout.release_choice, msgspec.json.encode(choice))


def current(layout: Layout) -> ReleaseChoice | None:
    """The choice of the base that we are, or of which we are a release; the empty one where there
    is none. None where no other release can be run here, for this is a checkout."""
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
    """Held by who tries a release, which is not who has the home. Raises HomeInUse."""
    handle = os.open(layout.releases / "canary.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUse(f"another worker with {layout.home} tries a release") from None
        yield
    finally:
        os.close(handle)


def recover_interrupted(layout: Layout) -> ReleaseChoice | None:
    """Likewise `current`, at the start of a worker: a trial that nobody conducts any more was
    interrupted, and what ran before it runs on. Raises HomeInUse, OSError."""
    if not layout.releases.is_dir():
        return current(layout)
    with canary_lock(layout):
        known = current(layout)
        if known is not None and known.canary:
            known = known.with_failed(INTERRUPTED, is_owed=True)
            with contextlib.suppress(OSError):  # a full disk; the next start finds it out again
                save(layout, known)
    return known
