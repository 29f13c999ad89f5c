"""Turns: a failed check sends the work back to an agent, in the same attempt.

In all functions the caller holds the locks of the machine and the task, and commits.
"""

from app.domain import send_back
from app.domain.pipeline import SendBack
from app.services.locks import LockedTask
from app.services.tasks import attempts, transitions
from muster.protocol import runs


def start(locked: LockedTask, step: SendBack) -> None:
    """Start another turn: its runs come after all earlier ones, and gates in it ask again, because
    the work will have changed. The caller lets the attempt run the first stage.
    """
    task, attempt, first = locked.task, locked.attempt, step.stage_index
    name = task.pipeline[step.check_index]["name"]
    attempts.withdraw_gates_after(task, first, locked.now, f"“{name}” has failed")
    turn = send_back.make_turn(
        step, attempt.number, attempt.log_bytes, attempt.work, task.checkpoints
    )
    task.turns = [*task.turns, turn]
    attempts.drop_checkpoints_from(task, first)
    transitions.enter_stage(task, first)
    transitions.set_partial(task, send_back.to_partial(turn))
    attempt.run = runs.first_run(runs.turn_of(attempt.run) + 1)
