"""The round that a review with requested changes starts."""

from app.domain.errors import NoCheckpoint, TunnelOpen
from app.domain.follow_up import TooManyFollowUps
from app.extensions import db
from app.models import Review
from app.services.locks import LockedTask
from app.services.tasks import follow_ups

_DEFAULT_INSTRUCTION = "Make the changes that the review requests."


def start_round(locked: LockedTask, review: Review) -> int | None:
    """Start a round with the review's comments, or queue it if the task runs; return the
    follow-up's ID.

    None: none has started, and the gate stays open. The caller holds the locks, and commits.
    """
    instruction = review.body if review.body.strip() else _DEFAULT_INSTRUCTION
    try:
        with db.session.begin_nested():  # which reverts what couldn't start
            made = follow_ups.add(locked, review.author, instruction, 0, review.id)
    except (NoCheckpoint, TunnelOpen, TooManyFollowUps):
        return None
    locked.wake_machine()
    return made.id
