"""What agents answer in a review's threads, by their tool `reply_comment`."""

from sqlalchemy import select

from app.domain.allowance import Forged
from app.extensions import db
from app.models import FollowUp
from app.services.machines import rounds
from app.services.tasks import stages
from app.services.tasks.stages import LiveAttempt
from muster.protocol import frames


def told(live: LiveAttempt, report: frames.Replied) -> None:
    """An agent answers in a thread of the review that its round is about. Raises Conflict where the
    stage was not ordered, and Forged for a thread that it was not told of.
    """
    stages.must_run(live, report)
    if report.thread not in _threads(live):
        raise Forged(f"thread {report.thread} is none that its agent was told of")
    rounds.reply(live, report.thread, report.text)


def _threads(live: LiveAttempt) -> list[int]:
    task = live.task
    if task.follow_up is None:
        return []
    query = select(FollowUp.review_id).where(
        FollowUp.task_id == task.id, FollowUp.number == task.follow_up
    )
    return rounds.reviewed(task.id, db.session.scalar(query))[1]
