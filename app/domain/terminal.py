"""Terminals: who may open one, whether its sockets stay open, and how a stage's end is shown."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.attempt import AttemptPhase
from app.domain.errors import Conflict
from app.domain.roles import Permission, Person, is_allowed
from app.domain.task import ENDED, SuspendReason, TaskStatus, has_process


class NoShell(Conflict):
    """The machine's release can't open a shell. Upgrade the machine."""

    code = "no_shell"


class TerminalMode(StrEnum):
    CONTROL = "control"  # the viewer may type
    WATCH = "watch"


class TerminalKind(StrEnum):
    """Which of an attempt's terminals."""

    STAGE = "stage"
    SHELL = "shell"  # of a shell beside the stage


class Verdict(StrEnum):
    """Whether an open terminal socket stays open, or why it's closed."""

    STAY = "stay"
    FORBIDDEN = "forbidden"
    ENDED = "ended"  # the task has ended, so there will be no more output
    REPLACED = "replaced"  # the attempt has ended, and the task continues in another one
    STAGE_ENDED = "stage_ended"  # and with it the shell beside it


REQUIRED_PERMISSIONS = {
    TerminalMode.CONTROL: Permission.CONTROL_TERMINAL,
    TerminalMode.WATCH: Permission.WATCH_TERMINAL,
}

# Exit codes for ends that have none, as a shell would show them: timeout(1)'s, and 128 + SIGTERM.
_TIMEOUT, _TERMINATED = 124, 143


@dataclass(frozen=True)
class TerminalSubject:
    """A terminal's task and attempt, by the current rows. `is_live`: the attempt hasn't ended."""

    status: TaskStatus
    reason: SuspendReason | None
    phase: AttemptPhase
    is_live: bool


def has_terminal(subject: TerminalSubject) -> bool:
    """Whether a stage's process may be running. At a gate and during the push, none is."""
    return (
        subject.is_live
        and has_process(subject.status, subject.reason)
        and subject.phase is AttemptPhase.RUN
    )


def required_permission(mode: TerminalMode, *, is_shell: bool) -> Permission:
    """Return the permission that a viewer needs. Watching a shell needs that to type, too."""
    return Permission.CONTROL_TERMINAL if is_shell else REQUIRED_PERMISSIONS[mode]


def viewer_verdict(
    subject: TerminalSubject, person: Person | None, mode: TerminalMode, *, is_shell: bool = False
) -> Verdict:
    """Return whether a viewer's socket stays open. `person` is None if the credential is no
    longer valid.
    """
    if person is None or not is_allowed(required_permission(mode, is_shell=is_shell), person):
        return Verdict.FORBIDDEN
    verdict = machine_verdict(subject)
    if verdict is Verdict.STAY and is_shell and not has_terminal(subject):
        return Verdict.STAGE_ENDED
    return verdict


def machine_verdict(subject: TerminalSubject) -> Verdict:
    """Return whether a machine's socket stays open."""
    if subject.status in ENDED:
        return Verdict.ENDED
    return Verdict.STAY if subject.is_live else Verdict.REPLACED


def exit_code(how: str, code: int) -> int:
    """Return the exit code that a shell would show for a stage's end (`pipeline.StageOutcome`)."""
    if how == "exit":
        return code
    if how == "signal":
        return 128 + code
    return _TIMEOUT if how == "timeout" else _TERMINATED
