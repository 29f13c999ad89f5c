"""Finish a stage: make its checkpoint, and report its exit or suspension."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from muster.protocol import runs
from muster.protocol.frames import Failed, Lost, StageExitReason, StageFinished, Suspended
from muster.worker.agents import agent_outcome, failure_reason, stage_command, suspension
from muster.worker.agents.attempt_state import AttemptState
from muster.worker.agents.suspension import Suspension
from muster.worker.attempts import never_started
from muster.worker.attempts.attempt_workspace import AttemptWorkspace
from muster.worker.attempts.context import Reporter
from muster.worker.health import RESOURCE_ERRNOS
from muster.worker.sandbox.sandbox import SandboxFailed
from muster.worker.shim.wire import StageExit

_MAX_COUNT = (1 << 31) - 1  # maximum of a report's counts


@dataclass(frozen=True)
class StageFinisher:
    """For one attempt. `report_refused_hosts` reports hosts that its stage was refused, `rest`
    stops an idle shim, `is_left` returns whether all this is left to the next daemon."""

    reporter: Reporter
    workspace: AttemptWorkspace
    directory: Path
    report_refused_hosts: Callable[[], None]
    quit_shim: Callable[[], None]
    is_detached: Callable[[], bool]

    def report_exit(self, kept: AttemptState, end: StageExit) -> None:
        """Raises SandboxFailed if the stage never started, and has no sandbox or the earlier work
        is only here: then it can start again."""
        health = self.reporter.context.agent_health
        agent_outcome.record_outcome(health, kept, end, self.directory)
        if (failure := stage_command.attempt_failure(end)) is not None:
            self._report_failure(kept, end, *failure)
            return
        self.reporter.context.machine_health.report_success()
        why = suspension.find_suspension(health.adapters, kept, end, self.directory)
        if why is None and (end.how, end.code) != ("exit", 0):
            self.workspace.report_facts()
        elif not self.reporter.progress.has_checkpointed(kept.stage_index, kept.run):
            self.workspace.checkpoint(kept, in_part=why is not None)
        if self.is_detached():
            return
        self.reporter.context.streams.prioritize_until(self.reporter.key, end.log_end)
        self.report_refused_hosts()
        self.reporter.report(
            finished_report(kept, end) if why is None else _suspended_report(kept, end, why)
        )

    def is_earlier_work_pushed(self, stage_index: int, run: int) -> bool:
        """Whether others have all the work done here before this run of the stage."""
        if not never_started.may_have_run(self.directory):
            return True
        progress = self.reporter.progress
        if runs.is_continued(run):
            return progress.has_checkpointed(stage_index, run - 1)
        if runs.turn_of(progress.finished_run) < runs.turn_of(run):  # the turn after a failed check
            stage_index, run = progress.finished, progress.finished_run
        return progress.has_checkpointed(stage_index - 1, runs.first_run(runs.turn_of(run)))

    def _report_failure(self, kept: AttemptState, end: StageExit, code: str, words: str) -> None:
        if not stage_command.is_machine_failure(end):
            self.reporter.report_failed(code, words)
            return
        at = (kept.stage_index, kept.run)
        if stage_command.is_sandbox_missing(end) or not self.is_earlier_work_pushed(*at):
            self.quit_shim()  # it remembers, too
            never_started.forget_run(self.directory, *at)
            raise SandboxFailed(words)
        # If the machine's check finds nothing, or no longer does, another attempt may succeed.
        otherwise = Lost(words) if end.code in RESOURCE_ERRNOS else Failed(code, words)
        self.workspace.release()  # after the report another attempt may need its resources
        self.reporter.return_attempt(code, words, otherwise)


def _suspended_report(state: AttemptState, end: StageExit, why: Suspension) -> Suspended:
    details = (why.reason, why.message, why.resets_at_ms)
    return Suspended(state.stage_index, end.log_end, *details, state.run)


def finished_report(kept: AttemptState, end: StageExit) -> StageFinished:
    """Return the report of a stage's exit."""
    how = cast(StageExitReason, end.how)
    why, denied = (
        failure_reason.failure_from_facts(end.facts),
        _parse_count(end.facts.get("denied")),
    )
    return StageFinished(kept.stage_index, end.log_end, how, end.code, kept.run, why, denied)


def _parse_count(value: object) -> int | None:
    """Return an agent's value as a count; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return min(value, _MAX_COUNT)
