"""What is counted of the fleet: ends, troubles, and how near leases came to an end."""

from enum import StrEnum

from app.domain.attempt import AttemptOutcome
from app.domain.task import EventType, FailureCode


class FleetCounter(StrEnum):
    """Each counts by a label of its own."""

    ATTEMPTS_ENDED = "attempts_ended"  # OUTCOMES
    TASK_FAILURES = "task_failures"  # a failure's code
    TASK_EVENTS = "task_events"  # TOLD
    REPORTS_REFUSED = "reports_refused"  # Refusal
    LEASE_MARGINS = "lease_margins"  # the first of MARGINS that is not exceeded


class Refusal(StrEnum):
    """Why something that a machine reported changed nothing."""

    ENDED = "ended"  # its attempt had ended
    UNKNOWN = "unknown"  # the attempt is not this machine's
    UNORDERED = "unordered"  # it speaks of what it had no order for
    REPLACED = "replaced"  # another connection speaks for the machine


EXCUSED = "excused"
OUTCOMES = (*AttemptOutcome, EXCUSED)
"""How attempts end. `excused` is a loss that does not count against `maxAttempts`."""

TOLD = (
    EventType.REQUEUED,
    EventType.RETRIED,
    EventType.MACHINE_LOST,
    EventType.MACHINE_BACK,
    EventType.RESTORED,
)
"""The entries of histories that tell of trouble, and of its end."""

MARGINS = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
"""Upper bounds of the part of its lease that a machine had left when the lease was prolonged."""

MACHINE_CODES = frozenset(
    {
        "base_missing",
        "binary_missing",
        "cancelled",
        "checkpoint_missing",
        "publish_failed",
        "repository_empty",
        "repository_refused",
        "repository_unreachable",
        "stage_impossible",
        "start_failed",
        "worker_failed",
        "workspace_broken",
        "workspace_failed",
        "workspace_timeout",
    }
)
"""What machines say why they cannot go on. They may say anything; labels have to be few."""

OTHER = "other"
CODES = (*FailureCode, *sorted(MACHINE_CODES), OTHER)


def code_label(code: str) -> str:
    """The code, or `other` where no part of ours is known to say it."""
    return code if code in CODES else OTHER
