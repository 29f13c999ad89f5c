"""What a review begins that wants changes."""

from datetime import datetime

from app import wakeups
from app.domain.errors import NoCheckpoint, TunnelOpen
from app.domain.follow_up import TooManyFollowUps
from app.extensions import db
from app.models import Review
from app.services.locks import LockedTask
from app.services.tasks import follow_ups

_DEFAULT_INSTRUCTION = "Make the changes that the review asks for."


def start_round(held: LockedTask, review: Review, now: datetime) -> int | None:
    """Begin a round that goes on with what the review says, or queue it where the task runs;
    returns the follow-up's id. None: none has begun, and the gate stays open. The caller holds the
    locks, and commits.
    """
    instruction = review.body if review.body.strip() else _DEFAULT_INSTRUCTION
    try:
        with db.session.begin_nested():  # which takes back what could not begin
            made = follow_ups.add(held, review.author, instruction, 0, review.id, now)
    except (NoCheckpoint, TunnelOpen, TooManyFollowUps):
        return None
    if held.machine:
        wakeups.wake_machines([held.machine.id])
    return made.id
