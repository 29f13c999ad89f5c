"""What people do in chats: from a line of text to a task, from a button to an answer."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.pipeline import GateKind
from app.domain.roles import SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import Bot, BotBinding, ChatEvent, Developer, Gate, Project, Task
from app.services.chat import questions
from app.services.clock import now
from app.services.tasks import gates, tasks
from tests.app.chat.loopback import Reply
from tests.app.chat.platforms import Lark, Slack
from tests.factories import (
    make_attempt,
    make_binding,
    make_developer,
    make_gate,
    make_machine,
    make_project,
    make_task,
    make_workspace,
)

Work = Callable[[], None]
Tell = Callable[[], None]
CONFIRM = [{"name": "deploy", "command": "{description}", "confirm": True, "prompt": "Deploy?"}]
CHOOSE = [{"name": "deploy", "command": "{choice}", "choices": ["here", "there"]}]
INPUT = [{"name": "deploy", "command": "{input}", "input": True, "prompt": "Which tag?"}]
MANY = [{"name": "deploy", "command": "{choice}", "choices": [f"c{n}" for n in range(120)]}]


@pytest.fixture
def ada(slack_bot: Bot) -> Developer:
    return make_developer(name="ada", platform_uid="slack:UADA")


@pytest.fixture
def bob(slack_bot: Bot) -> Developer:
    return make_developer(name="bob", platform_uid="slack:UBOB")


@pytest.fixture
def room(slack_bot: Bot, ada: Developer, bob: Developer) -> BotBinding:
    project = make_project(key="WEB", members=[ada, bob])
    return make_binding(slack_bot, project=project, platform_chat_id="CROOM")


def newest() -> Task:
    return db.session.scalars(select(Task).order_by(Task.id.desc())).first()


def project_of(room: BotBinding, pipeline: list[dict[str, Any]]) -> Project:
    project = db.session.get_one(Project, room.project_id)
    project.pipeline = pipeline
    db.session.commit()
    return project


def a_card(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding, pipeline: list[dict[str, Any]]
) -> tuple[Task, str]:
    """A task that was made in the room and waits at its gate; and the card of its question."""
    project_of(room, pipeline)
    slack.mention(client, "UADA", "CROOM", 'develop "ship it"')
    work()
    task = newest()
    slack.mention(client, "UADA", "CROOM", f"progress #{task.id}")
    work()
    return task, list(slack.posts)[-1]


def test_develop_in_a_room_makes_a_task_of_its_project(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding, ada: Developer
) -> None:
    answer = slack.mention(client, "UADA", "CROOM", "develop “make &lt;it&gt; work” <!channel>")
    assert (answer.status_code, answer.json) == (200, {})
    work()
    task = newest()
    assert (task.description, task.created_by) == ("make <it> work <!channel>", ada.id)
    assert slack.said[-1]["channel"] == "CROOM"
    assert slack.said[-1]["thread_ts"]
    assert f"#{task.id} WEB queued: make &lt;it&gt; work &lt;!channel&gt;" in slack.last()


def test_from_develop_to_a_button_to_an_answer_and_the_card_says_so(
    client: FlaskClient, slack: Slack, work: Work, tell: Tell, room: BotBinding
) -> None:
    task, card = a_card(client, slack, work, room, CONFIRM)
    assert task.status is TaskStatus.SUSPENDED
    assert "Deploy?" in slack.last()
    slack.press(client, "UBOB", card, "Confirm")
    work()
    task = newest()
    gate = db.session.get_one(Gate, (task.id, 1, 0))
    assert (task.status, gate.result) == (TaskStatus.QUEUED, "confirm")
    tell()
    shown = json.dumps(slack.posts[card]["blocks"], ensure_ascii=False)
    assert "✓ answered by bob: confirm" in shown
    assert '"actions"' not in shown


def test_of_two_clicks_the_second_is_told_who_was_faster(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding
) -> None:
    _task, card = a_card(client, slack, work, room, CONFIRM)
    stale = dict(slack.posts[card])
    slack.press(client, "UBOB", card, "Reject")
    work()
    slack.posts[card] = stale
    slack.press(client, "UADA", card, "Confirm")
    work()
    assert "answered already. bob: reject" in slack.last()
    assert slack.said[-1]["response_type"] == "ephemeral"
    assert newest().status is TaskStatus.CANCELLED
    assert "✓ bob: reject" in json.dumps(slack.posts[card], ensure_ascii=False)


def test_an_expired_gate_is_refused_and_the_card_says_why(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding
) -> None:
    _task, card = a_card(client, slack, work, room, [CONFIRM[0] | {"gateTimeout": 1}])
    gates.expire(now() + timedelta(hours=1))
    slack.press(client, "UADA", card, "Confirm")
    work()
    assert "no longer waits" in slack.last()
    assert "nobody answered the question in time" in slack.last()
    assert "nobody answered" in json.dumps(slack.posts[card])


def test_a_card_of_an_earlier_round_does_not_answer_the_next(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding, ada: Developer
) -> None:
    task, card = a_card(client, slack, work, room, CONFIRM)
    tasks.cancel(ada, task.id)
    tasks.retry(ada, task.id)
    slack.press(client, "UADA", card, "Confirm")
    work()
    assert "of an earlier round" in slack.last()
    assert newest().status is TaskStatus.SUSPENDED


def test_a_choice_is_pressed(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding
) -> None:
    _, card = a_card(client, slack, work, room, CHOOSE)
    slack.press(client, "UADA", card, "there")
    work()
    assert db.session.get_one(Gate, (newest().id, 1, 0)).result == "there"


def test_with_many_choices_there_is_a_menu(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding
) -> None:
    _, card = a_card(client, slack, work, room, MANY)
    slack.press(client, "UADA", card, "c99")
    work()
    assert db.session.get_one(Gate, (newest().id, 1, 0)).result == "c99"


def test_a_text_is_asked_for_in_a_dialog(
    client: FlaskClient, slack: Slack, work: Work, tell: Tell, room: BotBinding
) -> None:
    task, card = a_card(client, slack, work, room, INPUT)
    slack.press(client, "UADA", card, "Answer…")
    work()
    assert slack.said[-1]["method"] == "views.open"
    answer = slack.submit(client, "UADA", slack.said[-1]["view"], "v1.2\n<b>")
    assert answer.json == {"response_action": "clear"}
    work()
    assert db.session.get_one(Gate, (task.id, 1, 0)).result == "v1.2\n<b>"
    tell()
    assert "✓ answered by ada: v1.2" in json.dumps(slack.posts[card], ensure_ascii=False)


def test_where_no_dialog_opens_a_line_of_text_will_do(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding
) -> None:
    task, card = a_card(client, slack, work, room, INPUT)
    slack.once(Reply(body=b'{"ok": false, "error": "expired_trigger_id"}'))
    slack.press(client, "UADA", card, "Answer…")
    work()
    assert f"confirm #{task.id} your text" in slack.last()
    slack.mention(client, "UADA", "CROOM", f"confirm #{task.id}")
    work()
    assert "wants an answer" in slack.last()
    slack.mention(client, "UADA", "CROOM", f"confirm #{task.id} v1.3")
    work()
    assert "ada answered v1.3" in slack.last()


def test_where_no_card_can_be_posted_the_question_comes_in_words(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding
) -> None:
    project_of(room, CONFIRM)
    slack.mention(client, "UADA", "CROOM", 'develop "ship it"')
    work()
    task, before = newest(), len(slack.posts)
    slack.once(Reply(body=b'{"ok": false, "error": "not_in_channel"}'))
    slack.slash(client, "UADA", "CROOM", f"progress #{task.id}")
    work()
    assert f"It asks: Deploy?\nAnswer with: confirm #{task.id}" in slack.last()
    slack.slash(client, "UADA", "CROOM", f"progress #{task.id}")  # it has been invited meanwhile
    work()
    assert "Deploy?" in slack.last()
    assert len(slack.posts) == before + 1


def test_a_chat_has_one_card_of_a_question_however_often_it_is_asked_for(
    client: FlaskClient, slack: Slack, work: Work, tell: Tell, room: BotBinding
) -> None:
    task, card = a_card(client, slack, work, room, CONFIRM)
    tell()
    slack.mention(client, "UADA", "CROOM", f"progress #{task.id}")
    work()
    assert f"Answer with: confirm #{task.id}" in slack.last()
    in_room = [ref for ref, post in slack.posts.items() if post["channel"] == "CROOM"]
    assert [ref for ref in in_room if "actions" in json.dumps(slack.posts[ref])] == [card]


def test_a_card_that_was_asked_for_is_edited_too_wherever_the_answer_is_given(
    client: FlaskClient, slack: Slack, work: Work, tell: Tell, room: BotBinding, bob: Developer
) -> None:
    task, _ = a_card(client, slack, work, room, CONFIRM)
    slack.direct(client, "UADA", f"progress #{task.id}")
    work()
    card = list(slack.posts)[-1]
    assert slack.posts[card]["channel"] == "DUADA"
    gates.confirm(bob, task.id, 0, "confirm")
    tell()
    assert "✓ answered by bob: confirm" in json.dumps(slack.posts[card], ensure_ascii=False)
    assert '"actions"' not in json.dumps(slack.posts[card])
    assert "Deploy?" not in json.dumps([p for p in slack.posts.values() if p["channel"] == "UADA"])


def test_a_card_whose_poster_was_killed_is_the_senders_when_its_lease_ends(
    client: FlaskClient, slack: Slack, work: Work, tell: Tell, room: BotBinding
) -> None:
    project_of(room, CONFIRM)
    slack.mention(client, "UADA", "CROOM", 'develop "ship it"')
    work()
    gate = gates.open_gate(newest())
    bot = db.session.get_one(Bot, room.bot_id)
    assert questions.take(bot, "CROOM", None, gate, now() - timedelta(hours=1)) is not None
    tell()
    in_room = [post for post in slack.posts.values() if post["channel"] == "CROOM"]
    assert sum('"actions"' in json.dumps(post) for post in in_room) == 1


def test_a_stranger_is_told_how_to_become_somebody(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding
) -> None:
    for text in ('develop "x"', "info", "progress #1", "help"):
        slack.mention(client, "UNOBODY", "CROOM", text)
        work()
        assert "bind TOKEN" in slack.last()
    assert newest() is None


def test_a_strangers_press_changes_nothing(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding
) -> None:
    task, card = a_card(client, slack, work, room, CONFIRM)
    slack.press(client, "UNOBODY", card, "Confirm")
    work()
    assert "bind TOKEN" in slack.last()
    outsider = make_developer(platform_uid="slack:UOUT")
    slack.press(client, "UOUT", card, "Confirm")
    work()
    assert f"there is no task {task.id} that you may see" in slack.last()
    lead = make_developer(platform_uid="slack:ULEAD", role=SystemRole.LEAD)
    slack.press(client, "ULEAD", card, "Confirm")
    work()
    assert "Your role does not allow this" in slack.last()
    outsider.disabled_at = lead.disabled_at = now()
    db.session.commit()
    slack.press(client, "UOUT", card, "Confirm")
    work()
    assert "account is disabled" in slack.last()
    assert newest().status is TaskStatus.SUSPENDED


def test_one_who_is_no_member_makes_no_task(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding
) -> None:
    make_developer(platform_uid="slack:UOUT")
    slack.mention(client, "UOUT", "CROOM", 'develop "x"')
    work()
    assert "there is no project 'WEB' that you may see" in slack.last()
    assert newest() is None


def test_without_a_bound_project_one_is_asked_for(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding, ada: Developer
) -> None:
    make_project(key="API", members=[ada])
    slack.direct(client, "UADA", 'develop "x"')
    work()
    assert "add --project KEY (there are: API, WEB)" in slack.last()
    slack.direct(client, "UADA", 'develop "x" --project api --on nowhere')
    work()
    assert "there is no machine nowhere" in slack.last()
    machine = make_machine(name="Rack7")
    slack.direct(client, "UADA", 'develop "x" --project api --on rack7')
    work()
    assert newest().requested_machine_id == machine.id


def test_the_other_commands_say_what_the_api_says(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding, ada: Developer
) -> None:
    machine = make_machine(name="rack7")
    project = db.session.get_one(Project, room.project_id)
    task = make_task(project=project, creator=ada, status=TaskStatus.RUNNING)
    make_workspace(make_attempt(task, machine))
    wanted = {
        "list": f"#{task.id} WEB running: Make it work.",
        f"progress {task.id}": "on rack7, attempt 1",
        f"workspace {task.id}": f"/w/{task.id}-1 (ready)",
        f"logs {task.id}": "has no log yet",
        "info": "You are ada (developer)",
        "drain rack7": "Your role does not allow this",
        f"retry {task.id}": f"task {task.id} is running",
        f"confirm {task.id}": "not waiting for an answer",
        f"cancel {task.id}": f"#{task.id} WEB cancelled",
        "progress 987654": "there is no task 987654 that you may see",
        "prgress 1": "Did you mean “progress”?",
    }
    for text, words in wanted.items():
        slack.slash(client, "UADA", "CROOM", text)
        work()
        assert words in slack.last(), text
    assert slack.said[-1]["method"] == "respond"
    slack.mention(client, "UADA", "CROOM", f"logs {task.id}")
    work()
    # Not all who are in a room may read a log.
    assert slack.said[-1]["method"] == "chat.postEphemeral"
    assert slack.said[-1]["user"] == "UADA"


def test_a_lead_drains_a_machine(
    client: FlaskClient, slack: Slack, work: Work, room: BotBinding
) -> None:
    make_developer(platform_uid="slack:ULEAD", role=SystemRole.LEAD)
    machine = make_machine(name="rack7")
    slack.mention(client, "ULEAD", "CROOM", "drain RACK7 new disk")
    work()
    db.session.refresh(machine)
    assert (machine.status, machine.drain_note) == ("draining", "new disk")
    slack.mention(client, "ULEAD", "CROOM", "undrain rack7")
    work()
    assert "rack7 is" in slack.last()


def test_what_a_platform_says_twice_happens_once(
    client: FlaskClient, slack: Slack, work: Work, sent: list[int], room: BotBinding
) -> None:
    for _ in range(3):
        assert slack.mention(client, "UADA", "CROOM", "dev x", event_id="Ev7").status_code == 200
    assert len(sent) == 1
    sent *= 3  # nor does a job that comes again do it again
    work()
    assert len(db.session.scalars(select(Task)).all()) == 1
    assert len(slack.posts) == 1


def test_an_answer_that_is_not_taken_is_tried_again_and_the_act_is_not(
    client: FlaskClient, slack: Slack, work: Work, sent: list[int], room: BotBinding
) -> None:
    slack.mention(client, "UADA", "CROOM", "dev x")
    (event_id,) = sent
    slack.once(Reply(429, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": "30"}))
    work()
    event = db.session.get_one(ChatEvent, event_id)
    assert timedelta(seconds=25) < event.due_at - now() < timedelta(seconds=31)
    sent.append(event_id)
    work()  # too early
    assert slack.posts == {}
    event.due_at = now() - timedelta(seconds=1)
    db.session.commit()
    sent.append(event_id)
    work()
    assert len(slack.posts) == 1
    assert len(db.session.scalars(select(Task)).all()) == 1
    assert db.session.get_one(ChatEvent, event_id, populate_existing=True).due_at is None


def test_what_nobody_was_woken_for_is_found(
    client: FlaskClient, slack: Slack, work: Work, sent: list[int], room: BotBinding
) -> None:
    from app import jobs

    slack.mention(client, "UADA", "CROOM", "dev x")
    sent.clear()
    jobs.chat_backlog()
    work()
    assert len(slack.posts) == 1
    jobs.chat_backlog()
    assert sent == []


def test_bots_edits_and_other_events_are_nothing_to_us(
    client: FlaskClient, slack: Slack, sent: list[int], room: BotBinding
) -> None:
    direct = {"type": "message", "channel_type": "im", "channel": "D1", "text": "help"}
    for event in (
        {**direct, "user": "UADA", "bot_id": "B1"},
        {**direct, "user": "UADA", "subtype": "message_changed"},
        {**direct},
        {**direct, "user": "UADA", "channel_type": "channel"},
        {"type": "reaction_added", "user": "UADA"},
    ):
        assert slack.event(client, event).status_code == 200
    assert sent == []


# ---- Lark ---------------------------------------------------------------------------------------


@pytest.fixture
def eve(lark_bot: Bot) -> Developer:
    return make_developer(name="eve", platform_uid="lark:ou_eve")


@pytest.fixture
def lark_room(lark_bot: Bot, eve: Developer) -> BotBinding:
    project = make_project(key="APP", members=[eve], pipeline=CONFIRM)
    return make_binding(lark_bot, project=project, platform_chat_id="oc_room")


def test_from_develop_to_an_answered_card_at_lark(
    client: FlaskClient, lark: Lark, work: Work, tell: Tell, lark_room: BotBinding
) -> None:
    assert lark.post(client, lark.message("ou_eve", "oc_room", 'dev "x <at>"')).json == {}
    work()
    task = newest()
    assert task.description == "x <at>"
    assert f"#{task.id} APP suspended" in lark.last()
    lark.post(client, lark.message("ou_eve", "oc_room", f"progress {task.id}"))
    work()
    card = list(lark.posts)[-1]
    lark.post(client, lark.press("ou_eve", card, "Confirm"))
    work()
    assert newest().status is TaskStatus.QUEUED
    tell()
    assert "✓ answered by eve: confirm" in json.dumps(lark.posts[card], ensure_ascii=False)
    assert lark.tokens == 1  # one token for all of it


@pytest.mark.parametrize(
    ("kind", "choices", "label", "form", "result"),
    [
        (GateKind.CHOOSE, ["a", "b"], "b", None, "b"),
        (GateKind.CHOOSE, [f"c{n}" for n in range(9)], "c7", None, "c7"),
        (GateKind.INPUT, [], "Answer", {"answer": "v1"}, "v1"),
    ],
)
def test_each_kind_of_gate_is_answered_at_lark(
    client: FlaskClient,
    lark: Lark,
    work: Work,
    lark_room: BotBinding,
    kind: GateKind,
    choices: list[str],
    label: str,
    form: dict[str, str] | None,
    result: str,
) -> None:
    project = db.session.get_one(Project, lark_room.project_id)
    task = make_task(
        project=project, status=TaskStatus.SUSPENDED, suspend_reason=SuspendReason.GATE
    )
    make_gate(task, kind=kind, choices=choices)
    lark.post(client, lark.message("ou_eve", "oc_room", f"progress {task.id}"))
    work()
    lark.post(client, lark.press("ou_eve", list(lark.posts)[-1], label, form))
    work()
    gate = db.session.get_one(Gate, (task.id, 1, 0))
    assert gate.result == result


def test_a_refusal_at_lark_goes_to_whom_it_concerns(
    client: FlaskClient, lark: Lark, work: Work, lark_room: BotBinding
) -> None:
    project = db.session.get_one(Project, lark_room.project_id)
    task = make_task(
        project=project, status=TaskStatus.SUSPENDED, suspend_reason=SuspendReason.GATE
    )
    make_gate(task)
    lark.post(client, lark.message("ou_eve", "oc_room", f"progress {task.id}"))
    work()
    lark.post(client, lark.press("ou_nobody", list(lark.posts)[-1], "Confirm"))
    work()
    assert "bind TOKEN" in lark.last()
    assert lark.said[-1]["receive_id"] == "ou_nobody"


def test_a_token_of_lark_that_has_ended_is_replaced(
    client: FlaskClient, lark: Lark, work: Work, lark_room: BotBinding
) -> None:
    lark.post(client, lark.message("ou_eve", "oc_room", "info"))
    work()
    lark.good.clear()
    lark.post(client, lark.message("ou_eve", "oc_room", "info"))
    work()
    assert (lark.tokens, len(lark.posts)) == (2, 2)


def test_what_lark_says_twice_happens_once_and_its_bots_are_ignored(
    client: FlaskClient, lark: Lark, sent: list[int], lark_room: BotBinding
) -> None:
    for _ in range(2):
        lark.post(client, lark.message("ou_eve", "oc_room", "dev x", event_id="e1"))
    assert len(sent) == 1
    said = lark.message("ou_eve", "oc_room", "dev x")
    said["event"]["sender"]["sender_type"] = "app"
    assert lark.post(client, said).status_code == 200
    assert len(sent) == 1
