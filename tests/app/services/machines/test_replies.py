"""What an agent says in a thread is believed of those that it was told of, and of no other."""

import pytest
from flask import Flask

from app.models import Developer, Task
from app.services.dispatch import dispatch
from app.services.machines import replies, rounds
from app.services.tasks import follow_ups
from muster.protocol import frames
from tests.app.services.driven import Driven, warnings_of
from tests.app.services.tasks.follow_ups_world import completed
from tests.app.services.tasks.stages_world import Create, actor, create, machine

__all__ = ["actor", "create", "machine"]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """What has come into threads, of which the round's agent was told of the fifth."""
    found: list[tuple[int, str]] = []
    monkeypatch.setattr(replies, "_threads", lambda live: [5])
    monkeypatch.setattr(rounds, "reply", lambda live, *said: found.append(said))
    return found


@pytest.fixture
def followed(app: Flask, actor: Developer, machine: Driven, create: Create) -> Task:
    task = completed(machine, create)
    follow_ups.create(actor, task.id, instruction="Faster.")
    dispatch.assign_queued()
    machine.begins(task)
    return task


def test_a_reply_comes_into_its_thread(
    machine: Driven, followed: Task, said: list[tuple[int, str]]
) -> None:
    machine.say(followed, frames.Replied(0, 3, 5, "Done."))
    assert said == [(5, "Done.")]


def test_one_in_another_thread_is_forged(
    machine: Driven, followed: Task, said: list[tuple[int, str]]
) -> None:
    machine.say(followed, frames.Replied(0, 3, 6, "Done."))
    assert said == []
    assert any("thread 6 is none" in text for text in warnings_of(followed))


def test_one_of_a_stage_that_was_not_ordered_changes_nothing(
    machine: Driven, followed: Task, said: list[tuple[int, str]]
) -> None:
    machine.say(followed, frames.Replied(1, 3, 5, "Done."))
    machine.say(followed, frames.Replied(0, 3, 5, "Done."), attempt=1)
    assert said == []
