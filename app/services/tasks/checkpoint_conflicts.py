"""A task's checkpoint that was changed outside Muster: the remote has another commit, or none.

The machine has done nothing then, and people decide what happens to the task.
"""

from app.domain import follow_up, send_back
from app.domain.attempt import AttemptOutcome
from app.domain.pipeline import GateKind
from app.domain.task import TaskEvent
from app.models import Task
from app.services.locks import LockedTask
from app.services.tasks import attempts, questions, transitions

CODES = frozenset({"checkpoint_moved", "checkpoint_missing"})
"""Failure codes with which machines report a conflict."""
RESUME, END = "resume", "end"


def ask_about_conflict(locked: LockedTask, why: str) -> None:
    """End the attempt, which has done nothing, and ask whether to resume the task from the previous
    checkpoint, if there is one, or to end it.

    The caller commits.
    """
    task, attempt = locked.task, locked.attempt
    transitions.enter_stage(task, attempts.current_stage_index(locked))
    attempt.uncounted = True
    attempts.finish(locked, AttemptOutcome.HANDED_OVER, gone=True)
    questions.ask_people(
        task,
        TaskEvent.ASK,
        locked.now,
        stage_index=attempt.stage_index,
        kind=GateKind.CHECKPOINT,
        prompt=_question(task, why),
        choices=[RESUME, END] if _has_previous(task) else [END],
    )


def resume_from_previous(locked: LockedTask, by: str) -> None:
    """Queue the task to resume from the checkpoint before the changed one: later work is done
    again. The caller commits.
    """
    task, at = locked.task, locked.task.stage_index
    if attempts.partial_index(task) == at:
        transitions.set_partial(task, None)
        task.turns = send_back.forget_checkpoint(task.turns)
    else:
        task.checkpoints = _previous_checkpoints(task)
    attempts.requeue(locked, at, f"{by} chose the previous checkpoint")


def _question(task: Task, why: str) -> str:
    text = f"The work of this task was changed outside Muster: {why}."
    if not _has_previous(task):
        return f"{text} There is no previous checkpoint to resume from."
    return f"{text} Resume from the previous checkpoint, and repeat the work after it?"


def _has_previous(task: Task) -> bool:
    """Whether there is anything to resume from: a follow-up without work would start from
    scratch.
    """
    if attempts.partial_index(task) == task.stage_index:
        return True
    return task.follow_up is None or str(follow_up.BEFORE_FIRST_STAGE) in _previous_checkpoints(
        task
    )


def _previous_checkpoints(task: Task) -> dict[str, dict[str, object]]:
    """Return the checkpoints without the one that the task would resume from, including its
    copies as earlier work (`follow_up.seed_checkpoints`).
    """
    moved = task.checkpoints.get(str(task.stage_index - 1), {}).get("ref")
    return {index: made for index, made in task.checkpoints.items() if made["ref"] != moved}
