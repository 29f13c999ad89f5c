"""Commands, strangers, and what a platform says twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.roles import ProjectRole, SystemRole
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import BotBinding, ChatEvent, Developer, Project, Task
from app.services.chat import cards
from app.services.clock import now
from app.services.tasks import queries
from tests.app.chat.loopback import Reply
from tests.app.chat.platforms import Slack
from tests.app.services.chat.work_world import CONFIRM, a_card, newest
from tests.factories import (
    add_member,
    make_attempt,
    make_developer,
    make_machine,
    make_project,
    make_task,
    make_workspace,
)

Work = Callable[[], None]


def test_an_unlinked_user_learns_how_to_link_an_account(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding
) -> None:
    for text in ('develop "x"', "info", "progress #1", "help"):
        slack.mention(client, "UNOBODY", "CROOM", text)
        work()
        assert "bind TOKEN" in slack.last()
    assert newest() is None


def test_a_rejection_in_words_asks_first(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding
) -> None:
    task, _card = a_card(client, slack, work, bound_channel, CONFIRM)
    slack.mention(client, "UBOB", "CROOM", f"confirm #{task.id} reject")
    work()
    assert f"confirm #{task.id} reject and end" in slack.last()
    assert "ends as cancelled" in slack.last()
    assert newest().status is TaskStatus.SUSPENDED
    slack.mention(client, "UBOB", "CROOM", f"confirm #{task.id} reject and end")
    work()
    assert newest().status is TaskStatus.CANCELLED


def test_an_unlinked_users_press_changes_nothing(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding
) -> None:
    task, card = a_card(client, slack, work, bound_channel, CONFIRM)
    slack.press(client, "UNOBODY", card, "Approve")
    work()
    assert "bind TOKEN" in slack.last()
    outsider = make_developer(platform_uid="slack:UOUT")
    slack.press(client, "UOUT", card, "Approve")
    work()
    assert f"Task {task.id} not found" in slack.last()
    lead = make_developer(platform_uid="slack:ULEAD", role=SystemRole.LEAD)
    slack.press(client, "ULEAD", card, "Approve")
    work()
    assert "You don't have permission" in slack.last()
    outsider.disabled_at = lead.disabled_at = now()
    db.session.commit()
    slack.press(client, "UOUT", card, "Approve")
    work()
    assert "account is disabled" in slack.last()
    assert newest().status is TaskStatus.SUSPENDED


def test_one_who_is_no_member_makes_no_task(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding
) -> None:
    make_developer(platform_uid="slack:UOUT")
    slack.mention(client, "UOUT", "CROOM", 'develop "x"')
    work()
    assert "Project 'WEB' not found, or you don't have access." in slack.last()
    assert newest() is None


def test_without_a_bound_project_one_is_asked_for(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding, ada: Developer
) -> None:
    make_project(key="API", members=[ada])
    slack.direct(client, "UADA", 'develop "x"')
    work()
    assert "add --project KEY (available: API, WEB)" in slack.last()
    slack.direct(client, "UADA", 'develop "x" --project api --on nowhere')
    work()
    assert "Machine nowhere not found" in slack.last()
    machine = make_machine(name="Rack7")
    slack.direct(client, "UADA", 'develop "x" --project api --on rack7')
    work()
    assert newest().requested_machine_id == machine.id


def test_the_other_commands_say_what_the_api_says(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding, ada: Developer
) -> None:
    machine = make_machine(name="rack7")
    project = db.session.get_one(Project, bound_channel.project_id)
    task = make_task(project=project, creator=ada, status=TaskStatus.RUNNING)
    make_workspace(make_attempt(task, machine))
    idle = make_task(project=project, creator=ada)
    wanted = {
        "list": f"#{task.id} WEB running: Make it work.",
        f"progress {task.id}": "on rack7, attempt 1",
        f"workspace {task.id}": f"/w/{task.id}-1 (ready)",
        f"logs {task.id}": "has no log yet",
        "info": "You are ada (developer)",
        "drain rack7": "You don't have permission",
        f"retry {task.id}": f"Task {task.id} is running",
        f"confirm {task.id}": "isn't waiting for an answer",
        f"message {task.id} Use make.": "This agent can't read messages while it works.",
        f"message #{idle.id} Use make.": f"#{idle.id}: message 1 by ada waits for the next agent",
        f"cancel {task.id}": f"#{task.id} WEB cancelled",
        "progress 987654": "Task 987654 not found, or you don't have access.",
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


@pytest.mark.parametrize(
    ("pushed", "files", "words"),
    [
        (True, 2, "branch muster/{id}-1"),
        (True, 0, "branch muster/{id}-1, without changes"),
        (False, 0, "on rack7, attempt 1"),
    ],
)
def test_progress_says_what_a_branch_is_worth(
    bound_channel: BotBinding, ada: Developer, pushed: bool, files: int, words: str
) -> None:
    project = db.session.get_one(Project, bound_channel.project_id)
    result = {"commit": "c0ffee", "pushed": pushed, "filesChanged": files}
    fields = {"status": TaskStatus.COMPLETED, "result": result}
    task = make_task(project=project, creator=ada, **fields)
    make_attempt(task, make_machine(name="rack7"))
    text = cards.describe_progress(queries.get(ada, task.id))
    assert text.splitlines()[-1] == words.format(id=task.id)


def test_progress_names_the_tasks_own_branch_where_it_was_moved(
    bound_channel: BotBinding, ada: Developer
) -> None:
    project = db.session.get_one(Project, bound_channel.project_id)
    result = {"commit": "c0ffee", "pushed": True, "branch": "work/7", "filesChanged": 1}
    fields = {"status": TaskStatus.COMPLETED, "result": result}
    task = make_task(project=project, creator=ada, **fields)
    make_attempt(task, make_machine(name="rack7"))
    text = cards.describe_progress(queries.get(ada, task.id))
    assert text.splitlines()[-1] == "branch work/7"


def test_a_lead_drains_a_machine(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding
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


def test_a_maintainer_allows_a_host_and_a_member_does_not(
    client: FlaskClient, slack: Slack, work: Work, bound_channel: BotBinding, ada: Developer
) -> None:
    project = db.session.get_one(Project, bound_channel.project_id)
    maintainer = make_developer(name="mae", platform_uid="slack:UMAE")
    add_member(project, maintainer, ProjectRole.MAINTAINER)
    slack.mention(client, "UMAE", "CROOM", "allow a.example")
    work()
    assert "network is open" in slack.last()
    project.network = []
    db.session.commit()
    for who, text, words in (
        ("UADA", "allow a.example", "You don't have permission"),
        ("UMAE", "allow a/b", "host must be a host name"),
        # Slack makes links of what looks like one.
        ("UMAE", "allow <http://A.example|A.example>", "✓ WEB: mae has allowed A.example"),
        ("UMAE", "allow b.example:22 --project web", "✓ WEB: mae has allowed b.example:22"),
    ):
        slack.mention(client, who, "CROOM", text)
        work()
        assert words in slack.last()
    db.session.refresh(project)
    assert project.network == ["a.example", "b.example:22"]


def test_what_a_platform_says_twice_happens_once(
    client: FlaskClient, slack: Slack, work: Work, sent: list[int], bound_channel: BotBinding
) -> None:
    for _ in range(3):
        assert slack.mention(client, "UADA", "CROOM", "dev x", event_id="Ev7").status_code == 200
    assert len(sent) == 1
    sent *= 3  # nor does a job that comes again do it again
    work()
    assert len(db.session.scalars(select(Task)).all()) == 1
    assert len(slack.posts) == 1


def test_an_answer_that_is_not_taken_is_tried_again_and_the_act_is_not(
    client: FlaskClient, slack: Slack, work: Work, sent: list[int], bound_channel: BotBinding
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
    client: FlaskClient, slack: Slack, work: Work, sent: list[int], bound_channel: BotBinding
) -> None:
    from app import jobs

    slack.mention(client, "UADA", "CROOM", "dev x")
    sent.clear()
    jobs.process_chat_backlog()
    work()
    assert len(slack.posts) == 1
    jobs.process_chat_backlog()
    assert sent == []


def test_bots_edits_and_other_events_are_nothing_to_us(
    client: FlaskClient, slack: Slack, sent: list[int], bound_channel: BotBinding
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
