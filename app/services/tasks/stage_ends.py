"""What follows the end of a stage's process, and its event."""

from app.domain import change, pipeline, send_back
from app.domain.pipeline import SendBack, StageOutcome, Step
from app.domain.task import EventType
from app.services.locks import LockedTask
from app.services.tasks import gates, history


def decide_step(locked: LockedTask, index: int, outcome: StageOutcome) -> Step:
    """Return the step after stage `index`, whose process has ended. The result of a task that
    lacks a required change is recorded. The caller holds the task's lock.
    """
    task, attempt = locked.task, locked.attempt
    stages = pipeline.parse(task.pipeline)
    following = stages[index + 1 : index + 2]
    answered = any(stage.gate for stage in following) and gates.is_answered(task, index + 1)
    step = pipeline.advance(stages, index, outcome, answered)
    about = (task.turns, attempt.work)
    can_repeat = locked.machine.repeats_stages
    step = send_back.after_failure(step, stages, index, outcome, *about, can_repeat=can_repeat)
    made = task.checkpoints.get(str(index), {})
    required = task.project.require_change
    demanded = change.require_change(step, required=required, diff=made.get("diff"))
    if demanded is not step:
        task.result = {"commit": made["commit"], "pushed": False, **made["diff"]}
    return demanded


def record_end(
    locked: LockedTask, index: int, outcome: StageOutcome, denied: int | None, step: Step
) -> None:
    """Record the end. `denied`: the number of tool calls denied to its agent, if known; `step`:
    what follows.
    """
    name = stage_name(locked, index)
    about = {"stage_index": index, **({} if denied is None else {"denied": denied})}
    text, back = f"stage “{name}” ended: {_outcome_text(outcome)}", {}
    if isinstance(step, SendBack):
        first = stage_name(locked, step.stage_index)
        text += f"; back to “{first}”, {step.number} of {step.times}"
        back = {"backTo": step.stage_index, "turn": step.number, "times": step.times}
    history.record_attempt_event(
        locked, EventType.STAGE_FINISHED, text, how=outcome.how, code=outcome.code, **about, **back
    )
    if denied:
        calls = "a tool call" if denied == 1 else f"{denied} tool calls"
        history.record_attempt_event(
            locked, EventType.WARNING, f"in stage “{name}” the agent was denied {calls}", **about
        )


def stage_name(locked: LockedTask, index: int) -> str:
    """Return the stage's name."""
    return str(locked.task.pipeline[index]["name"])


def _outcome_text(outcome: StageOutcome) -> str:
    if outcome.how == "exit":
        return f"exit code {outcome.code}"
    return f"signal {outcome.code}" if outcome.how == "signal" else outcome.how
