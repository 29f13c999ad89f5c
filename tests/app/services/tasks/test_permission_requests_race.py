"""Of two answers at the same moment, one over HTTP and one by a chat's button, one counts."""

import threading
from collections import Counter
from typing import Any

from flask import Flask

from app.chat.incoming_events import Button, IncomingEvent, Intent
from app.domain.answers import AlreadyAnswered
from app.domain.roles import SystemRole
from app.domain.task import EventType as E
from app.extensions import db
from app.models import Bot, Developer, Gate
from app.services.chat import interactions
from app.services.dispatch import dispatcher
from app.services.tasks import tasks
from muster.protocol import frames
from tests.app.services.fake_machine import events_of, make_driven, make_live
from tests.app.services.tasks.stages_world import DEVELOP
from tests.factories import make_bot, make_developer, make_project

ROUNDS = 10
REQUEST = frames.PermissionRequest(tool="Bash", title="npm test", arguments="npm test")


def test_of_an_answer_in_the_console_and_one_in_a_chat_one_counts(
    committed_app: Flask, login: Any
) -> None:
    actor, bot, machine = make_developer(role=SystemRole.ADMIN), make_bot(), make_driven()
    project = make_project(pipeline=[DEVELOP])
    task = tasks.create(actor, project_key=project.key, description="Do it.")
    dispatcher.assign_queued()
    machine.orders()
    machine.report_started(task)
    headers, actor_id, bot_id, task_id = login(actor), actor.id, bot.id, task.id
    for number in range(1, ROUNDS + 1):
        machine.report_on(task, frames.QuestionOpened(0, number, "", permission=REQUEST))
        start, outcomes = threading.Barrier(2), list[object]()

        def post() -> None:
            client = committed_app.test_client()
            body = {"stageIndex": 0, "result": "allow_once", "number": number}  # noqa: B023
            start.wait()  # noqa: B023
            path = f"/api/web/tasks/{task_id}/confirm-stage"
            outcomes.append(client.post(path, json=body, headers=headers).status_code)  # noqa: B023

        def press() -> None:
            with committed_app.app_context():
                who, of = db.session.get_one(Developer, actor_id), db.session.get_one(Bot, bot_id)
                button = Button(task_id, 0, 1, "2", number).encode()  # noqa: B023
                event = IncomingEvent("e", "U", "C", False, Intent.PRESS, button=button)
                start.wait()  # noqa: B023
                try:
                    interactions.handle_interaction(who, of, event)
                    outcomes.append(200)  # noqa: B023
                except AlreadyAnswered:
                    outcomes.append(409)  # noqa: B023

        threads = [threading.Thread(target=each) for each in (post, press)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Counter(outcomes) == {200: 1, 409: 1}
        db.session.rollback()
        gate = db.session.get_one(Gate, (task_id, 1, 0, number))
        question = make_live(task).question or {}
        assert question["answer"]["permission"] == gate.result
    assert events_of(task).count(E.CONFIRMED) == ROUNDS
