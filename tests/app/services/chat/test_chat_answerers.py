"""Who may not answer a gate may not from any channel: the page, a review, a token, the command
line, a chat's command or its button. Another person then can, from the same channel.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.roles import ProjectRole, SystemRole
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.models import BotBinding, Developer, Project, ProjectMember, Task
from tests.app.chat.platforms import Slack
from tests.factories import (
    add_member,
    make_developer,
    make_follow_up,
    make_gate,
    make_personal_token,
    make_task,
)
from tests.muster.cli.shell import Shell

Work = Callable[[], None]
Login = Callable[[Developer], dict[str, str]]
ANSWER = {"stageIndex": 0, "result": "confirm"}


class Channels:
    """Each way to answer a task's gate, by its name."""

    def __init__(
        self, app: Flask, client: FlaskClient, slack: Slack, work: Work, login: Login
    ) -> None:
        self._app, self._client, self._slack = app, client, slack
        self._work, self._login = work, login
        self._cards: dict[int, str] = {}

    def show_card(self, person: Developer, task: Task) -> None:
        """Have the task's card posted, as the person sees it now."""
        self._mention(person, f"progress #{task.id}")
        self._cards[person.id] = list(self._slack.posts)[-1]

    def answer(self, channel: str, person: Developer, task: Task) -> None:
        getattr(self, f"_by_{channel}")(person, task)

    def _by_session(self, person: Developer, task: Task) -> None:
        self._post(task, "confirm-stage", ANSWER, self._login(person))

    def _by_token(self, person: Developer, task: Task) -> None:
        headers = {"Authorization": f"Bearer {make_personal_token(person)[1]}"}
        self._post(task, "confirm-stage", ANSWER, headers)

    def _by_review(self, person: Developer, task: Task) -> None:
        self._post(task, "reviews", {"verdict": "approve"}, self._login(person))

    def _by_shell(self, person: Developer, task: Task) -> None:
        shell = Shell(self._app)
        shell.sign_in(person)
        shell("task", "confirm", str(task.id))

    def _by_chat_command(self, person: Developer, task: Task) -> None:
        self._mention(person, f"confirm #{task.id}")

    def _by_chat_button(self, person: Developer, task: Task) -> None:
        self._slack.press(self._client, _account(person), self._cards[person.id], "Approve")
        self._work()

    def _post(self, task: Task, route: str, body: Any, headers: dict[str, str]) -> None:
        self._client.post(f"/api/web/tasks/{task.id}/{route}", json=body, headers=headers)

    def _mention(self, person: Developer, text: str) -> None:
        self._slack.mention(self._client, _account(person), "CROOM", text)
        self._work()


CHANNELS = ("session", "token", "review", "shell", "chat_command", "chat_button")


def _account(person: Developer) -> str:
    return (person.platform_uid or "").removeprefix("slack:")


class Case(NamedTuple):
    """A task at a gate, who can't answer it, and who can."""

    task: Task
    excluded: Developer
    answerer: Developer


@pytest.fixture
def channels(
    app: Flask,
    client: FlaskClient,
    slack: Slack,
    work: Work,
    login: Login,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Channels:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("MUSTER_KEYRING", "off")
    return Channels(app, client, slack, work, login)


@pytest.fixture
def make_case(bound_channel: BotBinding) -> Callable[[str], Case]:
    def make(who: str) -> Case:
        project = db.session.get_one(Project, bound_channel.project_id)
        author, writer, keeper, admin = (
            make_developer(name=name, platform_uid=f"slack:U{name.upper()}")
            for name in ("author", "writer", "keeper", "boss")
        )
        admin.role = SystemRole.ADMIN
        for person in (author, writer):
            add_member(project, person)
        add_member(project, keeper, ProjectRole.MAINTAINER)
        cases: dict[str, tuple[dict[str, Any], Developer, Developer]] = {
            "author": ({"who": "not_author"}, author, keeper),
            "follow_up_author": ({"who": "not_author"}, writer, keeper),
            "admin": ({"who": "maintainers"}, admin, keeper),
            "removed": ({"who": "named", "developerIds": [writer.id]}, writer, admin),
        }
        answerers, excluded, answerer = cases[who]
        waiting = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.GATE}
        task = make_task(project=project, creator=author, **waiting)
        make_gate(task, answerers=answerers)
        if who == "follow_up_author":
            make_follow_up(task, number=1, created_by=writer.id)
            task.follow_up, task.follow_ups_queued = 1, 0
        db.session.commit()
        return Case(task, excluded, answerer)

    return make


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("who", ["author", "follow_up_author", "admin", "removed"])
def test_who_may_not_answer_may_not_from_any_channel(
    channels: Channels, make_case: Callable[[str], Case], who: str, channel: str
) -> None:
    task, excluded, answerer = make_case(who)
    for person in (excluded, answerer):
        channels.show_card(person, task)
    if who == "removed":
        membership = (task.project_id, excluded.id)
        db.session.delete(db.session.get_one(ProjectMember, membership))
        db.session.commit()
    for person, status in ((excluded, TaskStatus.SUSPENDED), (answerer, TaskStatus.QUEUED)):
        channels.answer(channel, person, task)
        db.session.refresh(task)
        assert task.status is status
