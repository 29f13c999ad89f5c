"""What goes wrong in an attempt, as it is reported."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from muster.protocol.frames import Lost
from muster.worker.agents.stage_command import RoomUnavailable
from muster.worker.attempts.context import Reporter
from muster.worker.attempts.shim_side import LaunchFailed
from muster.worker.git.workspace import WorkspaceError
from muster.worker.room.identity import NoIdentityLeft
from muster.worker.shim.client import ShimGone, ShimRefused


@contextmanager
def reported(reporter: Reporter, goes_on: Callable[[], bool]) -> Iterator[None]:
    """What goes wrong in here is reported, and raised no further; where the attempt no longer
    `goes_on`, what comes of that is nobody's concern."""
    try:
        yield
    except WorkspaceError as error:
        if goes_on():
            reporter.fail(error.code, error.message)
    except RoomUnavailable as error:
        reporter.fail("room_unavailable", str(error))
    except ValueError as error:
        reporter.fail("stage_impossible", str(error))
    except (OSError, NoIdentityLeft, ShimRefused) as error:
        reporter.fail("worker_failed", str(error))
    except (LaunchFailed, ShimGone) as error:
        # No fault of the task's: another attempt, here or elsewhere, may do better.
        if goes_on():
            reporter.say(Lost(str(error) or "the shim died before the stage began"))
