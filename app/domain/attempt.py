"""An attempt: one assignment of a task to a machine."""

from enum import StrEnum


class AttemptPhase(StrEnum):
    """What a live attempt's machine should be doing. Once it has ended: stop, then forget."""

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
    PREPARING = "preparing"
    READY = "ready"
    REMOVED = "removed"


def checkpoints_of(task_id: int, number: int) -> str:
    """What the refs of this attempt's checkpoints begin with."""
    return f"refs/muster/{task_id}/{number}/"


def branch_of(task_id: int, attempt: int) -> str:
    """The branch that this attempt alone pushes."""
    return f"muster/{task_id}-{attempt}"
