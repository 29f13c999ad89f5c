"""People steer each real agent on each ground, through the whole of Muster: they allow and deny
what it wants to do, send it messages, and interrupt it. Its machine's daemon restarts meanwhile.

One task for each, in which all that happens one after the other.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from muster.protocol.attempt_key import AttemptKey
from tests.agents.agents import CLAUDE, CODEX, GEMINI, OPENCODE, Agent
from tests.agents.marks import needs_agent
from tests.agents.model.play import Play
from tests.agents.model.script import Step, call, turn
from tests.agents.model.server import Model
from tests.agents.service import AgentProject, MachineUser, Service, transcript
from tests.flows.running_stack import FollowedTask, wait_for

NEXT, NOW, REASON, ANSWER = "Do B, too.", "Do C instead.", "Use make for D.", "Go on with E."
# No agent knows these commands to be harmless.
WAIT = (
    "python3 -c \"import os, time; open('begun-0', 'w')\n"
    "while not os.path.exists('go'): time.sleep(0.1)\nprint('gone')\""
)
SLEEP = "python3 -c \"import time; open('begun-{}', 'w'); time.sleep({})\""
DENIED = "python3 -c \"open('denied', 'w')\""
TIMEOUT_SECONDS = 150.0  # an agent takes long to start where much else runs
# gemini wants its kind of login in a file: for its own type, the adapter writes it.
SETTINGS = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
GEMINI_OVER_ACP = (
    'sh -c \'mkdir -p ~/.gemini; echo "$0" > ~/.gemini/settings.json; exec "$@"\' '
    f"'{json.dumps(SETTINGS)}' gemini --acp --skip-trust -m gemini-2.5-pro"
)


@dataclass(frozen=True)
class Way:
    """How an agent is used: with the command, through the protocol. `turns` are its model's, by
    what the request before them has that is new. The type `opencode` can't ask."""

    agent: Agent
    turns: tuple[str, ...]
    command: str | None = None
    asks: bool = True


# codex and claude read a message in the middle of their turn, the others when it has ended. gemini
# answers to a denial before it gets the reason.
WAYS = {
    "claude": Way(CLAUDE, ("", NEXT, NOW, REASON, ANSWER)),
    "codex": Way(CODEX, ("", NEXT, NOW, REASON, ANSWER)),
    "opencode": Way(OPENCODE, ("", "gone", NEXT, NOW, ANSWER), asks=False),
    "opencode-acp": Way(OPENCODE, ("", "gone", NEXT, NOW, REASON, ANSWER), "opencode acp"),
    "gemini-acp": Way(GEMINI, ("", "gone", NEXT, NOW, "denied", REASON, ANSWER), GEMINI_OVER_ACP),
}


class SteeredTask:
    """A task of an agent that waits, sleeps, and wants to do what people deny."""

    def __init__(self, service: Service, place: MachineUser, way: Way, model: Model) -> None:
        self.service, self.place, self.way = service, place, way
        self.sleeps = [f"600.{uuid.uuid4().int % 10**9}" for _ in range(2)]
        self.play = self._script(model)
        project: dict[str, Any] = {}
        if way.command is not None:
            # opencode asks only if it has to; the variable means nothing to others.
            asking = {"OPENCODE_PERMISSION": '{"bash": "ask"}'}
            project = {"agentType": "acp", "agentCommand": way.command, "environment": asking}
        self.given: AgentProject = service.given(place, way.agent, model.url, self.play, **project)
        options = {"approvals": "ask", "permissions": None} if way.asks else {}
        if way.command is not None:
            options |= {"model": None}
        self.task: FollowedTask = self.given.ask("Do A.", **options)
        self.workspace = place.layout.workspace(AttemptKey(self.task.id, 1))

    def _script(self, model: Model) -> Play:
        first, second = (SLEEP.format(*each) for each in enumerate(self.sleeps, 1))
        steps: dict[str, Step] = {
            "": turn("I wait.", call("run", command=WAIT)),
            NEXT: turn("I do B.", call("run", command=first)),
            NOW: turn("I do C.", call("run", command=DENIED if self.way.asks else second)),
            REASON: turn("I use make.", call("run", command=second)),
        }
        return model.play(*(steps.get(each, turn("Well.")) for each in self.way.turns))

    def wait_until_at_work(self) -> None:
        """Until it asks for its first command, or that runs, and takes messages."""
        if self.way.asks:
            self.wait_for_gate("permission")
        else:
            self.wait_for_command(0)
        self.wait_until_offered("message")

    def allow_through_restart(self) -> None:
        """Allow the first command while there is no daemon."""
        self.place.kill()
        self.decide("allow_once")
        self.service.stack.restart(self.place.process)

    def decide(self, result: str, comment: str | None = None) -> None:
        """Answer the agent's permission request, once it is there."""
        if not self.way.asks:
            return
        gate = self.wait_for_gate("permission")
        body = {"stageIndex": gate["stageIndex"], "result": result}
        self.task.act("confirm-stage", body | ({"comment": comment} if comment else {}))

    def wait_for_gate(self, kind: str) -> dict[str, Any]:
        self.task.wait_for_status("suspended", patience=TIMEOUT_SECONDS)
        gate = dict(self.service.api.get(f"{self.task.path}/pending-confirm"))
        assert gate["kind"] == kind, gate
        return gate

    def wait_for_command(self, number: int) -> None:
        begun = self.workspace / f"begun-{number}"
        self.task.wait_for(begun.exists, f"command {number}", TIMEOUT_SECONDS)

    def wait_until_offered(self, action: str) -> None:
        """A daemon that has just started asks agents for their versions first."""
        self.task.wait_for(lambda: action in self.task.now()["allowedActions"], action)

    def wait_for_shim(self, number: int) -> None:
        """Until the shim has that message."""
        path = self.place.layout.attempt(AttemptKey(self.task.id, 1)) / "messages.json"
        mark = f'"number": {number}'
        self.task.wait_for(
            lambda: path.exists() and mark in json.dumps(json.loads(path.read_bytes())),
            f"message {number}",
        )

    def wait_until_stopped(self, seconds: str) -> None:
        mark = f"time.sleep({seconds})".encode()
        wait_for(lambda: not any(mark in each for each in self.given.living), f"end of {seconds}")

    def first_seen(self, text: str) -> int:
        """The number of the model's first request that has it."""
        requests = [json.dumps(seen.body) for seen in self.play.main]
        return next((n for n, each in enumerate(requests) if text in each), -1)


@pytest.mark.parametrize(
    "way",
    [pytest.param(way, id=name, marks=needs_agent(way.agent)) for name, way in WAYS.items()],
)
def test_people_steer_an_agent_through_its_daemons_restarts(
    way: Way, service: Service, place: MachineUser
) -> None:
    with Model() as model:
        at = SteeredTask(service, place, way, model)
        at.wait_until_at_work()
        at.task.act("messages", {"text": NEXT})
        at.wait_for_shim(1)
        at.allow_through_restart()
        at.wait_for_command(0)
        (at.workspace / "go").touch()

        at.decide("allow_once")
        at.wait_for_command(1)
        at.wait_until_offered("message")
        at.task.act("messages", {"text": NOW, "when": "now"})
        at.wait_until_stopped(at.sleeps[0])
        at.decide("deny", REASON)

        at.decide("allow_once")
        at.wait_for_command(2)
        at.task.act("interrupt")
        question = at.wait_for_gate("question")
        assert question["prompt"].startswith("Stopped by ")
        at.wait_until_stopped(at.sleeps[1])
        at.task.answer(question["stageIndex"], ANSWER)
        done = at.task.wait_for_status("completed", patience=TIMEOUT_SECONDS)

    assert (done["attempt"], at.play.left) == (1, 0)
    wanted = {text: n for n, text in enumerate(way.turns) if text in (NEXT, NOW, REASON, ANSWER)}
    assert {text: at.first_seen(text) for text in wanted} == wanted
    sent = service.api.get(f"{at.task.path}/messages")["items"]
    assert sorted((each["number"], each["state"]) for each in sent) == [
        (1, "delivered"),
        (2, "delivered"),
    ]
    texts = [each["text"] for each in transcript(at.task, "message")]
    assert [each for each in texts if each in (NEXT, NOW)] == [NEXT, NOW]
    assert not (at.workspace / "denied").exists()
