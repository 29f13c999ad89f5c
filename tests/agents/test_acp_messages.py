"""People's messages change what real agents do that are used through the Agent Client Protocol."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.agents.agents import GEMINI, OPENCODE, Agent, run
from tests.agents.marks import parametrize_agents
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.testbed import PROMPT, AgentTestbed
from tests.muster.worker.agents.runner.fake_shim_channel import FakeShimChannel
from tests.muster.worker.agents.runner.runner_process import command

COMMANDS = {
    OPENCODE: ["opencode", "acp"],
    GEMINI: ["gemini", "--acp", "--skip-trust", "-m", "gemini-2.5-pro"],
}
SLOW = call("run", command="echo begun > begun; for n in 1 2 3 4 5 6; do sleep 0.5; done")
Grounds = Callable[[Agent], AgentTestbed]


@pytest.fixture
def model() -> Iterator[Model]:
    """gemini sends a request that its vendor refuses, after an interrupt."""
    with Model() as model:
        yield model


class SteeringShim(FakeShimChannel):
    """Sends `mail` once the agent's command runs; `log` has what becomes of it."""

    def __init__(self, at: AgentTestbed, mail: dict[str, Any]) -> None:
        super().__init__(self._send_mail)
        self.log: list[str] = []
        self._at, self._mail = at, mail
        self._is_sent = threading.Event()

    def _send_mail(self) -> None:
        if (self._at.workspace / "begun").exists() and not self._is_sent.is_set():
            self._is_sent.set()
            self._answers.append(self._mail)

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        for kind in ("handed", "receipt", "ignored", "idle"):
            if kind in message:
                self.log += [kind] if kind != "idle" else []
                return {"ok": 0}
        if message.get("ask"):
            self.asked.append(message["ask"])
            self._answers.append({"answer": {"number": 7, "input": "Do B."}})
            return {"ok": 7}
        return super()._answer(message)


def steer(at: AgentTestbed, **mail: Any) -> tuple[SteeringShim, list[bool]]:
    """A stage in which that comes; and which requests to the model have it."""
    play = at.model.play(turn("I wait.", SLOW), turn("I do it."), turn("Done."))
    asked = {"text": PROMPT, "permissions": "all", "session": None, "servers": []}
    argv = command(json.dumps(asked), *COMMANDS[at.agent], format_name="acp")
    with SteeringShim(at, mail) as shim:
        variables = at.agent.environment(at.model.url, play.key)
        variables |= {"HOME": str(at.home), **shim.variables}
        ended = run(argv, at.workspace, variables, inherits=(shim.descriptor,), within=300)
    assert ended.status == 0, (ended.stdout, ended.stderr)
    return shim, ["Do B." in str(seen.body) for seen in play.main]


def message(when: str) -> dict[str, Any]:
    return {"number": 4, "text": "Do B.", "author": "Ada", "when": when}


@parametrize_agents(OPENCODE, GEMINI)
def test_a_message_starts_the_next_turn(agent: Agent, testbed: Grounds) -> None:
    shim, requests = steer(testbed(agent), message=message("next"))
    assert requests == [False, False, True]
    assert shim.log == ["handed", "receipt"]
    [entry] = [each for each in shim.entries if "number" in each["data"]]
    assert (entry["text"], entry["data"]["author"]) == ("Do B.", "Ada")


@parametrize_agents(OPENCODE, GEMINI)
def test_an_urgent_message_cancels_the_turn(agent: Agent, testbed: Grounds) -> None:
    shim, requests = steer(testbed(agent), message=message("now"))
    assert requests == [False, True]
    assert shim.log == ["handed", "receipt"]
    assert shim.facts.get("failure") is None


@parametrize_agents(OPENCODE, GEMINI)
def test_an_interrupted_agent_asks_and_gets_the_answer(agent: Agent, testbed: Grounds) -> None:
    shim, requests = steer(testbed(agent), interrupt={"number": 1, "author": "Ada"})
    assert [each["question"] for each in shim.asked] == ["Stopped by Ada. What now?"]
    assert shim.asked[0]["interrupt"] == 1
    assert requests == [False, True]
    assert shim.facts.get("failure") is None
