"""A review in an agent's prompt, and the agent's replies."""

import pytest
from flask import Flask

from app.domain import review as rules
from app.domain.review import ReviewVerdict, Side
from app.domain.roles import SystemRole
from app.domain.storage_limits import ForgedReport, LimitExceeded
from app.domain.task import EventType as E
from app.extensions import db
from app.models import Developer, Notification, Task
from app.services import locks
from app.services.clock import now
from app.services.locks import LockedTask
from app.services.notify import fan_out
from app.services.reviews import drafts, prompts, replies, submission, thread_queries
from app.services.reviews.prompts import PromptThread
from tests.app.services.fake_machine import events_of
from tests.factories import (
    make_attempt,
    make_developer,
    make_machine,
    make_project,
    make_review_thread,
    make_task,
)
from tests.factories.changes import make_change, make_content

OLD, NEW = b"one\ntwo\nthree\n", b"zero\none\ntwo\nthree\n"


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer(name="ada")


@pytest.fixture
def task(ada: Developer) -> Task:
    task = make_task(project=make_project(members=[ada]), creator=ada)
    make_attempt(task, make_machine())
    return task


@pytest.fixture
def locked(task: Task) -> LockedTask:
    return locks.lock_task(task.id)


def test_an_agent_is_told_of_the_reviews_threads_where_they_are_now(
    ada: Developer, task: Task
) -> None:
    bob = make_developer(name="bob", role=SystemRole.ADMIN)
    make_change(task, [{"path": "a", "blob": make_content(task, OLD).id}])
    older = drafts.add_comment(bob, task.id, body="Really?", publish=True).thread
    drafts.add_comment(bob, task.id, body="Another.", publish=True)
    drafts.add_comment(bob, task.id, body="not said yet", thread_id=older.id)
    drafts.add_comment(ada, task.id, body="Yes.", thread_id=older.id)
    line = drafts.add_comment(ada, task.id, body="Why?", path="a", line=2).thread
    make_change(task, [{"path": "a", "blob": make_content(task, NEW).id}], stage_index=1)
    review = submission.submit(ada, task.id, verdict=ReviewVerdict.REQUEST_CHANGES).review
    whole, on_line = prompts.threads_for_prompt(task.id, review.id)
    nowhere = {"path": None, "side": None, "line": None, "end_line": None, "first": None}
    comments = [("bob", "Really?"), ("ada", "Yes.")]
    assert whole == PromptThread(id=older.id, **nowhere, outdated=False, code=[], comments=comments)
    assert on_line == PromptThread(
        id=line.id,
        path="a",
        side=Side.NEW,
        line=3,
        end_line=3,
        outdated=False,
        first=2,
        code=["one", "two"],
        comments=[("ada", "Why?")],
    )


def test_an_agent_is_told_as_much_as_it_can_take(
    ada: Developer, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts, "MAX_CHARACTERS", 10)
    given = [{"body": "123456"}, {"body": "1234"}, {"body": "1"}]
    review = submission.submit(ada, task.id, verdict=ReviewVerdict.COMMENT, comments=given).review
    assert len(prompts.threads_for_prompt(task.id, review.id)) == 2
    monkeypatch.setattr(prompts, "MAX_CHARACTERS", 1)
    assert len(prompts.threads_for_prompt(task.id, review.id)) == 1


def test_an_agents_answer_is_published_in_its_attempts_name_and_told(
    ada: Developer, task: Task, locked: LockedTask
) -> None:
    thread = drafts.add_comment(ada, task.id, body="Why?", publish=True).thread
    replies.add_reply(locked, thread.id, "Because.\0")
    db.session.commit()
    (shown,) = thread_queries.read_page(ada, task.id).items
    answer = shown.comments[-1]
    assert (answer.author, answer.attempt, answer.body) == (None, 1, "Because.�")
    assert answer.published_at
    assert events_of(task) == [E.COMMENTED, E.COMMENTED]
    fan_out.expand(now())
    query = db.select(Notification.type).where(Notification.developer_id == ada.id)
    assert list(db.session.scalars(query)) == ["commented"]


def test_an_agent_answers_in_no_thread_of_another_task_and_in_no_draft(
    ada: Developer, task: Task, locked: LockedTask
) -> None:
    draft = make_review_thread(task, published_at=None)
    for thread_id in (make_review_thread(make_task()).id, draft.id, 2**62):
        with pytest.raises(ForgedReport):
            replies.add_reply(locked, thread_id, "x")


def test_an_agents_answers_have_the_bounds_of_peoples(
    ada: Developer, task: Task, locked: LockedTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = make_review_thread(task)
    assert len(replies.add_reply(locked, thread.id, "x" * 20_000).body) == rules.MAX_COMMENT
    monkeypatch.setattr(rules, "MAX_COMMENTS", 1)
    with pytest.raises(LimitExceeded):
        replies.add_reply(locked, thread.id, "x")
