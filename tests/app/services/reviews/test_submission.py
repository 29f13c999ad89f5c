"""A review is submitted once, with all of its author's drafts; at a confirm gate it may be the
answer.
"""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.domain.answers import AlreadyAnswered
from app.domain.errors import (
    DomainError,
    Forbidden,
    InvalidFields,
    NoOpenGate,
    NotFound,
    TunnelOpen,
    WrongStage,
)
from app.domain.pipeline import GateKind
from app.domain.review import ReviewVerdict
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Gate, Review, ReviewComment, Task
from app.services.reviews import drafts, submission
from app.services.reviews.submission import SubmittedReview
from app.services.tasks import gates
from tests.app.services.fake_machine import events_of
from tests.factories import make_developer, make_gate, make_project, make_task

ASK = {"name": "ship", "command": "Ship it.", "kind": "agent", "timeout": 60, "confirm": True}


def asking(creator: Developer | None = None, **gate: Any) -> Task:
    """A task that waits at its first stage's gate."""
    creator = creator or make_developer()
    task = make_task(
        project=make_project(members=[creator]),
        creator=creator,
        status=TaskStatus.SUSPENDED,
        suspend_reason=SuspendReason.GATE,
        pipeline=[ASK],
    )
    make_gate(task, **gate)
    return task


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer(name="ada")


def submit(actor: Developer, task: Task, verdict: ReviewVerdict, **given: Any) -> SubmittedReview:
    return submission.submit(actor, task.id, verdict=verdict, **given)


def comments_of(task: Task) -> list[ReviewComment]:
    query = sa.select(ReviewComment).where(ReviewComment.task_id == task.id)
    return list(db.session.scalars(query.order_by(ReviewComment.id)))


def test_all_drafts_are_published_with_the_review_and_nobody_elses(ada: Developer) -> None:
    task = asking(ada)
    bob = make_developer(role=SystemRole.ADMIN)
    for actor in (ada, bob, ada):
        drafts.add_comment(actor, task.id, body=f"by {actor.name}")
    given = [{"body": "with it"}]
    review = submit(ada, task, ReviewVerdict.COMMENT, body="Well.", comments=given).review
    assert review.comments == 3
    mine = [comment for comment in comments_of(task) if comment.author_id == ada.id]
    assert {comment.review_id for comment in mine} == {review.id}
    (other,) = (comment for comment in comments_of(task) if comment.author_id == bob.id)
    assert (other.published_at, other.review_id) == (None, None)
    assert events_of(task).count(E.REVIEWED) == 1


def test_to_approve_answers_a_confirm_gate_in_the_same_act(ada: Developer) -> None:
    task = asking(ada)
    submitted = submit(ada, task, ReviewVerdict.APPROVE, body="Fine.")
    assert submitted.answered
    assert submitted.review.stage_index == 0
    assert task.status is TaskStatus.QUEUED
    gate = db.session.get_one(Gate, (task.id, 1, 0, 0))
    assert (gate.result, gate.comment, gate.answered_by) == ("confirm", "Fine.", ada.id)
    acts = [type_ for type_ in events_of(task) if type_ in (E.REVIEWED, E.CONFIRMED)]
    assert acts == [E.REVIEWED, E.CONFIRMED]


@pytest.mark.parametrize("verdict", [ReviewVerdict.REQUEST_CHANGES, ReviewVerdict.COMMENT])
def test_who_does_not_approve_leaves_the_gate_open(ada: Developer, verdict: ReviewVerdict) -> None:
    task = asking(ada)
    submitted = submit(ada, task, verdict, body="Nearly.")
    assert (submitted.answered, submitted.review.stage_index) == (False, None)
    assert gates.find_open_gate(task)
    assert task.status is TaskStatus.SUSPENDED


@pytest.mark.parametrize("kind", [GateKind.INPUT, GateKind.CHOOSE, GateKind.BUDGET])
def test_to_approve_answers_no_other_question(ada: Developer, kind: GateKind) -> None:
    task = asking(ada, kind=kind, choices=["confirm"])
    assert not submit(ada, task, ReviewVerdict.APPROVE).answered
    assert gates.find_open_gate(task)


def test_to_approve_is_a_review_where_nothing_is_asked(ada: Developer) -> None:
    task = make_task(project=make_project(members=[ada]), status=TaskStatus.COMPLETED)
    assert not submit(ada, task, ReviewVerdict.APPROVE).answered


@pytest.mark.parametrize(
    ("stage", "error"), [(0, AlreadyAnswered), (1, NoOpenGate)], ids=["that one", "another"]
)
def test_a_review_of_a_gate_that_is_answered_leaves_drafts_as_they_were(
    ada: Developer, stage: int, error: type[DomainError]
) -> None:
    task = asking(ada)
    drafts.add_comment(ada, task.id, body="mine")
    gates.confirm_stage(ada, task.id, 0, "confirm")
    with pytest.raises(error):
        submit(ada, task, ReviewVerdict.APPROVE, stage_index=stage, comments=[{"body": "more"}])
    db.session.rollback()
    (draft,) = comments_of(task)
    assert draft.published_at is None
    assert db.session.scalars(sa.select(Review)).all() == []


def test_a_review_of_another_stages_gate_is_refused(ada: Developer) -> None:
    with pytest.raises(WrongStage):
        submit(ada, asking(ada), ReviewVerdict.APPROVE, stage_index=1)


@pytest.mark.parametrize("verdict", [ReviewVerdict.COMMENT, ReviewVerdict.REQUEST_CHANGES])
def test_a_review_without_comments_says_something(ada: Developer, verdict: ReviewVerdict) -> None:
    task = asking(ada)
    with pytest.raises(InvalidFields):
        submit(ada, task, verdict, body=" \n")
    db.session.rollback()
    assert submit(ada, task, verdict, comments=[{"body": "x"}]).review.comments == 1


def test_nobody_approves_while_a_tunnel_may_change_the_work(
    ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = asking(ada)

    def refuse(_: Any) -> None:
        raise TunnelOpen

    monkeypatch.setattr(gates, "require_no_tunnel", refuse)
    with pytest.raises(TunnelOpen):
        submit(ada, task, ReviewVerdict.APPROVE)
    db.session.rollback()
    assert submit(ada, task, ReviewVerdict.COMMENT, body="x").review.id


def test_who_may_not_answer_gates_reviews_nothing(app: Flask) -> None:
    task = asking()
    for role, error in ((SystemRole.LEAD, Forbidden), (SystemRole.DEVELOPER, NotFound)):
        with pytest.raises(error):
            submit(make_developer(role=role), task, ReviewVerdict.COMMENT, body="x")


# ---- at the same moment --------------------------------------------------------------------------


def at_once(app: Flask, acts: list[Callable[[], Any]]) -> Counter[str]:
    """What became of the acts, done at the same moment over connections of their own."""
    start = threading.Barrier(len(acts))
    outcomes: list[str] = []

    def run(act: Callable[[], Any]) -> None:
        with app.app_context():
            start.wait()
            try:
                act()
                outcomes.append("done")
            except DomainError as error:
                db.session.rollback()
                outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(outcomes)


def _review(who: int, task: int, **given: Any) -> Callable[[], Any]:
    def act() -> None:
        actor = db.session.get_one(Developer, who)
        submission.submit(actor, task, verdict=ReviewVerdict.APPROVE, **given)

    return act


def test_of_two_who_approve_one_gate_one_answers_and_no_comment_is_lost(
    committed_app: Flask,
) -> None:
    people = [make_developer(role=SystemRole.ADMIN) for _ in range(3)]
    for _ in range(20):
        task = asking()
        for person in people:
            drafts.add_comment(person, task.id, body=person.name)
        acts = [_review(person.id, task.id, stage_index=0) for person in people]
        assert at_once(committed_app, acts) == {"done": 1, "AlreadyAnswered": 2}
        db.session.rollback()
        found = comments_of(task)
        assert sum(comment.published_at is not None for comment in found) == 1
        assert len(found) == 3, "the others' comments are drafts as before"
        assert events_of(task).count(E.CONFIRMED) == events_of(task).count(E.REVIEWED) == 1


def test_of_two_who_approve_whatever_is_open_one_answers_and_both_have_reviewed(
    committed_app: Flask,
) -> None:
    people = [make_developer(role=SystemRole.ADMIN) for _ in range(2)]
    for _ in range(20):
        task = asking()
        assert at_once(committed_app, [_review(one.id, task.id) for one in people]) == {"done": 2}
        db.session.rollback()
        assert events_of(task).count(E.CONFIRMED) == 1
        assert events_of(task).count(E.REVIEWED) == 2
        query = sa.select(Review.stage_index).where(Review.task_id == task.id)
        assert sorted(map(str, db.session.scalars(query))) == ["0", "None"]
