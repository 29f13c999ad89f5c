"""An attempt: one assignment of a task to a machine."""

from enum import StrEnum


class AttemptPhase(StrEnum):
    """The desired state of a live attempt on its machine. An ended attempt is stopped, then
    deleted.
    """

    RUN = "run"  # run stage `stage_index`
    GATE = "gate"  # keep the workspace: no process, no slot
    PUBLISH = "publish"  # push the branch


class AttemptOutcome(StrEnum):
    """How an attempt ended."""

    PUBLISHED = "published"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    HANDED_OVER = "handed_over"  # its task continues elsewhere, from a checkpoint


class ResumeTarget(StrEnum):
    """Where an attempt resumes after its question is answered."""

    HERE = "here"  # now: its machine has a free slot
    ELSEWHERE = "elsewhere"  # elsewhere: its task is queued and resumes from the checkpoint
    WAIT = "wait"  # when its machine has a free slot


def choose_resume_target(
    *, is_allowed: bool, takes_work: bool, has_checkpoint: bool, has_free_slot: bool
) -> ResumeTarget:
    """Choose where the attempt resumes, by its machine's state and whether all its work is pushed.

    Without a checkpoint, the machine has the only copy of the work. The attempt then resumes there
    even if the machine takes no new work, unless it may not have the work at all.
    """
    if not is_allowed or (has_checkpoint and not takes_work):
        return ResumeTarget.ELSEWHERE
    return ResumeTarget.HERE if has_free_slot else ResumeTarget.WAIT


def is_loss_counted(phase: AttemptPhase, *, excused: bool) -> bool:
    """Whether losing the attempt counts against the task.

    At a gate nothing runs: only a workspace is lost, which isn't a failed try.
    """
    return not excused and phase is not AttemptPhase.GATE


class WorkspaceState(StrEnum):
    """The state of an attempt's workspace, as its machine reported it."""

    PREPARING = "preparing"
    READY = "ready"
    REMOVED = "removed"


def checkpoint_prefix(task_id: int, number: int) -> str:
    """Return the prefix of the git refs of this attempt's checkpoints."""
    return f"refs/muster/{task_id}/{number}/"


def checkpoint_ref(
    task_id: int, number: int, stage_index: int, *, partial: bool, turn: int = 0
) -> str:
    """Return the git ref of this attempt's checkpoint of the stage, or of its middle (`partial`),
    in that turn.
    """
    name = f"{stage_index}.{turn}" if turn else str(stage_index)
    return f"{checkpoint_prefix(task_id, number)}{name}{'-partial' if partial else ''}"


def attempt_branch(task_id: int, attempt: int) -> str:
    """Return the only git branch that this attempt pushes."""
    return f"muster/{task_id}-{attempt}"
