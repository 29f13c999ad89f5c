"""The button of a card that says that a host was refused, and answers while a tunnel is open."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.chat.incoming_events import Button
from app.domain.attempt import AttemptPhase
from app.domain.roles import ProjectRole
from app.domain.task import EventType, SuspendReason, TaskStatus
from app.extensions import db
from app.models import Bot, BotBinding, Developer, Project, Task
from app.services.clock import now
from app.services.tasks import history
from app.services.tunnels import tunnels
from tests.app.chat.platforms import Lark, Slack
from tests.factories import (
    add_member,
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


def refused(room: BotBinding, **data: Any) -> tuple[Project, Task]:
    """A running task of the room's project, whose network is none, and which was refused a host."""
    project = db.session.get_one(Project, room.project_id)
    project.network = []
    task = make_task(project=project, status=TaskStatus.RUNNING)
    about = {"host": "a.example:22", "network": "project", **data}
    history.record_event(
        task, EventType.EGRESS_REFUSED, "refused", now(), stage_index=0, data=about
    )
    db.session.commit()
    return project, task


def maintainer(room: BotBinding, account: str) -> Developer:
    project = db.session.get_one(Project, room.project_id)
    mae = make_developer(name="mae", platform_uid=account)
    add_member(project, mae, ProjectRole.MAINTAINER)
    return mae


def allowed(project: Project) -> list[str] | None:
    db.session.refresh(project)
    return project.network


def test_a_maintainer_allows_the_host_of_the_card_and_a_member_does_not(
    client: FlaskClient, slack: Slack, work: Work, notify: Tell, bound_channel: BotBinding
) -> None:
    maintainer(bound_channel, "slack:UMAE")
    project, task = refused(bound_channel)
    notify()
    card = list(slack.posts)[-1]
    assert f"Task {task.id}: access to a host denied" in json.dumps(slack.posts[card])
    slack.press(client, "UADA", card, "Allow a.example:22")
    work()
    assert "You don't have permission" in slack.last()
    assert allowed(project) == []
    for _ in range(2):  # it may be pressed again
        slack.press(client, "UMAE", card, "Allow a.example:22")
        work()
        assert "✓ WEB: mae has allowed a.example:22" in slack.last()
        assert allowed(project) == ["a.example:22"]


@pytest.mark.parametrize(
    "data",
    [{"network": "stage"}, {"host": "no host"}],
    ids=["a stage's own network", "no host"],
)
def test_what_the_project_cannot_allow_has_no_button(
    slack: Slack, notify: Tell, bound_channel: BotBinding, data: dict[str, Any]
) -> None:
    refused(bound_channel, **data)
    notify()
    posted = json.dumps(slack.posts[list(slack.posts)[-1]])
    assert "access to a host denied" in posted
    assert "actions" not in posted


@pytest.mark.parametrize("number", ["2", "999", "1", "x", ""], ids=lambda number: f"allow{number}")
def test_a_button_allows_the_host_of_its_event_and_nothing_else(
    client: FlaskClient,
    slack: Slack,
    work: Work,
    notify: Tell,
    bound_channel: BotBinding,
    number: str,
) -> None:
    maintainer(bound_channel, "slack:UMAE")
    project, task = refused(bound_channel)
    history.record_event(task, EventType.WARNING, "w", now(), data={"host": "evil.example"})
    db.session.commit()
    notify()
    card = list(slack.posts)[-1]
    shown = json.dumps(slack.posts[card])
    real = Button(task.id, 0, 1, "allow1").encode()
    slack.posts[card] = json.loads(
        shown.replace(real, Button(task.id, 0, 1, f"allow{number}").encode())
    )
    slack.press(client, "UMAE", card, "Allow a.example:22")
    work()
    assert allowed(project) == (["a.example:22"] if number == "1" else [])


@pytest.mark.parametrize("how", ["command", "button"])
def test_an_author_cannot_answer_from_a_chat_where_authors_cannot(
    client: FlaskClient,
    slack: Slack,
    work: Work,
    bound_channel: BotBinding,
    ada: Developer,
    how: str,
) -> None:
    project = db.session.get_one(Project, bound_channel.project_id)
    waiting = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.GATE}
    task = make_task(project=project, creator=ada, **waiting)
    make_gate(task, answerers={"who": "not_author"})
    mae = make_developer(name="mae", platform_uid="slack:UMAE")
    add_member(project, mae)
    for who, refused in (("UADA", True), ("UMAE", False)):
        slack.mention(client, who, "CROOM", f"progress #{task.id}")
        work()
        card = list(slack.posts)[-1]
        assert "Its author can't answer." in json.dumps(slack.posts[card])
        if how == "command":
            slack.mention(client, who, "CROOM", f"confirm #{task.id}")
        else:
            slack.press(client, who, card, "Approve")
        work()
        assert ("You aren't one of them." in slack.last()) == refused
        db.session.refresh(task)
        assert (task.status is TaskStatus.SUSPENDED) == refused


@pytest.mark.parametrize("how", ["command", "button"])
def test_an_answer_is_refused_in_words_while_a_tunnel_is_open(
    client: FlaskClient,
    slack: Slack,
    work: Work,
    bound_channel: BotBinding,
    ada: Developer,
    how: str,
) -> None:
    project = db.session.get_one(Project, bound_channel.project_id)
    waiting = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.GATE}
    task = make_task(project=project, creator=ada, **waiting)
    make_gate(task)
    attempt = make_attempt(task, make_machine(), phase=AttemptPhase.GATE)
    make_workspace(attempt)
    tunnels.start(ada, task.id)
    slack.mention(client, "UADA", "CROOM", f"progress #{task.id}")
    work()
    if how == "command":
        slack.mention(client, "UADA", "CROOM", f"confirm #{task.id}")
    else:
        slack.press(client, "UADA", list(slack.posts)[-1], "Approve")
    work()
    assert "Close the tunnel first." in slack.last()
    db.session.refresh(task)
    assert task.status is TaskStatus.SUSPENDED


def test_the_button_works_at_lark(
    client: FlaskClient, lark: Lark, lark_bot: Bot, work: Work, notify: Tell
) -> None:
    room = make_binding(lark_bot, project=make_project(key="APP"), platform_chat_id="oc_room")
    maintainer(room, "lark:ou_mae")
    project, _ = refused(room)
    notify()
    card = list(lark.posts)[-1]
    lark.post(client, lark.press("ou_mae", card, "Allow a.example:22"))
    work()
    assert allowed(project) == ["a.example:22"]
