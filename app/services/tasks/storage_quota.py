"""How much of an attempt's log and transcript is stored (`domain.storage_limits`)."""

from app.domain import storage_limits
from app.models import Attempt
from app.services import settings


def max_live_bytes() -> int:
    """Return the limit for a live attempt, in bytes."""
    megabytes: int = settings.cached_value("maxLogMegabytes")
    return megabytes << 20


def has_space(attempt: Attempt, cost: int) -> bool:
    """Whether the limit allows that much more. After too many gaps, or once the log was deleted,
    it allows nothing.
    """
    if attempt.log_expired_at is not None or len(attempt.log_gaps) >= storage_limits.MAX_GAPS:
        return False
    recorded = attempt.max_stored_bytes
    return attempt.stored_bytes + cost <= (max_live_bytes() if recorded is None else recorded)
