"""What the rooms of this machine's attempts are held to, and how."""

import logging
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from muster.worker.limits import cgroup
from muster.worker.limits.cgroup import CgroupsUnavailable, ControlGroups
from muster.worker.limits.limits import AttemptLimits, StageLimits, default_limits, format_bytes
from muster.worker.limits.sandbox_group import SandboxGroup

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"(\d{1,15})([KMGT]?)(?:i?B)?", re.IGNORECASE)
_MIN_SIZE_BYTES = 16 << 20  # bytes; with less nothing starts at all

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SandboxLimits:
    """`groups` is None where no control group may be written: `lacks` says why."""

    limits: AttemptLimits
    groups: ControlGroups | None
    groups_problem: str = ""

    def stage_limits(self, name: str, directories: Sequence[Path]) -> StageLimits:
        """The limits of a room whose name begins with its attempt's: `7-1-0`."""
        return StageLimits(
            *self.limits,
            directories=[str(directory) for directory in directories],
            groups=self.groups.paths_for_sandbox(name) if self.groups else [],
        )

    def make_groups(self, name: str) -> tuple[str, ...]:
        """Groups with these limits for what the daemon itself runs in a room, until `end`; none
        where none can be made. May be called again."""
        limits = self.stage_limits(name, ())
        try:
            SandboxGroup(limits.groups, limits)
        except OSError as error:
            log.warning("what runs in %s is held to no limits: %s", name, error)
            return ()
        return tuple(limits.groups)

    def end_sandbox(self, name: str) -> None:
        """Ends a room that nobody looks after any more, and all that is in its groups."""
        if self.groups:
            self.groups.remove(name)

    def end_attempt(self, attempt: str) -> None:
        """Ends all rooms of an attempt, which is no more, and what is left of their groups."""
        if self.groups:
            self.groups.remove_attempt(attempt)

    def remove_empty_groups(self) -> None:
        """Removes the groups in which nothing is: they are made anew when they are needed."""
        if self.groups:
            self.groups.remove_empty()

    def remove_stale_groups(self, kept: Iterable[str]) -> None:
        """Ends and removes the groups of an earlier life, but for those of the attempts `kept`."""
        if self.groups:
            self.groups.remove_stale(kept)


def create_limits(home: Path, slots: int, asked: Mapping[str, int]) -> SandboxLimits:
    """Those of the daemon of this home: its defaults, but for what is `asked` by the names of
    AttemptLimits. To be called before the daemon has children; see `cgroup.find`."""
    groups, lacks = None, ""
    try:
        groups = cgroup.find_groups(home)
    except CgroupsUnavailable as reason:
        lacks = str(reason)
    allowed = groups.max_memory() if groups else None
    limits = _default_limits(home, slots, allowed)._replace(**asked)
    by = f"the kernel (cgroup v{groups.version})" if groups else f"looking twice a second: {lacks}"
    log.info("an attempt's limits: %s; kept by %s", limits, by)
    return SandboxLimits(limits, groups, lacks)


def parse_size(text: str) -> int:
    """Bytes: `4G` and `4GiB` are 4 << 30, a bare number is bytes. Raises ValueError."""
    match = _SIZE.fullmatch(text.strip())
    number = int(match[1]) * _UNITS[match[2].upper()] if match else 0
    if number < _MIN_SIZE_BYTES:
        raise ValueError(f"a size of at least {format_bytes(_MIN_SIZE_BYTES)}, such as 512M or 4G")
    return number


def _default_limits(home: Path, slots: int, allowed: int | None) -> AttemptLimits:
    """`allowed` is the memory that a control group leaves to all of us."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    free = shutil.disk_usage(home).free
    return default_limits(min(memory, allowed or memory), free, slots)
