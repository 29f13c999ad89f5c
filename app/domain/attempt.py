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


class ResumeTarget(StrEnum):
    """Where an attempt goes on whose question has been answered."""

    HERE = "here"  # its machine has a slot for it
    ELSEWHERE = "elsewhere"  # its task is queued, and goes on from the checkpoint
    WAIT = "wait"  # for the next slot of its machine


def choose_resume_target(
    *, is_allowed: bool, takes_work: bool, has_checkpoint: bool, has_free_slot: bool
) -> ResumeTarget:
    """Where the attempt goes on, by what its machine is ready for, and whether all of the attempt's
    work is pushed.

    Without a checkpoint the machine has the only copy of the work: the attempt goes on there even
    where the machine takes no new work; unless it is not allowed to have the work at all.
    """
    if not is_allowed or (has_checkpoint and not takes_work):
        return ResumeTarget.ELSEWHERE
    return ResumeTarget.HERE if has_free_slot else ResumeTarget.WAIT


def is_loss_counted(phase: AttemptPhase, *, excused: bool) -> bool:
    """Whether it counts against the task that the attempt is lost. At a gate nothing runs: what is
    lost there is a workspace, and nobody's try.
    """
    return not excused and phase is not AttemptPhase.GATE


class WorkspaceState(StrEnum):
    """What a machine has reported of an attempt's workspace."""

    PREPARING = "preparing"
    READY = "ready"
    REMOVED = "removed"


def checkpoint_prefix(task_id: int, number: int) -> str:
    """The prefix of the git refs of this attempt's checkpoints."""
    return f"refs/muster/{task_id}/{number}/"


def checkpoint_ref(task_id: int, number: int, stage_index: int, *, partial: bool) -> str:
    """The git ref of this attempt's checkpoint of that stage, or of its middle (`partial`)."""
    return f"{checkpoint_prefix(task_id, number)}{stage_index}{'-partial' if partial else ''}"


def attempt_branch(task_id: int, attempt: int) -> str:
    """The git branch that this attempt pushes, and no other."""
    return f"muster/{task_id}-{attempt}"
