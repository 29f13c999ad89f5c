"""Why an agent could not work is in the task's failure, one reason apart from the other."""

import pytest

from tests.agents.agents import CLAUDE, CODEX, GEMINI, OPENCODE, Agent, need
from tests.agents.model.play import Play
from tests.agents.model.script import FOREVER, Refusal, Trouble
from tests.agents.model.server import Model
from tests.agents.service import Service

REASONS: dict[Trouble, str] = {
    "unauthorized": "agent_unauthorized",
    "rate_limited": "agent_rate_limited",
    "quota": "agent_quota",
    "overloaded": "agent_overloaded",
}


@pytest.mark.parametrize("agent", [CLAUDE, CODEX], ids=lambda agent: agent.name)
@pytest.mark.parametrize("trouble", REASONS)
def test_the_reason_is_told(service: Service, model: Model, agent: Agent, trouble: Trouble) -> None:
    failure = _failed(service, model, agent, trouble)
    assert failure["code"] == REASONS[trouble], failure


@pytest.mark.parametrize("agent", [OPENCODE, GEMINI], ids=lambda agent: agent.name)
def test_a_wrong_key_is_told(service: Service, model: Model, agent: Agent) -> None:
    failure = _failed(service, model, agent, "unauthorized")
    assert failure["code"] == REASONS["unauthorized"], failure
    assert "invalid api key" in failure["message"]


def test_a_limit_of_geminis_is_told(service: Service, model: Model) -> None:
    failure = _failed(service, model, GEMINI, "quota")
    assert failure["code"] == REASONS["quota"], failure


def _failed(service: Service, model: Model, agent: Agent, trouble: Trouble) -> dict[str, str]:
    need(agent)
    key: Play | str = model.play(Refusal(trouble, last=FOREVER))
    if trouble == "unauthorized":
        key = "sk-of-nobody"
    given = service.given(service.places["root"], agent, model.url, key)
    task = given.ask("Work.")
    failure: dict[str, str] = task.until("failed")["failure"]
    return failure
