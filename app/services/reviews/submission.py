"""A review is submitted once: a verdict, with all its author's draft comments. At a question
before a stage, it may be the answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain import field_errors
from app.domain import review as rules
from app.domain import task as task_rules
from app.domain.errors import HeadChanged, InvalidFields
from app.domain.notification_text import shorten
from app.domain.review import ReviewVerdict
from app.domain.roles import Permission
from app.domain.task import EventType
from app.extensions import db
from app.models import Developer, Gate, Review, Task
from app.services import audit, locks, rights
from app.services.locks import LockedTask
from app.services.projects import projects
from app.services.reviews import changes_requested, drafts, publication, thread_anchors
from app.services.tasks import answerers, gates, history, queries

_VERDICT_TEXTS = {
    ReviewVerdict.APPROVE: "approved",
    ReviewVerdict.REQUEST_CHANGES: "requested changes",
    ReviewVerdict.COMMENT: "commented",
}


@dataclass(frozen=True)
class SubmittedReview:
    """A review that was just submitted: whether it has `answered` the open gate, and the ID of
    the follow-up that it has started.
    """

    review: Review
    answered: bool
    follow_up: int | None


def submit(
    actor: Developer,
    task_id: int,
    *,
    verdict: ReviewVerdict,
    body: str = "",
    comments: Sequence[dict[str, Any]] = (),
    commit: str | None = None,
    stage_index: int | None = None,
    number: int | None = None,
    remember: Callable[[SubmittedReview], None] | None = None,
) -> SubmittedReview:
    """Submit a review with the author's drafts, and with `comments` like those of
    `drafts.add_comment`. Commits.

    With `stage_index` (and `number`) it's about that gate, and is rejected if someone answered
    first: then nothing changes, including drafts. Without, it answers a gate if one is open.
    `remember` is called with it just before the commit; if that raises, there is no review. Raises
    NotFound, Forbidden, ProjectArchived, InvalidFields, TooManyComments, HeadChanged, NoOpenGate,
    WrongStage, AlreadyAnswered, TunnelOpen.
    """
    seen = require_right(actor, task_id, verdict)
    if verdict is ReviewVerdict.REQUEST_CHANGES:  # which starts a round
        projects.require_active(seen.project)
    locked = locks.lock_loaded_task(seen)
    task, now = locked.task, locked.now
    gate = _gate(task, stage_index, number)
    result = gate and rules.answer_of_verdict(verdict, gate.kind)
    if gate and verdict is ReviewVerdict.APPROVE:
        answerers.require_answerer(actor, task, gate)  # even if it doesn't answer
    for comment in comments:
        drafts.write_comment(actor, task, now, **comment)
    review = Review(
        task_id=task_id,
        author_id=actor.id,
        author=actor,
        verdict=verdict,
        body=body,
        comments=0,
        stage_index=gate.stage_index if gate and result else None,
        submitted_at=now,
        **_review_columns(task, commit, answers=bool(result)),
    )
    db.session.add(review)
    db.session.flush()
    review.comments = publication.publish_drafts(actor, review, now)
    if not rules.has_content(verdict, body, review.comments):
        raise InvalidFields({"body": [field_errors.REVIEW_EMPTY]})
    _record(task, review, actor, now)
    audit.record_privileged("task.reviewed", task, actor)
    if gate and result:
        gates.answer_gate(actor, locked, gate, result, body or None)
    follow_up = _start_follow_up(locked, review)
    submitted = SubmittedReview(review, bool(result), follow_up)
    if remember:
        remember(submitted)
    db.session.commit()
    return submitted


def require_right(actor: Developer, task_id: int, verdict: ReviewVerdict) -> Task:
    """Return the task. Raises NotFound, and Forbidden if the developer can't give that verdict."""
    task = queries.get(actor, task_id)
    rights.require(Permission.REVIEW, actor, task.project)
    if verdict is not ReviewVerdict.COMMENT:
        rights.require(Permission.ANSWER_GATE, actor, task.project)
    return task


def _gate(task: Task, stage_index: int | None, number: int | None) -> Gate | None:
    """Return the gate that the review is about."""
    if stage_index is not None:
        return gates.require_open_gate(task, stage_index, number)
    return gates.find_open_gate(task) if task.status in task_rules.LIVE else None


def _review_columns(task: Task, commit: str | None, *, answers: bool) -> dict[str, Any]:
    if answers and commit not in (None, thread_anchors.latest_commit(task).commit):
        raise HeadChanged  # an approval covers only what the reviewer has seen
    about = thread_anchors.find_commit(task, commit)
    return {"round": about.round, "attempt": about.attempt, "commit": about.commit}


def _start_follow_up(locked: LockedTask, review: Review) -> int | None:
    if review.verdict is not ReviewVerdict.REQUEST_CHANGES:
        return None
    return changes_requested.start_round(locked, review)


def _record(task: Task, review: Review, actor: Developer, now: datetime) -> None:
    words = f"{actor.name} {_VERDICT_TEXTS[review.verdict]}"
    about = {
        "review": review.id,
        "verdict": review.verdict,
        "comments": review.comments,
        "commit": review.commit,
        "by": actor.id,
    }
    history.record_event(
        task,
        EventType.REVIEWED,
        f"{words}: {shorten(review.body)}" if review.body.strip() else words,
        now,
        stage_index=review.stage_index,
        data=about,
        by=actor.id,
    )
