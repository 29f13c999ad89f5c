"""Counters of the fleet: ends of attempts, failures, trouble, and how close leases came to
ending.
"""

from enum import StrEnum

from app.domain.attempt import AttemptOutcome
from app.domain.task import EventType, FailureCode


class FleetCounter(StrEnum):
    """The counters; the comment says which labels each is counted by."""

    ATTEMPTS_ENDED = "attempts_ended"  # OUTCOMES
    TASK_FAILURES = "task_failures"  # a failure's code
    TASK_EVENTS = "task_events"  # TOLD
    REPORTS_REFUSED = "reports_refused"  # Refusal
    LEASE_MARGINS = "lease_margins"  # the first of MARGINS that is not exceeded
    USAGE = "usage"  # "<agent> <kind>": the number by TOKENS, the amount by COST


class Refusal(StrEnum):
    """Why something that a machine said had no effect."""

    ENDED = "ended"  # the report's attempt had ended
    UNKNOWN = "unknown"  # the report's attempt is not this machine's
    UNORDERED = "unordered"  # the machine had no order for what it reports
    REPLACED = "replaced"  # a newer connection of the machine has replaced the report's
    MALFORMED = "malformed"  # it was out of bounds, or nothing that is known
    FORGED = "forged"  # it named a ref or branch that is not its attempt's
    LIMIT_EXCEEDED = "limit_exceeded"  # it was more than the machine may say, or have


MISBEHAVIOR = (Refusal.MALFORMED, Refusal.FORGED, Refusal.LIMIT_EXCEEDED)
"""What no worker of ours does: the audit log tells of it, once for each machine and reason."""


UNCOUNTED = "uncounted"
OUTCOMES = (*AttemptOutcome, UNCOUNTED)
"""How attempts end. `uncounted` is a loss that does not count against `maxAttempts`."""

COUNTED_EVENTS = (
    EventType.REQUEUED,
    EventType.RETRIED,
    EventType.MACHINE_LOST,
    EventType.MACHINE_BACK,
    EventType.RESTORED,
)
"""The types of history events that tell of trouble, and of its end."""

MARGINS = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
"""Histogram buckets (upper bounds) of the part of a lease that was left when it was prolonged."""

TOKENS = ("input", "cached", "output", "reasoning")
"""Kinds of tokens; what was cached is part of the input, what was reasoned of the output."""
COST = "cost"

MACHINE_CODES = frozenset(
    {
        "base_missing",
        "binary_missing",
        "cancelled",
        "checkpoint_missing",
        "checkpoint_moved",
        "disk_exceeded",
        "memory_exceeded",
        "not_what_was_approved",
        "processes_exceeded",
        "publish_failed",
        "repository_empty",
        "repository_refused",
        "repository_unreachable",
        "sandbox_unavailable",
        "stage_impossible",
        "start_failed",
        "worker_failed",
        "work_too_large",
        "work_unreadable",
        "workspace_broken",
        "workspace_failed",
        "workspace_timeout",
    }
)
"""The failure codes that machines report. A report may have any code, but labels have to be few."""

OTHER = "other"
CODES = (*FailureCode, *sorted(MACHINE_CODES), OTHER)


def code_label(code: str) -> str:
    """The label that a failure code is counted by: itself, or `other` if it is not in `CODES`."""
    return code if code in CODES else OTHER
