"""An attempt: one assignment of a task to a machine."""

from enum import StrEnum


class AttemptPhase(StrEnum):
    """The desired state of a live attempt on its machine. One that has ended is stopped, then
    forgotten.
    """

    RUN = "run"  # carry out stage `stage_index`
    GATE = "gate"  # hold the workspace: no process, no slot
    PUBLISH = "publish"  # push the branch


class AttemptOutcome(StrEnum):
    """How an attempt ended."""

    PUBLISHED = "published"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    HANDED_OVER = "handed_over"  # its task goes on elsewhere, from a checkpoint


class WorkspaceState(StrEnum):
    """What a machine has reported of an attempt's workspace."""

    PREPARING = "preparing"
    READY = "ready"
    REMOVED = "removed"


def checkpoints_of(task_id: int, number: int) -> str:
    """The prefix of the git refs of this attempt's checkpoints."""
    return f"refs/muster/{task_id}/{number}/"


def branch_of(task_id: int, attempt: int) -> str:
    """The git branch that this attempt pushes, and no other."""
    return f"muster/{task_id}-{attempt}"
