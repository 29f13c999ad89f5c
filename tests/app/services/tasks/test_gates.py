"""A question is answered by exactly one person, or by none in time."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask

from app.domain.answers import AlreadyAnswered
from app.domain.errors import (
    DomainError,
    Forbidden,
    InvalidFields,
    NoOpenGate,
    NotFound,
    NothingPending,
    WrongStage,
)
from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Developer, Gate, Task
from app.services.clock import now
from app.services.tasks import gate_expiry, gates, tasks
from tests.app.services.fake_machine import events_of
from tests.app.services.statements import counted
from tests.factories import make_developer, make_gate, make_project
from tests.factories import make_task as a_task

ROUNDS = 50
ASK = {"name": "ship", "command": "Ship it.", "kind": "agent", "timeout": 60}


def asking(**given: object) -> Task:
    """A task whose first stage waits for an answer."""
    task = a_task(
        status=TaskStatus.SUSPENDED,
        suspend_reason=SuspendReason.GATE,
        pipeline=[ASK | {"confirm": True}],
    )
    make_gate(task, **given)
    return task


def answer_at_once(app: Flask, actor: Developer, task: Task, answers: list[str]) -> Counter[str]:
    """What became of these answers, given at the same moment over connections of their own."""
    start = threading.Barrier(len(answers))
    outcomes: list[str] = []

    def answer(result: str) -> None:
        with app.app_context():
            who = db.session.get_one(Developer, actor.id)
            db.session.commit()
            start.wait()
            try:
                gates.confirm_stage(who, task.id, 0, result)
                outcomes.append("won")
            except DomainError as error:
                outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=answer, args=(result,)) for result in answers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(outcomes)


def test_of_simultaneous_answers_one_wins(committed_app: Flask) -> None:
    actor = make_developer(role=SystemRole.ADMIN)
    for _ in range(ROUNDS):
        task = asking()
        answers = ["confirm", "reject"]
        assert answer_at_once(committed_app, actor, task, answers) == {
            "won": 1,
            "AlreadyAnswered": 1,
        }
        assert events_of(task).count(E.CONFIRMED) == 1


def test_of_simultaneous_answers_over_http_one_gets_200_and_the_other_409(
    committed_app: Flask, login: object
) -> None:
    actor = make_developer(role=SystemRole.ADMIN)
    headers = login(actor)  # type: ignore[operator]
    codes: Counter[object] = Counter()
    for _ in range(ROUNDS):
        task = asking()
        start = threading.Barrier(2)
        found: list[object] = []

        def post(
            task_id: int = task.id, start: threading.Barrier = start, found: list[object] = found
        ) -> None:
            client = committed_app.test_client()
            start.wait()
            answer = client.post(
                f"/api/web/tasks/{task_id}/confirm-stage",
                json={"stageIndex": 0, "result": "confirm"},
                headers=headers,
            )
            found.append(answer.json["code"] if answer.status_code == 409 else answer.status_code)

        threads = [threading.Thread(target=post) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        codes.update(found)
        db.session.expire_all()
    assert codes == {200: ROUNDS, "already_answered": ROUNDS}


# ---- what is refused -----------------------------------------------------------------------------


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


def test_another_stages_answer_is_refused(admin: Developer) -> None:
    with pytest.raises(WrongStage):
        gates.confirm_stage(admin, asking().id, 1, "confirm")


def test_a_task_that_asks_nothing_takes_no_answer(admin: Developer) -> None:
    task = a_task()
    with pytest.raises(NoOpenGate):
        gates.confirm_stage(admin, task.id, 0, "confirm")
    with pytest.raises(NothingPending):
        gates.get_pending(admin, task.id)


def test_an_answer_that_is_not_offered_leaves_the_gate_open(admin: Developer) -> None:
    task = asking(kind=GateKind.CHOOSE, choices=["red", "green"])
    with pytest.raises(InvalidFields):
        gates.confirm_stage(admin, task.id, 0, "blue")
    db.session.rollback()
    gates.confirm_stage(admin, task.id, 0, "green")


def test_an_answer_reads_its_task_once_and_locks_it_once(admin: Developer) -> None:
    task_id = asking().id
    db.session.commit()
    with counted() as statements:
        task = gates.confirm_stage(admin, task_id, 0, "confirm")
        assert all([task.project.key, task.creator.name]), "which the response has"
    reads = [line for line in statements if line.startswith("SELECT tasks.")]
    assert len(reads) == 2, statements


def test_a_rejected_task_was_answered(admin: Developer) -> None:
    task = asking()
    gates.confirm_stage(admin, task.id, 0, "reject")
    with pytest.raises(AlreadyAnswered):
        gates.confirm_stage(admin, task.id, 0, "confirm")


def test_an_answer_to_another_question_of_the_stage_is_refused(admin: Developer) -> None:
    answered = {"answered_at": now(), "answered_by": admin.id, "result": "confirm"}
    task = asking(**answered)
    make_gate(task, kind=GateKind.BUDGET, choices=["continue", "stop"], number=1)
    assert gates.get_pending(admin, task.id).number == 1
    for number, error in ((0, AlreadyAnswered), (2, NoOpenGate)):
        with pytest.raises(error):
            gates.confirm_stage(admin, task.id, 0, "continue", number=number)
        db.session.rollback()
    gates.confirm_stage(admin, task.id, 0, "continue")
    for number in (None, 1):
        with pytest.raises(AlreadyAnswered):
            gates.confirm_stage(admin, task.id, 0, "continue", number=number)


@pytest.mark.parametrize(("number", "name"), [(0, "ada"), (1, "bo"), (None, "bo")])
def test_a_late_answer_is_told_who_answered_that_question(
    admin: Developer, number: int | None, name: str
) -> None:
    ada, bo = make_developer(name="ada"), make_developer(name="bo")
    long_ago = now() - timedelta(minutes=5)
    task = asking(answered_at=long_ago, answered_by=ada.id, result="confirm")
    later = {"answered_at": now(), "answered_by": bo.id, "result": "continue"}
    make_gate(task, kind=GateKind.BUDGET, choices=["continue", "stop"], number=1, **later)
    with pytest.raises(AlreadyAnswered, match=f"^{name} already answered.$") as caught:
        gates.confirm_stage(admin, task.id, 0, "continue", number=number)
    assert caught.value.answered_by.name == name


def test_who_may_not_see_the_task_does_not_learn_of_it(app: Flask) -> None:
    with pytest.raises(NotFound):
        gates.confirm_stage(make_developer(), asking().id, 0, "confirm")


def test_members_answer(app: Flask) -> None:
    member = make_developer()
    project = make_project(pipeline=[ASK | {"confirm": True}], members=[member])
    task = tasks.create(member, project_key=project.key, description="Do it.")
    try:
        gates.confirm_stage(member, task.id, 0, "confirm")
    except Forbidden:
        pytest.fail("a member may answer")
    assert task.status is TaskStatus.QUEUED


def test_answers_become_variables_of_the_stages_after_them(admin: Developer) -> None:
    task = a_task(pipeline=[ASK, ASK | {"name": "b"}, ASK | {"name": "c"}])
    answered = {"answered_at": now(), "answered_by": admin.id}
    make_gate(task, kind=GateKind.CHOOSE, choices=["red"], result="red", **answered)
    make_gate(task, stage_index=2, kind=GateKind.INPUT, result="later", **answered)
    budget = {"kind": GateKind.BUDGET, "choices": ["continue"], "result": "continue"}
    make_gate(task, stage_index=1, number=1, **budget, **answered)
    assert gates.variables(task.id, task.round, 1) == {"choice": "red"}
    assert gates.variables(task.id, task.round, 2) == {"choice": "red", "input": "later"}


# ---- nobody answers ------------------------------------------------------------------------------


def test_a_question_that_nobody_answers_in_time_fails_the_task(admin: Developer) -> None:
    task = asking(expires_at=now() + timedelta(seconds=10))
    assert gate_expiry.expire(now()) == 0
    assert gate_expiry.expire(now() + timedelta(seconds=11)) == 1
    assert (task.status, task.failure and task.failure["code"]) == (
        TaskStatus.FAILED,
        "gate_expired",
    )
    with pytest.raises(NoOpenGate):
        gates.confirm_stage(admin, task.id, 0, "confirm")


def test_questions_of_tasks_that_have_ended_do_not_keep_others_from_expiring(
    admin: Developer,
) -> None:
    past = now() - timedelta(seconds=10)
    for _ in range(101):
        ended = asking(expires_at=past)
        ended.status, ended.suspend_reason = TaskStatus.CANCELLED, None
    db.session.commit()
    waiting = asking(expires_at=past)
    gate_expiry.expire(now())
    assert waiting.status is TaskStatus.FAILED
    assert gate_expiry.expire(now()) == 0


def test_the_question_of_an_earlier_round_does_not_expire(admin: Developer) -> None:
    task = asking(expires_at=now() + timedelta(seconds=10))
    tasks.cancel(admin, task.id)
    tasks.retry(admin, task.id)
    assert gate_expiry.expire(now() + timedelta(days=1)) == 0
    assert db.session.get_one(Gate, (task.id, 2, 0, 0)).answered_at is None
    assert task.status is TaskStatus.SUSPENDED
