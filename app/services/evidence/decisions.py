"""A bundle's record of people's decisions about a task: who, what, and when.

Drafts aren't decisions, and stay private.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, select

from app.extensions import db
from app.models import Developer, FollowUp, Gate, Review, ReviewComment, ReviewThread, TaskMessage

PAGE_SIZE = 50


def list_decisions(task_id: int) -> Iterator[dict[str, Any]]:
    """Yield each question to people with its answer, then each review, thread, comment,
    follow-up and message; `what` is its kind.
    """
    place = (Gate.round, Gate.stage_index, Gate.number)
    for gate, name in _rows(_with_person_name(Gate, Gate.answered_by, task_id), *place):
        yield _question(gate, name)
    for review, name in _rows(_with_person_name(Review, Review.author_id, task_id), Review.id):
        yield _review(review, name)
    threads = _with_person_name(ReviewThread, ReviewThread.resolved_by, task_id)
    published_threads = threads.where(ReviewThread.published_at.is_not(None))
    for thread, name in _rows(published_threads, ReviewThread.id):
        yield _thread(thread, name)
    comments = _with_person_name(ReviewComment, ReviewComment.author_id, task_id)
    published_comments = comments.where(ReviewComment.published_at.is_not(None))
    for comment, name in _rows(published_comments, ReviewComment.id):
        yield _comment(comment, name)
    for follow_up, name in _rows(
        _with_person_name(FollowUp, FollowUp.created_by, task_id), FollowUp.id
    ):
        yield _follow_up(follow_up, name)
    for message, name in _rows(
        _with_person_name(TaskMessage, TaskMessage.created_by, task_id), TaskMessage.id
    ):
        yield _message(message, name)


def _with_person_name(kind: Any, person: Any, task_id: int) -> Select[Any, Any]:
    """Return the task's rows of that kind, each with its person's name, if any."""
    query = select(kind, Developer.name).outerjoin(Developer, Developer.id == person)
    return query.where(kind.task_id == task_id)


def _rows(query: Select[Any, Any], *order: Any) -> Iterator[tuple[Any, Any]]:
    """Yield all rows of the query, a page at a time."""
    offset = 0
    while True:
        page = db.session.execute(query.order_by(*order).limit(PAGE_SIZE).offset(offset)).all()
        yield from ((row[0], row[1]) for row in page)
        if len(page) < PAGE_SIZE:
            return
        offset += PAGE_SIZE


def _person(id: int | None, name: str | None) -> dict[str, Any] | None:
    return None if id is None else {"id": id, "name": name}


def _question(gate: Gate, name: str | None) -> dict[str, Any]:
    return {
        "what": "question",
        "round": gate.round,
        "stageIndex": gate.stage_index,
        "number": gate.number,
        "kind": gate.kind,
        "prompt": gate.prompt,
        "choices": gate.choices,
        "budgets": gate.budgets,
        **({} if gate.permission is None else {"permission": gate.permission}),
        "requestedAt": gate.requested_at,
        "expiresAt": gate.expires_at,
        "answeredAt": gate.answered_at,
        "answeredBy": _person(gate.answered_by, name),
        "result": gate.result,
        "comment": gate.comment,
        **({} if gate.approved is None else {"approved": gate.approved}),
    }


def _review(review: Review, name: str) -> dict[str, Any]:
    return {
        "what": "review",
        "id": review.id,
        "round": review.round,
        "attempt": review.attempt,
        "commit": review.commit,
        "by": _person(review.author_id, name),
        "verdict": review.verdict,
        "body": review.body,
        "comments": review.comments,
        "stageIndex": review.stage_index,
        "at": review.submitted_at,
    }


def _thread(thread: ReviewThread, name: str | None) -> dict[str, Any]:
    return {
        "what": "thread",
        "id": thread.id,
        "round": thread.round,
        "attempt": thread.attempt,
        "commit": thread.commit,
        "path": thread.path,
        "side": thread.side,
        "line": thread.line,
        "endLine": thread.end_line,
        "blob": thread.blob,
        "at": thread.published_at,
        "resolvedAt": thread.resolved_at,
        "resolvedBy": _person(thread.resolved_by, name),
    }


def _comment(comment: ReviewComment, name: str | None) -> dict[str, Any]:
    """`attempt` instead of a person: its agent wrote it."""
    return {
        "what": "comment",
        "id": comment.id,
        "thread": comment.thread_id,
        "review": comment.review_id,
        "by": _person(comment.author_id, name),
        "attempt": comment.attempt,
        "body": comment.body,
        "at": comment.published_at,
    }


def _follow_up(follow_up: FollowUp, name: str) -> dict[str, Any]:
    return {
        "what": "follow_up",
        "number": follow_up.number,
        "round": follow_up.round,
        "state": follow_up.state,
        "instruction": follow_up.instruction,
        "fromStage": follow_up.from_stage,
        "review": follow_up.review_id,
        "by": _person(follow_up.created_by, name),
        "at": follow_up.created_at,
        "startedAt": follow_up.started_at,
    }


def _message(message: TaskMessage, name: str) -> dict[str, Any]:
    return {
        "what": "message",
        "number": message.number,
        "text": message.text,
        "when": message.timing,
        "state": message.state,
        "attempt": message.attempt,
        "stageIndex": message.stage_index,
        "run": message.run,
        "by": _person(message.created_by, name),
        "at": message.created_at,
        "deliveredAt": message.delivered_at,
    }
