"""Parts of Muster that are killed while a real agent works: its transcript has all once."""

import pytest

from tests.agents.agents import CLAUDE, need
from tests.agents.model.script import Step, call, turn
from tests.agents.model.server import Model
from tests.agents.service import CALLS, Given, Place, Service, transcript
from tests.flows.running import Followed, until

COMMANDS = [f"sleep 0.5; echo number {number}" for number in range(8)]


@pytest.fixture
def given(service: Service, model: Model, place: Place) -> Given:
    """claude, which runs one command after the other."""
    need(CLAUDE)
    steps: list[Step] = [turn(call("run", command=command)) for command in COMMANDS]
    return service.given(place, CLAUDE, model.url, model.play(*steps, turn("Counted.")))


def test_a_daemon_that_is_killed(given: Given, service: Service) -> None:
    task = _begun(given)
    given.place.kill()
    service.stack.restart(given.place.process)
    task.until("completed")
    assert _told(task) == COMMANDS


def test_a_server_that_is_killed(given: Given, service: Service) -> None:
    task = _begun(given)
    service.stack.processes["gunicorn"].end()
    service.stack.restart("gunicorn")
    service.stack.await_ready()
    task.until("completed")
    assert _told(task) == COMMANDS


def test_a_shim_that_is_killed_costs_one_attempt(given: Given) -> None:
    """And the command that ran."""
    task = _begun(given)
    given.place.kill_shim(task)
    assert task.until("completed")["attempt"] == 2
    first, second = _told(task, 1), _told(task, 2)
    assert first
    assert first + second == [command for command in COMMANDS if command in first + second]
    assert len(first + second) >= len(COMMANDS) - 1


def _begun(given: Given) -> Followed:
    """A task whose transcript has begun to come, and has not ended."""
    task = given.ask("Count.")
    until(lambda: len(transcript(task, *CALLS)) > 1, "calls")
    return task


def _told(task: Followed, attempt: int | None = None) -> list[str]:
    """The commands of its transcript, which has no hole."""
    entries = transcript(task, attempt=attempt)
    assert [entry["number"] for entry in entries] == list(range(len(entries)))
    return [entry["title"] for entry in entries if entry["kind"] in CALLS]
