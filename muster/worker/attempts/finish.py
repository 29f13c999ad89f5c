"""What comes of a stage that has ended: its checkpoint, and the report of its end; or, where it was
stopped in its middle, that it was."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from muster.protocol.frames import Failed, Lost, StageEndedBy, StageFinished, Suspended
from muster.worker.agents import agent_outcome, failure_reason, stage_command, suspension
from muster.worker.agents.attempt_state import KeptOrder
from muster.worker.agents.suspension import Suspension
from muster.worker.attempts import never_started
from muster.worker.attempts.attempt_workspace import AttemptWorkspace
from muster.worker.attempts.context import Reporter
from muster.worker.health import SHORT_OF
from muster.worker.sandbox.sandbox import NoSandbox
from muster.worker.shim.wire import StageEnd

_MOST = (1 << 31) - 1  # of what a report can count


@dataclass(frozen=True)
class StageEnding:
    """For one attempt. `tell_refused` reports what its stage was refused, `rest` ends a shim that
    has nothing to do, `is_left` tells whether all this is the next daemon's."""

    reporter: Reporter
    workspace: AttemptWorkspace
    directory: Path
    tell_refused: Callable[[], None]
    rest: Callable[[], None]
    is_left: Callable[[], bool]

    def conclude(self, kept: KeptOrder, end: StageEnd) -> None:
        """Raises NoSandbox where the stage never began, and the work of those before it is here
        alone: then it may be begun again."""
        health = self.reporter.context.health
        agent_outcome.judge(health, kept, end, self.directory)
        if (failure := stage_command.failure(end)) is not None:
            self._fail(kept, end, *failure)
            return
        self.reporter.context.wellness.prove()
        why = suspension.of(health.adapters, kept, end, self.directory)
        if why is None and (end.how, end.code) != ("exit", 0):
            self.workspace.look()
        elif not self.reporter.standing.has_checkpointed(kept.stage_index, kept.run):
            self.workspace.checkpoint(kept, in_part=why is not None)
        if self.is_left():
            return
        self.reporter.context.streams.await_until(self.reporter.key, end.log_end)
        self.tell_refused()
        self.reporter.say(report(kept, end) if why is None else _suspended(kept, end, why))

    def _fail(self, kept: KeptOrder, end: StageEnd, code: str, words: str) -> None:
        if not stage_command.is_of_machine(end):
            self.reporter.fail(code, words)
            return
        if never_started.may_have_run(self.directory) and not self._is_rest_pushed(kept):
            self.rest()  # it remembers, too
            never_started.forget(self.directory, kept.stage_index, kept.run)
            raise NoSandbox(words)
        # Where nothing is found, or found any more, another attempt may do better.
        is_passing = end.code in SHORT_OF or end.message.startswith("EPERM room")
        self.workspace.let_go()  # once it is reported another may want what it has
        otherwise = Lost(words) if is_passing else Failed(code, words)
        self.reporter.give_back(code, words, otherwise)

    def _is_rest_pushed(self, kept: KeptOrder) -> bool:
        """Whether others have what was done before this run of the stage."""
        before = (kept.stage_index, kept.run - 1) if kept.run > 0 else (kept.stage_index - 1, 0)
        return self.reporter.standing.has_checkpointed(*before)


def _suspended(kept: KeptOrder, end: StageEnd, why: Suspension) -> Suspended:
    told = (why.reason, why.message, why.resets_at_ms)
    return Suspended(kept.stage_index, end.log_end, *told, kept.run)


def report(kept: KeptOrder, end: StageEnd) -> StageFinished:
    """The report of a stage's end."""
    how = cast(StageEndedBy, end.how)
    why, denied = failure_reason.reported(end.facts), _count(end.facts.get("denied"))
    return StageFinished(kept.stage_index, end.log_end, how, end.code, kept.run, why, denied)


def _count(value: object) -> int | None:
    """What an agent says is a number of things; None for whatever is none."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return min(value, _MOST)
