"""Drafts are their author's alone until they are published."""

import pytest
from flask import Flask

from app.domain import review as rules
from app.domain.errors import CommentPublished, InvalidFields, NotFound, TooManyComments
from app.domain.review import ReviewVerdict
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.extensions import db
from app.models import Developer, ReviewThread, Task
from app.services.reviews import drafts, submission, thread_queries
from tests.app.services.fake_machine import events_of
from tests.factories import make_developer, make_project, make_review_thread, make_task


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer(name="ada")


@pytest.fixture
def bob(app: Flask) -> Developer:
    return make_developer(name="bob", role=SystemRole.ADMIN)


@pytest.fixture
def task(ada: Developer) -> Task:
    return make_task(project=make_project(members=[ada]))


def seen(actor: Developer, task: Task) -> list[list[str]]:
    """The comments of each thread, as the actor sees them."""
    page = thread_queries.read_page(actor, task.id)
    return [[comment.body for comment in shown.comments] for shown in page.items]


def test_nobody_else_sees_a_draft(ada: Developer, bob: Developer, task: Task) -> None:
    thread = drafts.add_comment(ada, task.id, body="mine").thread
    assert seen(ada, task) == [["mine"]]
    assert seen(bob, task) == []
    with pytest.raises(NotFound):
        drafts.add_comment(bob, task.id, body="x", thread_id=thread.id)


def test_a_draft_answer_is_seen_by_its_author_in_a_thread_that_all_see(
    ada: Developer, bob: Developer, task: Task
) -> None:
    thread = drafts.add_comment(bob, task.id, body="Why?", publish=True).thread
    drafts.add_comment(ada, task.id, body="Because.", thread_id=thread.id)
    assert seen(bob, task) == [["Why?"]]
    assert seen(ada, task) == [["Why?", "Because."]]
    submission.submit(ada, task.id, verdict=ReviewVerdict.COMMENT)
    assert seen(bob, task) == [["Why?", "Because."]]


def test_a_draft_is_written_anew_and_discarded_with_its_thread(ada: Developer, task: Task) -> None:
    comment = drafts.add_comment(ada, task.id, body="mine")
    drafts.update_comment(ada, task.id, comment.id, body="better")
    assert seen(ada, task) == [["better"]]
    drafts.discard(ada, task.id, comment.id)
    assert seen(ada, task) == []
    assert db.session.query(ReviewThread).count() == 0


def test_a_thread_outlives_a_draft_in_it(ada: Developer, bob: Developer, task: Task) -> None:
    thread = drafts.add_comment(bob, task.id, body="Why?", publish=True).thread
    comment = drafts.add_comment(ada, task.id, body="x", thread_id=thread.id)
    drafts.discard(ada, task.id, comment.id)
    assert seen(ada, task) == [["Why?"]]


def test_others_drafts_are_not_there(ada: Developer, bob: Developer, task: Task) -> None:
    comment = drafts.add_comment(ada, task.id, body="mine")
    with pytest.raises(NotFound):
        drafts.update_comment(bob, task.id, comment.id, body="x")
    db.session.rollback()
    with pytest.raises(NotFound):
        drafts.discard(bob, task.id, comment.id)
    db.session.rollback()
    with pytest.raises(NotFound):
        drafts.discard(ada, make_task(project=make_project(members=[ada])).id, comment.id)


def test_what_others_see_stays_as_it_is(ada: Developer, task: Task) -> None:
    comment = drafts.add_comment(ada, task.id, body="mine", publish=True)
    with pytest.raises(CommentPublished):
        drafts.update_comment(ada, task.id, comment.id, body="x")
    db.session.rollback()
    with pytest.raises(CommentPublished):
        drafts.discard(ada, task.id, comment.id)


def test_a_comment_is_published_without_a_review_and_is_an_event(
    ada: Developer, bob: Developer, task: Task
) -> None:
    drafts.add_comment(ada, task.id, body="kept back")
    drafts.add_comment(ada, task.id, body="said", publish=True)
    assert seen(bob, task) == [["said"]]
    assert events_of(task) == [E.COMMENTED]


def test_nothing_is_published_in_a_thread_that_is_a_draft(ada: Developer, task: Task) -> None:
    thread = drafts.add_comment(ada, task.id, body="mine").thread
    with pytest.raises(InvalidFields):
        drafts.add_comment(ada, task.id, body="x", thread_id=thread.id, publish=True)


def test_an_answer_has_the_place_of_its_thread(ada: Developer, task: Task) -> None:
    thread = drafts.add_comment(ada, task.id, body="mine").thread
    with pytest.raises(InvalidFields) as caught:
        drafts.add_comment(ada, task.id, body="x", thread_id=thread.id, path="a", line=None)
    assert list(caught.value.errors) == ["path"]


def test_threads_and_comments_have_an_end(
    ada: Developer, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_THREADS", 2)
    monkeypatch.setattr(rules, "MAX_COMMENTS", 3)
    monkeypatch.setattr(rules, "MAX_TEXT", 10)
    thread = make_review_thread(task)
    first = drafts.add_comment(ada, task.id, body="12345", thread_id=thread.id)
    with pytest.raises(TooManyComments):
        drafts.add_comment(ada, task.id, body="123456", thread_id=thread.id)
    db.session.rollback()
    assert drafts.update_comment(ada, task.id, first.id, body="1234567890")
    with pytest.raises(TooManyComments):
        drafts.update_comment(ada, task.id, first.id, body="12345678901")
    db.session.rollback()
    drafts.update_comment(ada, task.id, first.id, body="1")
    for _ in range(2):
        drafts.add_comment(ada, task.id, body="1", thread_id=thread.id)
    with pytest.raises(TooManyComments):
        drafts.add_comment(ada, task.id, body="1", thread_id=thread.id)
    db.session.rollback()
    drafts.add_comment(ada, task.id, body="1")
    with pytest.raises(TooManyComments):
        drafts.add_comment(ada, task.id, body="1")
