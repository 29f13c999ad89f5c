"""What people do in chats: from a line of text to a task, from a button to an answer."""

import json
from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient

from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Bot, BotBinding, Developer, Gate
from app.services.chat import question_cards
from app.services.clock import now
from app.services.tasks import gate_expiry, gates, tasks
from tests.app.chat.loopback import Reply
from tests.app.chat.platforms import Slack
from tests.app.services.chat.work_world import CONFIRM, a_card, newest, project_of

Work = Callable[[], None]


Tell = Callable[[], None]


CHOOSE = [{"name": "deploy", "command": "{choice}", "choices": ["here", "there"]}]


INPUT = [{"name": "deploy", "command": "{input}", "input": True, "prompt": "Which tag?"}]


MANY = [{"name": "deploy", "command": "{choice}", "choices": [f"c{n}" for n in range(120)]}]


def test_develop_in_a_channel_makes_a_task_of_its_project(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding, ada: Developer
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
    client: FlaskClient, slack: Slack, work: Work, notify: Tell, bound_channel: BotBinding
) -> None:
    task, card = a_card(client, slack, work, bound_channel, CONFIRM)
    assert task.status is TaskStatus.SUSPENDED
    assert "Deploy?" in slack.last()
    slack.press(client, "UBOB", card, "Approve")
    work()
    task = newest()
    gate = db.session.get_one(Gate, (task.id, 1, 0, 0))
    assert (task.status, gate.result) == (TaskStatus.QUEUED, "confirm")
    notify()
    shown = json.dumps(slack.posts[card]["blocks"], ensure_ascii=False)
    assert "✓ answered by bob: confirm" in shown
    assert '"actions"' not in shown


def test_of_two_clicks_the_second_is_told_who_was_faster(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding
) -> None:
    _task, card = a_card(client, slack, work, bound_channel, CONFIRM)
    stale = dict(slack.posts[card])
    slack.press(client, "UBOB", card, "Reject and end the task")
    work()
    slack.posts[card] = stale
    slack.press(client, "UADA", card, "Approve")
    work()
    assert "was already answered. bob: reject" in slack.last()
    assert slack.said[-1]["response_type"] == "ephemeral"
    assert newest().status is TaskStatus.CANCELLED
    assert "✗ bob: reject" in json.dumps(slack.posts[card], ensure_ascii=False)


def test_an_expired_gate_is_refused_and_the_card_says_why(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding
) -> None:
    _task, card = a_card(client, slack, work, bound_channel, [CONFIRM[0] | {"gateTimeout": 1}])
    gate_expiry.expire(now() + timedelta(hours=1))
    slack.press(client, "UADA", card, "Approve")
    work()
    assert "is no longer waiting" in slack.last()
    assert "nobody answered the question in time" in slack.last()
    assert "nobody answered" in json.dumps(slack.posts[card])


def test_a_card_of_an_earlier_round_does_not_answer_the_next(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding, ada: Developer
) -> None:
    task, card = a_card(client, slack, work, bound_channel, CONFIRM)
    tasks.cancel(ada, task.id)
    tasks.retry(ada, task.id)
    slack.press(client, "UADA", card, "Approve")
    work()
    assert "from an earlier round" in slack.last()
    assert newest().status is TaskStatus.SUSPENDED


def test_a_choice_is_pressed(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding
) -> None:
    _, card = a_card(client, slack, work, bound_channel, CHOOSE)
    slack.press(client, "UADA", card, "there")
    work()
    assert db.session.get_one(Gate, (newest().id, 1, 0, 0)).result == "there"


def test_with_many_choices_there_is_a_menu(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding
) -> None:
    _, card = a_card(client, slack, work, bound_channel, MANY)
    slack.press(client, "UADA", card, "c99")
    work()
    assert db.session.get_one(Gate, (newest().id, 1, 0, 0)).result == "c99"


def test_a_text_is_asked_for_in_a_dialog(
    client: FlaskClient, slack: Slack, work: Work, notify: Tell, bound_channel: BotBinding
) -> None:
    task, card = a_card(client, slack, work, bound_channel, INPUT)
    slack.press(client, "UADA", card, "Answer…")
    work()
    assert slack.said[-1]["method"] == "views.open"
    answer = slack.submit(client, "UADA", slack.said[-1]["view"], "v1.2\n<b>")
    assert answer.json == {"response_action": "clear"}
    work()
    assert db.session.get_one(Gate, (task.id, 1, 0, 0)).result == "v1.2\n<b>"
    notify()
    assert "✓ answered by ada: v1.2" in json.dumps(slack.posts[card], ensure_ascii=False)


def test_where_no_dialog_opens_a_line_of_text_will_do(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding
) -> None:
    task, card = a_card(client, slack, work, bound_channel, INPUT)
    slack.once(Reply(body=b'{"ok": false, "error": "expired_trigger_id"}'))
    slack.press(client, "UADA", card, "Answer…")
    work()
    assert f"confirm #{task.id} your text" in slack.last()
    slack.mention(client, "UADA", "CROOM", f"confirm #{task.id}")
    work()
    assert "needs an answer" in slack.last()
    slack.mention(client, "UADA", "CROOM", f"confirm #{task.id} v1.3")
    work()
    assert "ada answered v1.3" in slack.last()


def test_where_no_card_can_be_posted_the_question_comes_in_words(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding
) -> None:
    project_of(bound_channel, CONFIRM)
    slack.mention(client, "UADA", "CROOM", 'develop "ship it"')
    work()
    task, before = newest(), len(slack.posts)
    slack.once(Reply(body=b'{"ok": false, "error": "not_in_channel"}'))
    slack.slash(client, "UADA", "CROOM", f"progress #{task.id}")
    work()
    assert f"Question: Deploy?\nAnswer with: confirm #{task.id}" in slack.last()
    slack.slash(client, "UADA", "CROOM", f"progress #{task.id}")  # it has been invited meanwhile
    work()
    assert "Deploy?" in slack.last()
    assert len(slack.posts) == before + 1


def test_a_chat_has_one_card_of_a_question_however_often_it_is_asked_for(
    client: FlaskClient, slack: Slack, work: Work, notify: Tell, bound_channel: BotBinding
) -> None:
    task, card = a_card(client, slack, work, bound_channel, CONFIRM)
    notify()
    slack.mention(client, "UADA", "CROOM", f"progress #{task.id}")
    work()
    assert f"Answer with: confirm #{task.id}" in slack.last()
    in_room = [ref for ref, post in slack.posts.items() if post["channel"] == "CROOM"]
    assert [ref for ref in in_room if "actions" in json.dumps(slack.posts[ref])] == [card]


def test_a_card_that_was_asked_for_is_edited_too_wherever_the_answer_is_given(
    client: FlaskClient,
    slack: Slack,
    work: Work,
    notify: Tell,
    bound_channel: BotBinding,
    bob: Developer,
) -> None:
    task, _ = a_card(client, slack, work, bound_channel, CONFIRM)
    slack.direct(client, "UADA", f"progress #{task.id}")
    work()
    card = list(slack.posts)[-1]
    assert slack.posts[card]["channel"] == "DUADA"
    gates.confirm_stage(bob, task.id, 0, "confirm")
    notify()
    assert "✓ answered by bob: confirm" in json.dumps(slack.posts[card], ensure_ascii=False)
    assert '"actions"' not in json.dumps(slack.posts[card])
    assert "Deploy?" not in json.dumps([p for p in slack.posts.values() if p["channel"] == "UADA"])


def test_a_card_whose_poster_was_killed_is_the_senders_when_its_lease_ends(
    client: FlaskClient, slack: Slack, work: Work, notify: Tell, bound_channel: BotBinding
) -> None:
    project_of(bound_channel, CONFIRM)
    slack.mention(client, "UADA", "CROOM", 'develop "ship it"')
    work()
    gate = gates.find_open_gate(newest())
    bot = db.session.get_one(Bot, bound_channel.bot_id)
    assert question_cards.claim(bot, "CROOM", None, gate, now() - timedelta(hours=1)) is not None
    notify()
    in_room = [post for post in slack.posts.values() if post["channel"] == "CROOM"]
    assert sum('"actions"' in json.dumps(post) for post in in_room) == 1
