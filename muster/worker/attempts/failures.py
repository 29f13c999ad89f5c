"""The errors of an attempt, and their reports."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from muster.protocol.frames import Body, Failed, Lost, RunStage
from muster.worker.agents.stage_command import SandboxUnavailable
from muster.worker.attempts import never_started
from muster.worker.attempts.attempt_shim import AttemptShim, LaunchFailed
from muster.worker.attempts.context import Reporter
from muster.worker.attempts.images import ImagesUnavailable
from muster.worker.attempts.no_sandbox import HandedOver
from muster.worker.attempts.order_state import OrderState
from muster.worker.git.workspace import WorkspaceError
from muster.worker.health import is_resource_shortage
from muster.worker.sandbox.sandbox import SandboxFailed
from muster.worker.sandbox.uids import NoIdentityLeft
from muster.worker.shim.client import ShimGone, ShimRefused

_POSSIBLE_MACHINE_FAILURES = frozenset(
    {"workspace_failed", "workspace_broken", "repository_unreachable"}
)
"""Workspace errors that may mean the machine's disk is full: git writes there, and its messages
aren't proof."""


class AttemptReturned(Exception):
    """It was reported that this machine couldn't start the stage."""


@contextmanager
def report_failures(reporter: Reporter, goes_on: Callable[[], bool]) -> Iterator[None]:
    """Report errors from the context instead of raising them; if the attempt no longer `goes_on`,
    errors are dropped."""
    try:
        yield
    except AttemptReturned:
        return
    except WorkspaceError as error:
        if goes_on():
            reporter.report_failed(error.code, error.message)
    except SandboxUnavailable as error:
        reporter.report_failed("sandbox_unavailable", str(error))
    except ValueError as error:
        reporter.report_failed("stage_impossible", str(error))
    except (OSError, NoIdentityLeft, ShimRefused) as error:
        reporter.report_failed("worker_failed", str(error))
    except (LaunchFailed, ImagesUnavailable, ShimGone, SandboxFailed, HandedOver) as error:
        # Not the task's fault: another attempt, here or elsewhere, may succeed.
        if goes_on():
            reporter.report(Lost(str(error) or "the shim died before the stage started"))


@contextmanager
def allow_restart(reporter: Reporter, noted: OrderState, shim: AttemptShim) -> Iterator[None]:
    """Let a stage that an earlier daemon started, and that never ran for lack of a sandbox, start
    again. That needs its order, which comes on the next connection."""
    try:
        yield
    except SandboxFailed:
        noted.forget_run(shim.read_state())
        reporter.context.reconnect()


@contextmanager
def hand_over(
    reporter: Reporter, goes_on: Callable[[], bool], let_go: Callable[[], None]
) -> Iterator[None]:
    """Return an attempt that can't continue here without a sandbox, and raise `AttemptReturned`.
    First call `let_go` to release its resources: after the report another attempt may need them."""
    try:
        yield
    except HandedOver as error:
        if not goes_on():
            raise
        let_go()
        reporter.report(error.to_report())
        raise AttemptReturned from error


@contextmanager
def return_on_failure(
    reporter: Reporter,
    goes_on: Callable[[], bool],
    let_go: Callable[[], None],
    order: RunStage | None = None,
) -> Iterator[None]:
    """Before that stage, or a push: return an attempt that this machine can't start, and raise
    `AttemptReturned`; unless the stage may have started. First call `let_go` (`hand_over`)."""
    try:
        with hand_over(reporter, goes_on, let_go):
            yield
    except (WorkspaceError, NoIdentityLeft, LaunchFailed, ImagesUnavailable, OSError) as error:
        if not goes_on():
            raise
        let_go()
        if isinstance(error, ImagesUnavailable):  # the machine needs no check
            reporter.report(Lost(str(error)))
            raise AttemptReturned from error
        is_other = (
            isinstance(error, WorkspaceError) and error.code not in _POSSIBLE_MACHINE_FAILURES
        )
        directory = reporter.context.layout.attempt(reporter.key)
        if is_other or (order and never_started.may_have_started(directory, order)):
            raise
        _return_attempt(reporter, error)
        raise AttemptReturned from error


def _return_attempt(reporter: Reporter, error: Exception) -> None:
    """Return the attempt. If the machine's check finds nothing, but it lacked resources, another
    try may succeed; otherwise it has failed."""
    code = error.code if isinstance(error, WorkspaceError) else "worker_failed"
    is_passing = (
        isinstance(error, LaunchFailed)
        or is_resource_shortage(error)
        or is_resource_shortage(error.__cause__)
    )
    otherwise: Body = Lost(str(error)) if is_passing else Failed(code, str(error))
    known = str(error) if isinstance(error, NoIdentityLeft) else None
    reporter.return_attempt(code, str(error), otherwise, known)
