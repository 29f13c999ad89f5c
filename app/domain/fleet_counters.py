"""Counters of all machines: attempt outcomes, failures, problems, and remaining lease time."""

from enum import StrEnum

from app.domain.attempt import AttemptOutcome
from app.domain.task import EventType, FailureCode


class FleetCounter(StrEnum):
    """The counters. The comments give each one's label."""

    ATTEMPTS_ENDED = "attempts_ended"  # OUTCOMES
    TASK_FAILURES = "task_failures"  # a failure's code
    TASK_EVENTS = "task_events"  # COUNTED_EVENTS
    REPORTS_REFUSED = "reports_refused"  # Refusal
    LEASE_MARGINS = "lease_margins"  # the first of MARGINS that isn't exceeded
    USAGE = "usage"  # "<agent> <kind>": the number by TOKENS, the amount by COST


class Refusal(StrEnum):
    """Why a machine's report had no effect."""

    ENDED = "ended"  # the report's attempt had ended
    UNKNOWN = "unknown"  # the report's attempt belongs to another machine
    UNORDERED = "unordered"  # the machine had no order for what it reports
    REPLACED = "replaced"  # a newer connection of the machine has replaced the report's
    MALFORMED = "malformed"  # it was out of bounds or unknown
    FORGED = "forged"  # it named a ref or branch of another attempt
    LIMIT_EXCEEDED = "limit_exceeded"  # it exceeded the machine's limits


MISBEHAVIOR = (Refusal.MALFORMED, Refusal.FORGED, Refusal.LIMIT_EXCEEDED)
"""Refusals our workers never cause. The audit log records each once per machine and reason."""


UNCOUNTED = "uncounted"
OUTCOMES = (*AttemptOutcome, UNCOUNTED)
"""How attempts end. `uncounted` is a loss that doesn't count against `maxAttempts`."""

COUNTED_EVENTS = (
    EventType.REQUEUED,
    EventType.RETRIED,
    EventType.MACHINE_LOST,
    EventType.MACHINE_BACK,
    EventType.RESTORED,
)
"""History event types that report problems and recoveries."""

MARGINS = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
"""Histogram buckets (upper bounds) for the fraction of a lease left at renewal."""

TOKENS = ("input", "cached", "output", "reasoning")
"""Kinds of tokens. Input includes cached tokens; output includes reasoning tokens."""
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
"""Failure codes that machines report. A report may have any code, but labels must be few."""

OTHER = "other"
CODES = (*FailureCode, *sorted(MACHINE_CODES), OTHER)


def code_label(code: str) -> str:
    """Return the label for a failure code: itself, or `other` if it isn't in `CODES`."""
    return code if code in CODES else OTHER
