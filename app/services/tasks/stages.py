"""The effects of a machine's reports on its task, whose attempt is live. The caller commits.

Together they are the server's half of "the server drives the pipeline": a report says what
happened, the pipeline determines the next step, and the next order follows from the rows.
"""

from app import wakeups
from app.domain import change, pipeline
from app.domain.agent_failure import AgentFailure
from app.domain.attempt import AttemptOutcome, AttemptPhase, attempt_branch
from app.domain.errors import Conflict
from app.domain.pipeline import StageOutcome
from app.domain.storage_limits import ForgedReport
from app.domain.task import EventType, FailureCode, SuspendReason, TaskEvent, TaskStatus
from app.domain.terminal import exit_code
from app.models import Task
from app.services.locks import LockedTask
from app.services.tasks import (
    attempts,
    branches,
    checkpoint_conflicts,
    follow_ups,
    gates,
    history,
    interrupts,
    message_queue,
    permission_requests,
    questions,
    returned_attempts,
    stage_ends,
    suspensions,
    transitions,
    turns,
    work_lineage,
    workspaces,
)
from muster.protocol import frames, runs


def handle_stage_started(locked: LockedTask, report: frames.StageStarted) -> None:
    """A stage's process runs, so the task does. Raises Conflict if the stage wasn't ordered."""
    require_running(locked, report)
    task, name = locked.task, stage_name(locked.task, report.stage_index)
    if is_out_of_contact(task):
        transitions.apply_event(task, TaskEvent.RECONNECT, locked.now)
    transitions.apply_event(task, TaskEvent.START, locked.now, stage_index=report.stage_index)
    message_queue.confirm_prompt(locked)
    locked.attempt.uncounted = False
    if locked.attempt.started_at is None:
        locked.attempt.started_at = locked.now
        history.record_attempt_event(locked, EventType.STARTED, f"started on {locked.machine.name}")
    text = f"stage “{name}” started"
    history.record_limited_event(
        locked, EventType.STAGE_STARTED, text, stage_index=report.stage_index
    )


def handle_question(locked: LockedTask, report: frames.QuestionOpened) -> None:
    """A stage's agent asks a person. Raises Conflict if the stage wasn't ordered."""
    require_running(locked, report)
    # A repeated one: its machine's disk has lost that it was reported.
    is_known = (locked.attempt.question or {}).get("number") == report.number
    if is_out_of_contact(locked.task):
        transitions.apply_event(locked.task, TaskEvent.RECONNECT, locked.now)
        if is_known:
            questions.resuspend(locked)
    if is_known:
        return
    if report.permission is not None:
        permission_requests.handle_request(locked, report, report.permission)
    else:
        interrupts.open_question(locked, report)


def handle_question_withdrawn(locked: LockedTask, report: frames.QuestionWithdrawn) -> None:
    """A stage's agent no longer waits for an answer. Raises Conflict if it wasn't ordered."""
    require_running(locked, report)
    if (locked.attempt.question or {}).get("number") == report.number:
        questions.withdraw(locked, "the agent continues without it")


def handle_interrupt_ignored(locked: LockedTask, report: frames.InterruptIgnored) -> None:
    """A stage's agent didn't stop its step. Raises Conflict if the stage wasn't ordered."""
    require_running(locked, report)
    interrupts.mark_ignored(locked, report.number)


def handle_stage_finished(locked: LockedTask, report: frames.StageFinished) -> None:
    """A stage's process has ended. It takes effect when the log has reached the report's length.

    Raises Conflict if the stage wasn't ordered.
    """
    require_running(locked, report)
    locked.attempt.pending_exit = {
        "stageIndex": report.stage_index,
        "how": report.how,
        "code": report.code,
        "logEnd": report.log_end,
        "failure": report.failure and [report.failure.kind, report.failure.message],
        "denied": report.denied,
    }
    apply_pending_end(locked)


def handle_suspended(locked: LockedTask, report: frames.Suspended) -> None:
    """A stage was stopped in its middle, by its agent's limit or by our order. It takes effect when
    the log has reached the report's length.

    Raises Conflict if the stage wasn't ordered.
    """
    require_running(locked, report)
    why = {"reason": report.reason, "message": report.message, "resetsAtMs": report.resets_at_ms}
    locked.attempt.pending_exit = {
        "stageIndex": report.stage_index,
        "how": "stopped",
        "code": 0,
        "logEnd": report.log_end,
        "suspended": why,
    }
    apply_pending_end(locked)


def apply_pending_end(locked: LockedTask) -> None:
    """Apply a stage's end if its log is complete, and update the terminal's viewers."""
    end = locked.attempt.pending_exit
    if end is None or locked.attempt.log_bytes < end["logEnd"]:
        return
    locked.attempt.pending_exit = None
    is_stop = "suspended" in end and interrupts.stays_open(locked.attempt)
    if not is_stop:  # otherwise people still decide what happens
        questions.withdraw(locked, "the stage has ended")
        interrupts.end(locked.attempt)
    message_queue.release(locked.task, locked.attempt)
    index = end["stageIndex"]
    code = exit_code(end["how"], end["code"])
    about = {"stage_index": index, "code": code, "log_end": end["logEnd"]}
    wakeups.publish_exit(locked.task.id, locked.attempt.number, **about)
    if is_stop:
        interrupts.park(locked)
        return
    if (why := end.get("suspended")) is not None:
        suspensions.suspend(locked, why)
        return
    failure = end["failure"] and AgentFailure(*end["failure"])
    outcome = StageOutcome(end["how"], end["code"], failure)
    step = stage_ends.decide_step(locked, index, outcome)
    stage_ends.record_end(locked, index, outcome, end["denied"], step)
    if outcome.how in ("stopped", "lease"):
        # The machine ended a live attempt itself, as it does when it can't reach us: that may cost
        # the stage, never the task.
        why = f"{locked.machine.name} ended it on its own ({outcome.how})"
        attempts.mark_lost(locked, why, gone=True)
        return
    suspensions.clear_partial(locked.task)
    proceed(locked, step)


def proceed(locked: LockedTask, step: pipeline.Step) -> None:
    """Apply the pipeline's next step: run a stage, wait at a gate, publish or fail."""
    task, attempt = locked.task, locked.attempt
    if isinstance(step, pipeline.SendBack):
        turns.start(locked, step)
        step = pipeline.Run(step.stage_index)
    first_run = runs.first_run(runs.turn_of(attempt.run))
    if not isinstance(step, pipeline.Fail):
        following = len(task.pipeline) if isinstance(step, pipeline.Publish) else step.stage_index
        message_queue.settle(task, following, locked.now)
    match step:
        case pipeline.Run(index):
            attempt.phase, attempt.stage_index, attempt.run = AttemptPhase.RUN, index, first_run
            transitions.enter_stage(task, index)
            if attempt.suspends:
                suspensions.ask_for_budget(locked)
        case pipeline.Ask(index):
            attempt.phase, attempt.stage_index, attempt.run = AttemptPhase.GATE, index, first_run
            attempts.free_slot(locked.machine, attempt)
            if not follow_ups.start_queued(locked):
                gates.open_before_stage(task, step, locked.now)
        case pipeline.Publish():
            attempt.phase = AttemptPhase.PUBLISH
            branches.record_pushed_commit(task, attempt)
        case pipeline.Fail(code, message):
            attempts.fail(locked, code, message, gone=True)
    attempts.bump_orders_version(locked.machine)


def handle_published(locked: LockedTask, report: frames.Published) -> None:
    """The branch is pushed: the task completes, or fails.

    It fails if the commit isn't the approved one, or if a required change is missing, which is
    known only now. Raises Conflict if no push was ordered, and ForgedReport for another branch.
    """
    if locked.attempt.phase is not AttemptPhase.PUBLISH:
        raise Conflict("the machine has no order to publish")
    branch = attempt_branch(locked.attempt.task_id, locked.attempt.number)
    if report.branch != branch:
        raise ForgedReport(f"it isn't {branch}")
    if work_lineage.end_unapproved(locked, report):
        return
    moved = _moved_branch(locked, report)
    diff = workspaces.diff_to_json(report.diff)
    locked.task.result = {"commit": report.commit, "pushed": True, "branch": moved, **diff}
    text = f"pushed {branch}" + (f", and moved {moved} to it" if moved else "")
    about = {"branch": branch, "commit": report.commit, "taskBranch": moved}
    history.record_attempt_event(locked, EventType.PUBLISHED, text, **about)
    changed = change.has_changed(diff)
    if locked.task.project.require_change and not changed:
        code, index = FailureCode.NOTHING_CHANGED, locked.attempt.stage_index
        transitions.fail(locked.task, code, change.REQUIRED, locked.now, stage_index=index)
    else:
        transitions.apply_event(locked.task, TaskEvent.COMPLETE, locked.now)
        text = "completed" if changed else change.UNCHANGED
        history.record_attempt_event(locked, EventType.COMPLETED, text, changed=changed)
    attempts.finish(locked, AttemptOutcome.PUBLISHED, gone=True)
    if locked.task.status is TaskStatus.COMPLETED:  # otherwise a person decides
        follow_ups.start_queued(locked)


def _moved_branch(locked: LockedTask, report: frames.Published) -> str | None:
    """Return the task's branch, if the machine has moved it; if it should have, a warning is
    recorded.

    Raises ForgedReport for another branch.
    """
    task, name = locked.task, locked.task.branch_name
    if report.moved and report.moved.name != name:
        raise ForgedReport(f"it isn't {name}")
    locked.attempt.pushed_commit = report.commit
    if report.moved:
        task.branch_commit = report.commit
        return name
    if not branches.is_left_alone(task.id, task.round):
        text = f"{locked.machine.name} didn't report moving {name}"
        history.record_attempt_event(locked, EventType.WARNING, text, branch=name)
    return None


def handle_failed(locked: LockedTask, report: frames.Failed) -> None:
    """The machine can't continue the attempt, for a reason in git's or the system's own text.

    The task fails, unless the attempt is returned. An attempt with a finished stage isn't: it has
    run.
    """
    attempt = locked.attempt
    is_unbegun = report.is_unhealthy and attempt.pending_exit is None
    if is_unbegun and returned_attempts.requeue_unhealthy(locked, report.message):
        return
    if report.code in checkpoint_conflicts.CODES and attempt.started_at is None:
        checkpoint_conflicts.ask_about_conflict(locked, report.message)
        return
    attempts.fail(locked, report.code, report.message, gone=True)


def handle_lost(locked: LockedTask, report: frames.Lost) -> None:
    """The machine has lost the attempt's processes, or the workspace that waited at a gate."""
    attempts.mark_lost(locked, report.reason, gone=True)


def restore(locked: LockedTask) -> None:
    """The machine returned late with the missing result: the attempt resumes."""
    attempts.restore(locked)
    text = f"{locked.machine.name} returned with the result"
    history.record_attempt_event(locked, EventType.RESTORED, text, machineId=str(locked.machine.id))
    apply_pending_end(locked)


def is_out_of_contact(task: Task) -> bool:
    """Whether the task waits for its disconnected machine."""
    return task.status is TaskStatus.SUSPENDED and task.suspend_reason is SuspendReason.MACHINE_LOST


def require_running(
    locked: LockedTask,
    report: frames.StageStarted
    | frames.StageFinished
    | frames.Suspended
    | frames.Checkpoint
    | frames.Changes
    | frames.QuestionOpened
    | frames.QuestionWithdrawn
    | frames.InterruptIgnored
    | frames.ThreadReplied,
) -> None:
    """Raise Conflict if the machine reports a stage, or a run of it, that it has no order for."""
    at = locked.attempt
    if (at.phase, at.stage_index) != (AttemptPhase.RUN, report.stage_index):
        raise Conflict(f"the machine has no order to run stage {report.stage_index}")
    if at.run != report.run:
        raise Conflict(f"the machine has no order for run {report.run} of the stage")


def stage_name(task: Task, index: int) -> str:
    """Return the stage's name, or its number if the pipeline has no such stage."""
    stages = task.pipeline
    return str(stages[index]["name"]) if 0 <= index < len(stages) else f"#{index}"
