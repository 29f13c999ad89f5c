"""How much of an attempt's log and transcript is kept (`domain.allowance`)."""

from app.domain import storage_limits
from app.models import Attempt
from app.services import settings


def max_live_bytes() -> int:
    """How much is kept of an attempt that is live, in bytes."""
    megabytes: int = settings.cached_value("maxLogMegabytes")
    return megabytes << 20


def has_space(attempt: Attempt, cost: int) -> bool:
    """Whether there is room for so much more of it. After too many gaps there is none, nor once the
    log was deleted.
    """
    if attempt.log_expired_at is not None or len(attempt.log_gaps) >= storage_limits.MAX_GAPS:
        return False
    has_ended = attempt.ended_at is not None
    most = storage_limits.max_bytes(
        max_live_bytes(), ended=has_ended, late=attempt.max_stored_bytes
    )
    return attempt.stored_bytes + cost <= most
