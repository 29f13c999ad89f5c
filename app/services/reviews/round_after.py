"""What a review begins that wants changes."""

from datetime import datetime

from app.models import Review
from app.services.locks import Held


def begin(held: Held, review: Review, now: datetime) -> int | None:
    """Begin a round that goes on with what the review says; returns the follow-up's id. None: none
    has begun, and the gate stays open. The caller holds the locks, and commits.
    """
    return None
