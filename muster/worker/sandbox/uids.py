"""A uid for each attempt, when the daemon runs as root.

An attempt's processes and files belong to a uid out of a range that nobody else uses; its gid is
the same number. A claim is a symbolic link `identities/<uid>` to the attempt's name: made in one
step, it outlives a crash, and holds also outside of the range that the daemon has now. Two daemons
as root on one host want two disjoint ranges: `uids_for_daemon` has some.

The ranges lie between what others take: systemd has 60001-60513 (homes), 61184-65519
(dynamic users) and 524288 and up (containers); 65534 is nobody, 65535 is no uid where those have 16
bits; from 100000 on useradd gives out subordinate uids.
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
"""The number of daemons on one host that can have uids of their own."""


def uids_for_daemon(number: int) -> range:
    """The uids of a host's daemon, by its number from 0. Raises ValueError from `MAX_DAEMONS`
    on."""
    if not 0 <= number < MAX_DAEMONS:
        raise ValueError(f"a host has uids for daemons 0 to {MAX_DAEMONS - 1}, not for {number}")
    first = _FIRST + number * UIDS_PER_DAEMON
    return range(first, first + UIDS_PER_DAEMON)


DEFAULT_UIDS = uids_for_daemon(0)


DAEMON_IDENTITIES = ("agents", "screens", "work")
"""What the daemon itself has a uid for: to try agents' programs, to draw screens, and to check what
attempts have committed. The last can have that of the screens."""

log = logging.getLogger(__name__)


class NoIdentityLeft(Exception):
    """Every uid of the range is taken."""


class TooFewUids(Exception):
    """A range is smaller than what its machine needs."""


def min_uids(slots: int) -> int:
    """The uids that a machine cannot do without: the daemon's, and one for each slot."""
    return len(DAEMON_IDENTITIES) - 1 + slots


def require_enough(uids: range, slots: int) -> None:
    """Raises TooFewUids; without root, where there are no identities, any range will do."""
    if os.geteuid() == 0 and len(uids) < min_uids(slots):
        raise TooFewUids(
            f"--uids {_format_range(uids)} has {len(uids)} user ids, and this machine needs"
            f" {min_uids(slots)} at least: one for each of its {slots} slots, and"
            f" {len(DAEMON_IDENTITIES) - 1} of the worker's own. More are better: "
            f"an attempt keeps its id until"
            " its task is done with"
        )


@dataclass(frozen=True)
class Identity:
    """One attempt's uid and gid."""

    uid: int
    claim: Path

    def chown(self, path: Path) -> None:
        """Gives a file or an empty directory of ours to the attempt."""
        os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def kill(self) -> None:
        """Kills every process of the uid, wherever in the process tree it hides. Where no room
        contains these, one of them that does the same in a loop may be first, and stay."""
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
        """Frees the uid, and kills what still runs under it. A uid is not given again while
        something that outlived that runs under it: the next attempt has no ghosts."""
        self.kill()
        self.claim.unlink(missing_ok=True)


class UidAllocator:
    """Hands out the uids of a range; the claims lie in `directory`."""

    def __init__(self, directory: Path, uids: range = DEFAULT_UIDS) -> None:
        self._directory = directory
        self._uids = uids

    def claim(self, key: AttemptKey) -> Identity | None:
        """The attempt's identity, the same one when asked again; None unless we are root.

        Raises NoIdentityLeft.
        """
        return self.claim_named(key.name)

    def claim_named(self, name: str) -> Identity | None:
        """Likewise, for one of `OWN`, which keeps it from start to start."""
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
        """The daemon's own identities, by their names. Without `work`, which can share, where
        attempts need or have all other ids: the log warns of that. Raises NoIdentityLeft."""
        *needed_names, work = DAEMON_IDENTITIES
        own = {name: self.claim_named(name) for name in needed_names}
        why = f"{_format_range(self._uids)} has just enough user ids for {slots} slots (--uids)"
        if os.geteuid() != 0 or len(self._uids) > min_uids(slots):
            try:
                return {**own, work: self.claim_named(work)}
            except NoIdentityLeft as error:
                why = str(error)
        log.warning("what attempts commit is checked as the user that draws screens: %s", why)
        return own

    def find_claimed(self, key: AttemptKey) -> Identity | None:
        """The identity that the attempt has; None where it has none."""
        return self._find(key.name)

    def exhausted_reason(self) -> str | None:
        """Why no attempt could have one now; None where one could, or where there are none."""
        if os.geteuid() == 0 and not any(self._is_free(uid) for uid in self._candidates()):
            return self._exhausted_message
        return None

    @property
    def _exhausted_message(self) -> str:
        return (
            f"all {len(self._uids)} user ids of {_format_range(self._uids)} are taken, "
            f"by attempts whose"
            " workspaces are kept or by others of this host: have the worker give more (--uids)"
        )

    def _is_free(self, uid: int) -> bool:
        return not (self._directory / str(uid)).is_symlink()

    def _find(self, name: str) -> Identity | None:
        for identity in self._list_claimed():
            with suppress(FileNotFoundError):  # another attempt may be letting go of its own
                if os.readlink(identity.claim) == name:
                    return identity
        return None

    def _list_claimed(self) -> list[Identity]:
        return [Identity(int(claim.name), claim) for claim in self._directory.iterdir()]

    def _candidates(self) -> Iterator[int]:
        # From a random place, so that a uid rests before it is used again: files it left in /tmp
        # are not the next attempt's.
        start = random.randrange(len(self._uids))
        running = _uids_of_processes()
        for number in range(len(self._uids)):
            uid = self._uids[(start + number) % len(self._uids)]
            if uid not in running and not _has_account(uid):
                yield uid


def _format_range(uids: range) -> str:
    """As `--uids` has it."""
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
