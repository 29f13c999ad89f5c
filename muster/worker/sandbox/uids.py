"""A uid for each attempt, if the daemon runs as root.

An attempt's processes and files belong to a uid from a range that nobody else uses; its gid is the
same number. A claim is a symbolic link `identities/<uid>` to the attempt's name: created in one
step, it survives a crash, and stays valid outside the daemon's current range. Two daemons as root
on one host need two disjoint ranges: `uids_for_daemon` has some.

The ranges avoid those of others: systemd has 60001-60513 (homes), 61184-65519 (dynamic users) and
524288 and up (containers); 65534 is nobody, 65535 is no uid where those have 16 bits; from 100000
on useradd assigns subordinate uids.
"""

import logging
import os
import pwd
import random
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey

UIDS_PER_DAEMON = 1_000
_FIRST = 66_000
_END = 100_000
MAX_DAEMONS = (_END - _FIRST) // UIDS_PER_DAEMON
"""Maximum daemons on one host that can have their own uids."""


def uids_for_daemon(number: int) -> range:
    """Return the uids of a host's daemon, by its number from 0. Raises ValueError from
    `MAX_DAEMONS` on."""
    if not 0 <= number < MAX_DAEMONS:
        raise ValueError(f"a host has uids for daemons 0 to {MAX_DAEMONS - 1}, not for {number}")
    first = _FIRST + number * UIDS_PER_DAEMON
    return range(first, first + UIDS_PER_DAEMON)


DEFAULT_UIDS = uids_for_daemon(0)


DAEMON_IDENTITIES = ("agents", "screens", "work")
"""The uses of the daemon's own uids: to test agents' programs, to draw screens, and to check
attempts' commits. The last can share the uid for screens."""

log = logging.getLogger(__name__)


class NoIdentityLeft(Exception):
    """Every uid of the range is in use."""


class TooFewUids(Exception):
    """A range is smaller than its machine needs."""


def min_uids(slots: int) -> int:
    """Return the minimum number of uids of a machine: the daemon's, and one per slot."""
    return len(DAEMON_IDENTITIES) - 1 + slots


def require_enough(uids: range, slots: int) -> None:
    """Raise TooFewUids; without root, where there are no identities, any range works."""
    if os.geteuid() == 0 and len(uids) < min_uids(slots):
        raise TooFewUids(
            f"--uids {_format_range(uids)} has {len(uids)} user ids, but this machine needs"
            f" at least {min_uids(slots)}: one for each of its {slots} slots, and"
            f" {len(DAEMON_IDENTITIES) - 1} for the worker itself. A larger range is better: an"
            " attempt keeps its id until its task is finished"
        )


@dataclass(frozen=True)
class Identity:
    """One attempt's uid and gid."""

    uid: int
    claim: Path

    def chown(self, path: Path) -> None:
        """Give a file or an empty directory of ours to the attempt."""
        os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def kill(self) -> None:
        """Kill every process of the uid, wherever in the process tree it hides. Without a sandbox,
        one that kills the others in a loop may be first, and survive."""
        subprocess.run(
            ["/bin/sh", "-c", "kill -s KILL -- -1"],
            cwd="/",
            env={},
            user=self.uid,
            group=self.uid,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )

    def release(self) -> None:
        """Free the uid, and kill what still runs under it. It isn't assigned again while surviving
        processes use it: the next attempt must not meet them."""
        self.kill()
        self.claim.unlink(missing_ok=True)


class UidAllocator:
    """Assigns the uids of a range; the claims are in `directory`."""

    def __init__(self, directory: Path, uids: range = DEFAULT_UIDS) -> None:
        self._directory = directory
        self._uids = uids

    def claim(self, key: AttemptKey) -> Identity | None:
        """Return the attempt's identity, always the same one; None unless we are root.

        Raises NoIdentityLeft.
        """
        return self.claim_named(key.name)

    def claim_named(self, name: str) -> Identity | None:
        """The same for one of `DAEMON_IDENTITIES`, which keeps it across restarts."""
        if os.geteuid() != 0:
            return None
        if found := self._find(name):
            return found
        for uid in self._candidates():
            with suppress(FileExistsError):
                os.symlink(name, self._directory / str(uid))
                return Identity(uid, self._directory / str(uid))
        raise NoIdentityLeft(self._exhausted_message)

    def claim_daemon_identities(self, slots: int) -> dict[str, Identity | None]:
        """Return the daemon's own identities by name. Without `work`, which can share, if attempts
        need or have all other IDs: that is logged as a warning. Raises NoIdentityLeft."""
        *needed_names, work = DAEMON_IDENTITIES
        own = {name: self.claim_named(name) for name in needed_names}
        why = f"{_format_range(self._uids)} has just enough user ids for {slots} slots (--uids)"
        if os.geteuid() != 0 or len(self._uids) > min_uids(slots):
            try:
                return {**own, work: self.claim_named(work)}
            except NoIdentityLeft as error:
                why = str(error)
        log.warning("checking commits as the user that draws screens: %s", why)
        return own

    def find_claimed(self, key: AttemptKey) -> Identity | None:
        """Return the attempt's identity; None if it has none."""
        return self._find(key.name)

    def exhausted_reason(self) -> str | None:
        """Return why no attempt could get one now; None if one could, or without identities."""
        if os.geteuid() == 0 and not any(self._is_free(uid) for uid in self._candidates()):
            return self._exhausted_message
        return None

    @property
    def _exhausted_message(self) -> str:
        return (
            f"all {len(self._uids)} user ids of {_format_range(self._uids)} are in use, by attempts"
            " with retained workspaces or by others on this host: give the worker more (--uids)"
        )

    def _is_free(self, uid: int) -> bool:
        return not (self._directory / str(uid)).is_symlink()

    def _find(self, name: str) -> Identity | None:
        for identity in self._list_claimed():
            with suppress(FileNotFoundError):  # another attempt may be releasing its own
                if os.readlink(identity.claim) == name:
                    return identity
        return None

    def _list_claimed(self) -> list[Identity]:
        return [Identity(int(claim.name), claim) for claim in self._directory.iterdir()]

    def _candidates(self) -> Iterator[int]:
        # From a random position, so that a uid rests before it is reused: its old files in /tmp
        # must not be the next attempt's.
        start = random.randrange(len(self._uids))
        running = _uids_of_processes()
        for number in range(len(self._uids)):
            uid = self._uids[(start + number) % len(self._uids)]
            if uid not in running and not _has_account(uid):
                yield uid


def _format_range(uids: range) -> str:
    """Format a range as `--uids` does."""
    return f"{uids[0]}-{uids[-1]}"


def _uids_of_processes() -> set[int]:
    uids = set()
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with suppress(OSError):
                uids.add(entry.stat().st_uid)
    return uids


def _has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
