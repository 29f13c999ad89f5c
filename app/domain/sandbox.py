"""Sandbox levels: how strictly a machine isolates attempts, and what a project requires."""

from enum import StrEnum


class SandboxLevel(StrEnum):
    """The isolation levels, the weakest first."""

    NONE = "none"  # nothing but a separate user, if there is one
    PROCESSES = "processes"  # everything that an attempt starts ends with its stage
    FULL = "full"  # a sandbox: processes, files, and the network unless it's open


RANKS = {level: rank for rank, level in enumerate(SandboxLevel)}


def rank(level: SandboxLevel | None) -> int:
    """Return the level's rank; the lowest if none is known or required."""
    return 0 if level is None else RANKS[level]


def is_sufficient(level: SandboxLevel | None, demanded: SandboxLevel | None) -> bool:
    """Whether a machine of this level meets the required one.

    A machine's None means not reported; a required None or `none` means no requirement.
    """
    return rank(level) >= rank(demanded)
