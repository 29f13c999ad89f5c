"""The effects of a machine's reports on its task.

Each function takes the locked machine, task and live attempt, and the time; the caller commits.
Together they are the server's half of "the server drives the pipeline": a report says what
happened, the pipeline determines the next step, and the next order follows from the rows.
"""

from dataclasses import dataclass
from datetime import datetime

from app import wakeups
from app.domain import change, pipeline
from app.domain.agent_failure import AgentFailure
from app.domain.attempt import AttemptOutcome, AttemptPhase, attempt_branch
from app.domain.errors import Conflict
from app.domain.pipeline import StageOutcome
from app.domain.storage_limits import MAX_EVENTS, ForgedReport
from app.domain.task import EventType, FailureCode, SuspendReason, TaskEvent, TaskStatus
from app.domain.terminal import exit_code
from app.models import Attempt, Machine, Task
from app.services.locks import LockedTask
from app.services.tasks import (
    attempts,
    branches,
    checkpoint_conflicts,
    follow_ups,
    gates,
    history,
    questions,
    returned_attempts,
    suspensions,
    transitions,
    work_lineage,
    workspaces,
)
from muster.protocol import frames


@dataclass(frozen=True)
class LiveAttempt:
    """A live attempt with its task and machine, all locked."""

    machine: Machine
    task: Task
    attempt: Attempt
    now: datetime

    @property
    def is_event_limit_reached(self) -> bool:
        """Whether the task has so many events that only its status changes."""
        return self.task.events >= MAX_EVENTS

    def record_limited(self, type_: EventType, message: str, **about: object) -> None:
        """Record what the machine may report repeatedly, up to the limit."""
        if not self.is_event_limit_reached:
            self.record(type_, message, **about)

    def record(self, type_: EventType, message: str, **about: object) -> None:
        index = about.pop("stage_index", self.attempt.stage_index)
        history.record_event(
            self.task,
            type_,
            message,
            self.now,
            attempt=self.attempt.number,
            stage_index=index if isinstance(index, int) else None,
            data=about or None,
        )


def handle_stage_started(live: LiveAttempt, report: frames.StageStarted) -> None:
    """A stage's process runs, so the task does. Raises Conflict if the stage wasn't ordered."""
    require_running(live, report)
    task, name = live.task, stage_name(live.task, report.stage_index)
    if is_out_of_contact(task):
        transitions.apply_event(task, TaskEvent.RECONNECT, live.now)
    transitions.apply_event(task, TaskEvent.START, live.now)
    live.attempt.uncounted = False
    if live.attempt.started_at is None:
        live.attempt.started_at = live.now
        live.record(EventType.STARTED, f"started on {live.machine.name}")
    task.stage_index = report.stage_index
    text = f"stage “{name}” started"
    live.record_limited(EventType.STAGE_STARTED, text, stage_index=report.stage_index)


def handle_question(live: LiveAttempt, report: frames.QuestionOpened) -> None:
    """A stage's agent asks a person. Raises Conflict if the stage wasn't ordered."""
    require_running(live, report)
    if is_out_of_contact(live.task):
        transitions.apply_event(live.task, TaskEvent.RECONNECT, live.now)
    questions.open_question(live.task, live.attempt, report, live.now)


def handle_question_withdrawn(live: LiveAttempt, report: frames.QuestionWithdrawn) -> None:
    """A stage's agent no longer waits for an answer. Raises Conflict if it wasn't ordered."""
    require_running(live, report)
    if (live.attempt.question or {}).get("number") == report.number:
        questions.withdraw(live.task, live.attempt, "the agent continues without it", live.now)


def handle_stage_finished(live: LiveAttempt, report: frames.StageFinished) -> None:
    """A stage's process has ended. It takes effect when the log has reached the report's length.

    Raises Conflict if the stage wasn't ordered.
    """
    require_running(live, report)
    live.attempt.pending_exit = {
        "stageIndex": report.stage_index,
        "how": report.how,
        "code": report.code,
        "logEnd": report.log_end,
        "failure": report.failure and [report.failure.kind, report.failure.message],
        "denied": report.denied,
    }
    apply_pending_end(live)


def handle_suspended(live: LiveAttempt, report: frames.Suspended) -> None:
    """A stage was stopped in its middle, by its agent's limit or by our order. It takes effect when
    the log has reached the report's length.

    Raises Conflict if the stage wasn't ordered.
    """
    require_running(live, report)
    why = {"reason": report.reason, "message": report.message, "resetsAtMs": report.resets_at_ms}
    live.attempt.pending_exit = {
        "stageIndex": report.stage_index,
        "how": "stopped",
        "code": 0,
        "logEnd": report.log_end,
        "suspended": why,
    }
    apply_pending_end(live)


def apply_pending_end(live: LiveAttempt) -> None:
    """Apply a stage's end if its log is complete, and update the terminal's viewers."""
    end = live.attempt.pending_exit
    if end is None or live.attempt.log_bytes < end["logEnd"]:
        return
    live.attempt.pending_exit = None
    questions.withdraw(live.task, live.attempt, "the stage has ended", live.now)
    index = end["stageIndex"]
    code = exit_code(end["how"], end["code"])
    about = {"stage_index": index, "code": code, "log_end": end["logEnd"]}
    wakeups.publish_exit(live.task.id, live.attempt.number, **about)
    if (why := end.get("suspended")) is not None:
        suspensions.suspend(live.machine, live.task, live.attempt, why, live.now)
        return
    failure = end["failure"] and AgentFailure(*end["failure"])
    outcome = StageOutcome(end["how"], end["code"], failure)
    _record_end(live, index, outcome, end["denied"])
    if outcome.how in ("stopped", "lease"):
        # The machine ended a live attempt itself, as it does when it can't reach us: that may cost
        # the stage, never the task.
        mark_lost(live, f"{live.machine.name} ended it on its own ({outcome.how})")
        return
    suspensions.clear_partial(live.task)
    stages = pipeline.parse(live.task.pipeline)
    following = stages[index + 1 : index + 2]
    answered = any(stage.gate for stage in following) and gates.is_answered(live.task, index + 1)
    step = pipeline.advance(stages, index, outcome, answered)
    made = live.task.checkpoints.get(str(index), {})
    required = live.task.project.require_change
    demanded = change.require_change(step, required=required, diff=made.get("diff"))
    if demanded is not step:
        live.task.result = {"commit": made["commit"], "pushed": False, **made["diff"]}
    proceed(live, demanded)


def _record_end(live: LiveAttempt, index: int, outcome: StageOutcome, denied: int | None) -> None:
    """Record the end. `denied`: the number of tool calls denied to its agent, if known."""
    name = stage_name(live.task, index)
    about = {"stage_index": index, **({} if denied is None else {"denied": denied})}
    text = f"stage “{name}” ended: {_outcome_text(outcome)}"
    live.record(EventType.STAGE_FINISHED, text, how=outcome.how, code=outcome.code, **about)
    if denied:
        calls = "a tool call" if denied == 1 else f"{denied} tool calls"
        live.record(EventType.WARNING, f"in stage “{name}” the agent was denied {calls}", **about)


def proceed(live: LiveAttempt, step: pipeline.Step) -> None:
    """Apply the pipeline's next step: run a stage, wait at a gate, publish or fail."""
    machine, task, attempt, now = live.machine, live.task, live.attempt, live.now
    match step:
        case pipeline.Run(index):
            attempt.phase, attempt.stage_index, attempt.run = AttemptPhase.RUN, index, 0
            task.stage_index = index
            if attempt.suspends:
                suspensions.ask_for_budget(machine, task, attempt, now)
        case pipeline.Ask(index):
            attempt.phase, attempt.stage_index, attempt.run = AttemptPhase.GATE, index, 0
            attempts.free_slot(machine, attempt)
            if not follow_ups.start_queued(LockedTask(task, attempt, machine), now):
                gates.open_before_stage(task, step, now)
        case pipeline.Publish():
            attempt.phase = AttemptPhase.PUBLISH
            branches.record_pushed_commit(task, attempt)
        case pipeline.Fail(code, message):
            attempts.fail(machine, task, attempt, code, message, now, gone=True)
    attempts.bump_orders_version(machine)


def handle_published(live: LiveAttempt, report: frames.Published) -> None:
    """The branch is pushed: the task completes, or fails.

    It fails if the commit isn't the approved one, or if a required change is missing, which is
    known only now. Raises Conflict if no push was ordered, and ForgedReport for another branch.
    """
    if live.attempt.phase is not AttemptPhase.PUBLISH:
        raise Conflict("the machine has no order to publish")
    branch = attempt_branch(live.attempt.task_id, live.attempt.number)
    if report.branch != branch:
        raise ForgedReport(f"it isn't {branch}")
    if work_lineage.end_unapproved(live, report):
        return
    moved = _moved_branch(live, report)
    diff = workspaces.diff_to_json(report.diff)
    live.task.result = {"commit": report.commit, "pushed": True, "branch": moved, **diff}
    text = f"pushed {branch}" + (f", and moved {moved} to it" if moved else "")
    about = {"branch": branch, "commit": report.commit, "taskBranch": moved}
    live.record(EventType.PUBLISHED, text, **about)
    changed = change.has_changed(diff)
    if live.task.project.require_change and not changed:
        code, index = FailureCode.NOTHING_CHANGED, live.attempt.stage_index
        transitions.fail(live.task, code, change.REQUIRED, live.now, stage_index=index)
    else:
        transitions.apply_event(live.task, TaskEvent.COMPLETE, live.now)
        text = "completed" if changed else change.UNCHANGED
        live.record(EventType.COMPLETED, text, changed=changed)
    attempts.finish(live.machine, live.attempt, AttemptOutcome.PUBLISHED, live.now, gone=True)
    if live.task.status is TaskStatus.COMPLETED:  # otherwise a person decides
        follow_ups.start_queued(LockedTask(live.task, live.attempt, live.machine), live.now)


def _moved_branch(live: LiveAttempt, report: frames.Published) -> str | None:
    """Return the task's branch, if the machine has moved it; if it should have, a warning is
    recorded.

    Raises ForgedReport for another branch.
    """
    task, name = live.task, live.task.branch_name
    if report.moved and report.moved.name != name:
        raise ForgedReport(f"it isn't {name}")
    live.attempt.pushed_commit = report.commit
    if report.moved:
        task.branch_commit = report.commit
        return name
    if not branches.is_left_alone(task.id, task.round):
        text = f"{live.machine.name} didn't report moving {name}"
        live.record(EventType.WARNING, text, branch=name)
    return None


def handle_failed(live: LiveAttempt, report: frames.Failed) -> None:
    """The machine can't continue the attempt, for a reason in git's or the system's own text.

    The task fails, unless the attempt is returned. An attempt with a finished stage isn't: it has
    run.
    """
    machine, task, attempt, now = live.machine, live.task, live.attempt, live.now
    is_unbegun = report.is_unhealthy and attempt.pending_exit is None
    if is_unbegun and returned_attempts.requeue_unhealthy(
        machine, task, attempt, report.message, now
    ):
        return
    if report.code in checkpoint_conflicts.CODES and attempt.started_at is None:
        checkpoint_conflicts.ask_about_conflict(machine, task, attempt, report.message, now)
        return
    attempts.fail(machine, task, attempt, report.code, report.message, now, gone=True)


def mark_lost(live: LiveAttempt, why: str) -> None:
    """The machine has lost the attempt's processes, or the workspace that waited at a gate."""
    attempts.mark_lost(live.machine, live.task, live.attempt, why, live.now, gone=True)


def restore(live: LiveAttempt) -> None:
    """The machine returned late with the missing result: the attempt resumes."""
    attempts.restore(live.machine, live.task, live.attempt, live.now)
    text = f"{live.machine.name} returned with the result"
    live.record(EventType.RESTORED, text, machineId=str(live.machine.id))
    apply_pending_end(live)


def is_out_of_contact(task: Task) -> bool:
    """Whether the task waits for its disconnected machine."""
    return task.status is TaskStatus.SUSPENDED and task.suspend_reason is SuspendReason.MACHINE_LOST


def require_running(
    live: LiveAttempt,
    report: frames.StageStarted
    | frames.StageFinished
    | frames.Suspended
    | frames.Checkpoint
    | frames.Changes
    | frames.QuestionOpened
    | frames.QuestionWithdrawn
    | frames.ThreadReplied,
) -> None:
    """Raise Conflict if the machine reports a stage, or a run of it, that it has no order for."""
    at = live.attempt
    if (at.phase, at.stage_index) != (AttemptPhase.RUN, report.stage_index):
        raise Conflict(f"the machine has no order to run stage {report.stage_index}")
    if at.run != report.run:
        raise Conflict(f"the machine has no order for run {report.run} of the stage")


def stage_name(task: Task, index: int) -> str:
    """Return the stage's name, or its number if the pipeline has no such stage."""
    stages = task.pipeline
    return str(stages[index]["name"]) if 0 <= index < len(stages) else f"#{index}"


def _outcome_text(outcome: StageOutcome) -> str:
    if outcome.how == "exit":
        return f"exit code {outcome.code}"
    return f"signal {outcome.code}" if outcome.how == "signal" else outcome.how
