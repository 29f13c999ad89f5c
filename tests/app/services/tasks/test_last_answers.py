"""The latest answers to tasks' questions."""

from flask import Flask
from sqlalchemy import update

from app.extensions import db
from app.models import Gate
from app.services.clock import now
from app.services.dispatch import wait_reasons
from app.services.tasks.last_answers import find_last_answers
from tests.factories import make_developer, make_gate, make_task


def test_an_answer_that_came_after_the_question_was_read_is_complete(app: Flask) -> None:
    ada, task = make_developer(name="ada"), make_task()
    gate = make_gate(task)
    assert wait_reasons.open_gates([task])[task.id] is gate
    db.session.execute(
        update(Gate).values(result="confirm", answered_by=ada.id, answered_at=now()),
        execution_options={"synchronize_session": False},
    )
    answer = find_last_answers([task])[task.id]
    assert (answer.result, answer.answered_by.name) == ("confirm", "ada")
    assert answer.answered_at is not None
