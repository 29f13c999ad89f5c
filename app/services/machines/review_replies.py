"""Agents' replies in review threads, by their tool `reply_comment`."""

from sqlalchemy import exists, select

from app.domain.storage_limits import ForgedReport
from app.extensions import db
from app.models import FollowUp, ReviewComment
from app.services.locks import LockedTask
from app.services.reviews import replies
from app.services.tasks import stages
from muster.protocol import frames


def handle_reply(locked: LockedTask, report: frames.ThreadReplied) -> None:
    """Add an agent's reply to a thread of its round's review.

    Raises Conflict if the stage wasn't ordered, ForgedReport for a thread that the agent wasn't
    given, and LimitExceeded if the thread is full.
    """
    stages.require_running(locked, report)
    if report.number < locked.attempt.transcript_entries:
        return  # it came before its entry: its machine's disk has lost that it was reported
    if not _is_thread_in_review(locked, report.thread):
        raise ForgedReport(f"thread {report.thread} wasn't given to its agent")
    replies.add_reply(locked, report.thread, report.text)


def _is_thread_in_review(locked: LockedTask, thread_id: int) -> bool:
    """Whether the review of the round's follow-up has a comment in that thread."""
    task = locked.task
    of_round = select(FollowUp.review_id).where(
        FollowUp.task_id == task.id, FollowUp.number == task.follow_up
    )
    says = exists().where(
        ReviewComment.task_id == task.id,
        ReviewComment.thread_id == thread_id,
        ReviewComment.review_id == of_round.scalar_subquery(),
    )
    return task.follow_up is not None and bool(db.session.scalar(select(says)))
