"""Rooms: how far a machine contains what runs for an attempt, and how far a project demands it."""

from enum import StrEnum


class SandboxLevel(StrEnum):
    """The levels of containment, the weakest first."""

    NONE = "none"  # nothing but a user of its own, where there is one
    PROCESSES = "processes"  # all that an attempt starts ends with its stage
    FULL = "full"  # a sandbox: processes, files, and the network if it is not open


RANKS = {level: rank for rank, level in enumerate(SandboxLevel)}


def rank(level: SandboxLevel | None) -> int:
    """The level's place among the levels. Where none is known, or demanded, the lowest."""
    return 0 if level is None else RANKS[level]


def is_sufficient(level: SandboxLevel | None, demanded: SandboxLevel | None) -> bool:
    """Whether a machine of this level (None: it has said none) may carry out what demands that
    level (None, as well as `none`: nothing is demanded).
    """
    return rank(level) >= rank(demanded)
