"""What an agent says in a thread is believed of those that it was told of, and of no other."""

import pytest

from app.domain.review import ReviewVerdict
from app.extensions import db
from app.models import Developer, ReviewComment, Task
from app.services.dispatch import dispatcher
from app.services.machines import orders
from app.services.reviews import submission
from muster.protocol import frames
from tests.app.services.fake_machine import FakeMachine, latest_order, warnings_of
from tests.app.services.tasks.follow_ups_world import completed
from tests.app.services.tasks.stages_world import Create, actor, create, machine

__all__ = ["actor", "create", "machine"]


@pytest.fixture
def reviewed(actor: Developer, machine: FakeMachine, create: Create) -> Task:
    """A task whose second round starts with a review that has a comment in one thread."""
    task = completed(machine, create)
    comments = [{"body": "Why so?"}]
    verdict = ReviewVerdict.REQUEST_CHANGES
    submission.submit(actor, task.id, verdict=verdict, body="Nearly.", comments=comments)
    dispatcher.assign_queued()
    db.session.refresh(task)
    machine.orders()
    return task


def comment_rows(task: Task) -> list[tuple[int, int | None, str]]:
    """Thread, attempt and text of all comments."""
    query = db.select(ReviewComment).where(ReviewComment.task_id == task.id)
    rows = db.session.scalars(query.order_by(ReviewComment.id))
    return [(row.thread_id, row.attempt, row.body) for row in rows]


def test_the_order_tells_the_reviews_words_and_its_threads(reviewed: Task) -> None:
    order = orders.build_run_order(latest_order(reviewed))
    [(thread, _, _)] = comment_rows(reviewed)
    assert order.text.startswith("Nearly.\n\nAddress each of these review threads.")
    assert f"Thread {thread}, about the change as a whole:\n> " in order.text
    assert order.text.endswith(": Why so?")
    assert order.threads == [thread]


def test_a_reply_comes_into_its_thread(machine: FakeMachine, reviewed: Task) -> None:
    [(thread, _, _)] = comment_rows(reviewed)
    machine.report_started(reviewed)
    machine.report_on(reviewed, frames.ThreadReplied(0, 3, thread, "It is faster."))
    assert comment_rows(reviewed)[1:] == [(thread, 2, "It is faster.")]


def test_a_reply_that_is_told_again_is_in_its_thread_once(
    machine: FakeMachine, reviewed: Task
) -> None:
    """Its number is that of its entry in the transcript."""
    [(thread, _, _)] = comment_rows(reviewed)
    first, second = (frames.ThreadReplied(0, number, thread, "Done.") for number in range(2))
    machine.report_started(reviewed)
    machine.report_on(
        reviewed, first, frames.Transcript(0, 0, [frames.TranscriptEntry(0, "reply")])
    )
    machine.report_on(reviewed, first, second)
    assert comment_rows(reviewed)[1:] == [(thread, 2, "Done.")] * 2


def test_one_in_another_thread_is_forged(machine: FakeMachine, reviewed: Task) -> None:
    machine.report_started(reviewed)
    machine.report_on(reviewed, frames.ThreadReplied(0, 3, 4711, "It is faster."))
    assert len(comment_rows(reviewed)) == 1
    assert any("thread 4711 wasn't given" in text for text in warnings_of(reviewed))


def test_one_of_a_stage_that_was_not_ordered_or_an_attempt_that_has_ended_changes_nothing(
    machine: FakeMachine, reviewed: Task
) -> None:
    [(thread, _, _)] = comment_rows(reviewed)
    machine.report_started(reviewed)
    machine.report_on(reviewed, frames.ThreadReplied(1, 3, thread, "Late."))
    machine.report_on(reviewed, frames.ThreadReplied(0, 3, thread, "Late."), attempt=1)
    assert len(comment_rows(reviewed)) == 1
