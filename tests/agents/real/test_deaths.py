"""Parts of Muster that are killed while a real agent works: its transcript has all once."""

from threading import Event

import pytest

from tests.agents.agents import CLAUDE, CODEX, Agent
from tests.agents.marks import agent_param
from tests.agents.model.play import Play
from tests.agents.model.script import Step, call, turn
from tests.agents.model.server import Model
from tests.agents.service import CALLS, AgentProject, Service, transcript
from tests.flows.running_stack import FollowedTask, wait_for

COMMANDS = [f"sleep 0.3; echo number {number}" for number in range(6)]
BEGUN, NEARLY = 2, 5  # the calls before something is killed, and those before it is over


def each(*cases: tuple[Agent, str]) -> pytest.MarkDecorator:
    params = [agent_param(agent, place) for agent, place in cases]
    return pytest.mark.parametrize(("agent", "place"), params)


class Counting:
    """An agent that runs one command after the other, and is not given the one of this number
    before it is let `on`."""

    def __init__(self, service: Service, model: Model, agent: Agent, place: str, held: int) -> None:
        self.on = Event()
        gates = {held: self.on}
        steps: list[Step] = [
            turn(call("run", command=command), after=gates.get(number))
            for number, command in enumerate(COMMANDS)
        ]
        self.play: Play = model.play(*steps, turn("Counted."))
        self.given: AgentProject = service.given(service.places[place], agent, model.url, self.play)
        self.task: FollowedTask = self.given.ask("Count.")

    def wait_until_reported(self, count: int) -> None:
        self.task.wait_for(lambda: len(transcript(self.task, *CALLS)) >= count, f"{count} calls")


@each((CLAUDE, "user"), (CODEX, "root"))
def test_a_daemon_that_is_killed(service: Service, model: Model, agent: Agent, place: str) -> None:
    counting = Counting(service, model, agent, place, held=NEARLY)
    counting.wait_until_reported(BEGUN)
    counting.given.place.kill()
    counting.task.wait_for(
        lambda: counting.play.left == len(COMMANDS) - NEARLY, "work without a daemon"
    )
    service.stack.restart(counting.given.place.process)
    counting.on.set()
    counting.task.wait_for_status("completed")
    assert transcript_commands(counting.task) == COMMANDS


@each((CLAUDE, "root"))
def test_a_server_that_is_killed(service: Service, model: Model, agent: Agent, place: str) -> None:
    counting = Counting(service, model, agent, place, held=NEARLY)
    counting.wait_until_reported(BEGUN)
    service.stack.processes["gunicorn"].kill_group()
    wait_for(lambda: counting.play.left == len(COMMANDS) - NEARLY, "work without a server")
    service.stack.restart("gunicorn")
    service.stack.await_ready()
    counting.on.set()
    assert counting.task.wait_for_status("completed")["attempt"] == 1
    assert transcript_commands(counting.task) == COMMANDS


@each((CLAUDE, "root"), (CLAUDE, "user"))
def test_a_shim_that_is_killed_costs_one_attempt(
    service: Service, model: Model, agent: Agent, place: str
) -> None:
    """And the request that was under way."""
    counting = Counting(service, model, agent, place, held=BEGUN)
    counting.wait_until_reported(BEGUN)
    counting.task.wait_for(lambda: counting.play.left == len(COMMANDS) - BEGUN, "request")
    counting.given.place.kill_shim(counting.task)
    counting.task.wait_for(lambda: counting.task.now()["attempt"] == 2, "second attempt")
    counting.on.set()
    counting.task.wait_for_status("completed")
    assert transcript_commands(counting.task, 1) == COMMANDS[:BEGUN]
    assert transcript_commands(counting.task, 2) == COMMANDS[BEGUN + 1 :]


def transcript_commands(task: FollowedTask, attempt: int | None = None) -> list[str]:
    """The commands of its transcript, which has no hole."""
    entries = transcript(task, attempt=attempt)
    assert [entry["number"] for entry in entries] == list(range(len(entries)))
    return [entry["title"] for entry in entries if entry["kind"] in CALLS]
