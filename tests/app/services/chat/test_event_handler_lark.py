"""What people do in chats of Lark's: what is different there."""

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.domain.pipeline import GateKind
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Bot, BotBinding, Developer, Gate, Project
from tests.app.chat.platforms import Lark
from tests.app.services.chat.work_world import CONFIRM, newest
from tests.factories import (
    make_binding,
    make_developer,
    make_gate,
    make_project,
    make_task,
)

Work = Callable[[], None]


Tell = Callable[[], None]


# ---- Lark ---------------------------------------------------------------------------------------


@pytest.fixture
def eve(lark_bot: Bot) -> Developer:
    return make_developer(name="eve", platform_uid="lark:ou_eve")


@pytest.fixture
def lark_channel(lark_bot: Bot, eve: Developer) -> BotBinding:
    project = make_project(key="APP", members=[eve], pipeline=CONFIRM)
    return make_binding(lark_bot, project=project, platform_chat_id="oc_room")


def test_from_develop_to_an_answered_card_at_lark(
    client: FlaskClient, lark: Lark, work: Work, notify: Tell, lark_channel: BotBinding
) -> None:
    assert lark.post(client, lark.message("ou_eve", "oc_room", 'dev "x <at>"')).json == {}
    work()
    task = newest()
    assert task.description == "x <at>"
    assert f"#{task.id} APP needs you" in lark.last()
    lark.post(client, lark.message("ou_eve", "oc_room", f"progress {task.id}"))
    work()
    card = list(lark.posts)[-1]
    lark.post(client, lark.press("ou_eve", card, "Approve"))
    work()
    assert newest().status is TaskStatus.QUEUED
    notify()
    assert "✓ answered by eve: confirm" in json.dumps(lark.posts[card], ensure_ascii=False)
    assert lark.tokens == 1  # one token for all of it


@pytest.mark.parametrize(
    ("kind", "choices", "label", "form", "result"),
    [
        (GateKind.CHOOSE, ["a", "b"], "b", None, "b"),
        (GateKind.CHOOSE, [f"c{n}" for n in range(9)], "c7", None, "c7"),
        (GateKind.INPUT, [], "Answer", {"answer": "v1"}, "v1"),
        (GateKind.BUDGET, ["continue", "stop"], "continue", None, "continue"),
    ],
)
def test_each_kind_of_gate_is_answered_at_lark(
    client: FlaskClient,
    lark: Lark,
    work: Work,
    lark_channel: BotBinding,
    kind: GateKind,
    choices: list[str],
    label: str,
    form: dict[str, str] | None,
    result: str,
) -> None:
    number = int(kind is GateKind.BUDGET)
    project = db.session.get_one(Project, lark_channel.project_id)
    task = make_task(
        project=project, status=TaskStatus.SUSPENDED, suspend_reason=SuspendReason.GATE
    )
    make_gate(task, kind=kind, choices=choices, number=number)
    lark.post(client, lark.message("ou_eve", "oc_room", f"progress {task.id}"))
    work()
    lark.post(client, lark.press("ou_eve", list(lark.posts)[-1], label, form))
    work()
    gate = db.session.get_one(Gate, (task.id, 1, 0, number))
    assert gate.result == result


def test_a_refusal_at_lark_goes_to_whom_it_concerns(
    client: FlaskClient, lark: Lark, work: Work, lark_channel: BotBinding
) -> None:
    project = db.session.get_one(Project, lark_channel.project_id)
    task = make_task(
        project=project, status=TaskStatus.SUSPENDED, suspend_reason=SuspendReason.GATE
    )
    make_gate(task)
    lark.post(client, lark.message("ou_eve", "oc_room", f"progress {task.id}"))
    work()
    lark.post(client, lark.press("ou_nobody", list(lark.posts)[-1], "Approve"))
    work()
    assert "bind TOKEN" in lark.last()
    assert lark.said[-1]["receive_id"] == "ou_nobody"


def test_a_token_of_lark_that_has_ended_is_replaced(
    client: FlaskClient, lark: Lark, work: Work, lark_channel: BotBinding
) -> None:
    lark.post(client, lark.message("ou_eve", "oc_room", "info"))
    work()
    lark.good.clear()
    lark.post(client, lark.message("ou_eve", "oc_room", "info"))
    work()
    assert (lark.tokens, len(lark.posts)) == (2, 2)


def test_what_lark_says_twice_happens_once_and_its_bots_are_ignored(
    client: FlaskClient, lark: Lark, sent: list[int], lark_channel: BotBinding
) -> None:
    for _ in range(2):
        lark.post(client, lark.message("ou_eve", "oc_room", "dev x", event_id="e1"))
    assert len(sent) == 1
    message = lark.message("ou_eve", "oc_room", "dev x")
    message["event"]["sender"]["sender_type"] = "app"
    assert lark.post(client, message).status_code == 200
    assert len(sent) == 1
