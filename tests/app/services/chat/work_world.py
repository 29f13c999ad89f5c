"""What the tests beside it share."""

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from app.models import BotBinding, Project, Task
from tests.app.chat.platforms import Slack

CONFIRM = [{"name": "deploy", "command": "{description}", "confirm": True, "prompt": "Deploy?"}]

Work = Callable[[], None]


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
