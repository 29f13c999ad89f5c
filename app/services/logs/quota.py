"""How much of an attempt's log and transcript is kept (`domain.allowance`)."""

from app.domain import storage_limits
from app.models import Attempt
from app.services import settings


def of_live() -> int:
    """How much is kept of an attempt that is live, in bytes."""
    megabytes: int = settings.latest("logMegabytes")
    return megabytes << 20


def is_left(attempt: Attempt, cost: int) -> bool:
    """Whether there is room for so much more of it. After too many gaps there is none, nor once the
    log was deleted.
    """
    if attempt.log_taken_at is not None or len(attempt.log_gaps) >= storage_limits.MOST_GAPS:
        return False
    has_ended = attempt.ended_at is not None
    most = storage_limits.most(of_live(), ended=has_ended, late=attempt.kept_most)
    return attempt.kept_bytes + cost <= most
