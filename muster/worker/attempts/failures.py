"""What goes wrong in an attempt, as it is reported."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from muster.protocol.frames import Body, Failed, Lost, RunStage
from muster.worker.agents.stage_command import SandboxUnavailable
from muster.worker.attempts import never_started
from muster.worker.attempts.attempt_shim import AttemptShim, LaunchFailed
from muster.worker.attempts.context import Reporter
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
"""What goes wrong with a workspace where the machine has no disk: git fetches onto that, and its
words are no proof."""


class AttemptReturned(Exception):
    """It has been reported that this machine could not begin the stage."""


@contextmanager
def report_failures(reporter: Reporter, goes_on: Callable[[], bool]) -> Iterator[None]:
    """What goes wrong in here is reported, and raised no further; where the attempt no longer
    `goes_on`, what comes of that is nobody's concern."""
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
    except (LaunchFailed, ShimGone, SandboxFailed, HandedOver) as error:
        # No fault of the task's: another attempt, here or elsewhere, may do better.
        if goes_on():
            reporter.report(Lost(str(error) or "the shim died before the stage began"))


@contextmanager
def allow_restart(reporter: Reporter, noted: OrderState, shim: AttemptShim) -> Iterator[None]:
    """A stage that an earlier daemon began, and that never ran for want of a sandbox, can begin
    again. Only its order has what that takes, and comes on the next connection."""
    try:
        yield
    except SandboxFailed:
        noted.resume_from(shim.read_state(), reporter.progress)
        reporter.context.reconnect()


@contextmanager
def return_on_failure(
    reporter: Reporter,
    goes_on: Callable[[], bool],
    let_go: Callable[[], None],
    order: RunStage | None = None,
) -> Iterator[None]:
    """On the way to that stage, or to a push: an attempt that this machine cannot begin is given
    back, and `AttemptReturned` raised; unless the stage may have begun. First it is to `let_go` of
    what it has: once that is reported another may want it."""
    try:
        yield
    except HandedOver as error:
        if not goes_on():
            raise
        let_go()
        reporter.report(error.to_report())
        raise AttemptReturned from error
    except (WorkspaceError, NoIdentityLeft, LaunchFailed, OSError) as error:
        if not goes_on():
            raise
        let_go()
        is_other = (
            isinstance(error, WorkspaceError) and error.code not in _POSSIBLE_MACHINE_FAILURES
        )
        directory = reporter.context.layout.attempt(reporter.key)
        if is_other or (order and never_started.may_have_started(directory, order)):
            raise
        _return_attempt(reporter, error)
        raise AttemptReturned from error


def _return_attempt(reporter: Reporter, error: Exception) -> None:
    """Where the machine finds nothing now, but was short of something, another try may do better;
    else it has failed."""
    code = error.code if isinstance(error, WorkspaceError) else "worker_failed"
    is_passing = (
        isinstance(error, LaunchFailed)
        or is_resource_shortage(error)
        or is_resource_shortage(error.__cause__)
    )
    otherwise: Body = Lost(str(error)) if is_passing else Failed(code, str(error))
    known = str(error) if isinstance(error, NoIdentityLeft) else None
    reporter.return_attempt(code, str(error), otherwise, known)
