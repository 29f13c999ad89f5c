"""What the tests here share."""

import pytest
from flask import Flask

from app.chat import senders
from app.models import (
    Bot,
    Developer,
    Project,
    Task,
)
from app.services import encryption
from tests.app.services.notify.fan_out_world import GATED
from tests.app.services.notify.sending_world import Platform
from tests.factories import (
    make_bot,
    make_developer,
    make_project,
    make_task,
)


@pytest.fixture
def platform(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Platform:
    stand_in = Platform()
    monkeypatch.setattr(senders, "send", stand_in.send)
    monkeypatch.setattr(senders, "edit", stand_in.edit)
    return stand_in


@pytest.fixture
def bot(app: Flask) -> Bot:
    return make_bot(
        app_secret=encryption.encrypt("xoxb-Xyzzy4711"),
        webhook_token=encryption.encrypt("Xyzzy4711-signing"),
    )


@pytest.fixture
def task(app: Flask) -> Task:
    return make_task()


@pytest.fixture
def ada(app: Flask) -> Developer:
    return make_developer(name="ada")


@pytest.fixture
def bob(app: Flask) -> Developer:
    return make_developer(name="bob")


@pytest.fixture
def project(ada: Developer, bob: Developer) -> Project:
    return make_project(members=[ada, bob], pipeline=GATED)
