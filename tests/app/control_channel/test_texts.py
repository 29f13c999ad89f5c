"""Texts of attempts that live at their machine are passed on, and are signs of work."""

from datetime import datetime, timedelta
from typing import Literal

import pytest
from flask import Flask

from app import wakeups
from app.control_channel import texts
from app.control_channel.texts import TextRelay
from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt
from app.services.clock import now
from app.services.machines.sessions import MachineSession
from muster.protocol.frames import TextDelta
from tests.factories import make_attempt, make_machine, make_task


def text_of(attempt: Attempt, kind: Literal["output", "cpu"] = "output") -> TextDelta:
    at = (attempt.task_id, attempt.number, 0)
    return TextDelta(*at, entry=1, kind=kind, offset=0, text="0.8")


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[TextDelta]:
    found: list[TextDelta] = []
    monkeypatch.setattr(wakeups, "publish_texts", found.extend)
    return found


def test_an_attempt_whose_texts_come_is_active_and_another_machines_is_not(
    app: Flask, published: list[TextDelta], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "CHECK_SECONDS", 0.0)
    machine, other = make_machine(), make_machine()
    mine, theirs = (
        make_attempt(make_task(status=TaskStatus.RUNNING), at) for at in (machine, other)
    )
    before = now() - timedelta(hours=1)
    mine.active_at = theirs.active_at = before
    db.session.commit()
    session = MachineSession(machine.id, machine.name, machine.generation, 0, {}, {})
    relay = TextRelay(app, session)

    relay.publish([text_of(mine, "cpu"), text_of(theirs)])
    assert published == [text_of(mine, "cpu")]
    assert find_active_at(mine) == find_active_at(theirs) == before
    relay.publish([text_of(mine), text_of(theirs)])
    assert find_active_at(mine) > before
    assert find_active_at(theirs) == before

    mine.active_at = before
    db.session.commit()
    relay.publish([text_of(mine)])  # just marked
    assert (find_active_at(mine), len(published)) == (before, 3)


def find_active_at(attempt: Attempt) -> datetime:
    db.session.refresh(attempt)
    assert attempt.active_at is not None
    return attempt.active_at
