"""The limits of this machine's sandboxes, and how they are enforced."""

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
    """`groups` is None if no control group is writable: `groups_problem` says why."""

    limits: AttemptLimits
    groups: ControlGroups | None
    groups_problem: str = ""

    def stage_limits(self, name: str, directories: Sequence[Path]) -> StageLimits:
        """Return the limits of a sandbox, whose name starts with its attempt's: `7-1-0`."""
        return StageLimits(
            *self.limits,
            directories=[str(directory) for directory in directories],
            groups=self.groups.paths_for_sandbox(name) if self.groups else [],
        )

    def make_groups(self, name: str) -> tuple[str, ...]:
        """Create groups with these limits for the daemon's own sandbox commands, until
        `end_sandbox`; empty if that fails. May be called again."""
        limits = self.stage_limits(name, ())
        try:
            SandboxGroup(limits.groups, limits)
        except OSError as error:
            log.warning("no limits apply in %s: %s", name, error)
            return ()
        return tuple(limits.groups)

    def end_sandbox(self, name: str) -> None:
        """Kill an abandoned sandbox, and everything in its groups."""
        if self.groups:
            self.groups.remove(name)

    def end_attempt(self, attempt: str) -> None:
        """Kill all sandboxes of a removed attempt, and remove their groups."""
        if self.groups:
            self.groups.remove_attempt(attempt)

    def remove_empty_groups(self) -> None:
        """Remove empty groups: they are created again when needed."""
        if self.groups:
            self.groups.remove_empty()

    def remove_stale_groups(self, kept: Iterable[str]) -> None:
        """Kill and remove the groups of an earlier daemon, except those of the attempts `kept`."""
        if self.groups:
            self.groups.remove_stale(kept)


def create_limits(home: Path, slots: int, asked: Mapping[str, int]) -> SandboxLimits:
    """Return the limits for the daemon of this home: the defaults, overridden by `asked` with the
    names of AttemptLimits. Call it before the daemon has children; see `cgroup.find_groups`."""
    groups, lacks = None, ""
    try:
        groups = cgroup.find_groups(home)
    except CgroupsUnavailable as reason:
        lacks = str(reason)
    allowed = groups.max_memory() if groups else None
    limits = _default_limits(home, slots, allowed)._replace(**asked)
    by = f"the kernel (cgroup v{groups.version})" if groups else f"checks twice a second: {lacks}"
    log.info("an attempt's limits: %s; enforced by %s", limits, by)
    return SandboxLimits(limits, groups, lacks)


def parse_size(text: str) -> int:
    """Parse a size: `4G` and `4GiB` are 4 << 30, a bare number is bytes. Raises ValueError."""
    match = _SIZE.fullmatch(text.strip())
    number = int(match[1]) * _UNITS[match[2].upper()] if match else 0
    if number < _MIN_SIZE_BYTES:
        raise ValueError(f"a size of at least {format_bytes(_MIN_SIZE_BYTES)}, such as 512M or 4G")
    return number


def _default_limits(home: Path, slots: int, allowed: int | None) -> AttemptLimits:
    """`allowed` is the memory limit of the daemon's control group."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    free = shutil.disk_usage(home).free
    return default_limits(min(memory, allowed or memory), free, slots)
