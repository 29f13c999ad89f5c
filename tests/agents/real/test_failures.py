"""Why an agent could not work is in the task's failure, one reason apart from the other, and known
soon, however long the agent would wait by itself."""

from datetime import datetime

import pytest

from tests.agents.agents import AGENTS, CLAUDE, Agent
from tests.agents.marks import agent_param
from tests.agents.model.script import FOREVER, Refusal
from tests.agents.model.server import Model
from tests.agents.service import Service, transcript

HOUR = 3600.0
REFUSALS: dict[str, Refusal] = {
    "agent_rate_limited": Refusal("rate_limited", HOUR, FOREVER),
    "agent_quota": Refusal("quota", HOUR, FOREVER),
    "agent_overloaded": Refusal("overloaded", last=FOREVER),
}
KNOWN_WITHIN = 60.0  # seconds
TIMEOUT_SECONDS = 120.0


@pytest.mark.parametrize(
    ("agent", "place"),
    [*(agent_param(agent, "root") for agent in AGENTS), agent_param(CLAUDE, "user")],
)
def test_each_reason_has_a_code_and_the_agents_words(
    service: Service, model: Model, agent: Agent, place: str
) -> None:
    """In one project, which keeps others from nothing, and side by side: most of it is waiting.

    Each says the same on both grounds; that it is understood without rooms, too, one shows.
    """
    given = service.given(service.places[place], agent, model.url, "sk-of-nobody", onQuota="fail")
    asked = {"agent_unauthorized": given.ask("Work.")}
    refused = asked["agent_unauthorized"]
    refused.wait_for(lambda: model.strangers, "request with a wrong key", TIMEOUT_SECONDS)
    first = {"agent_unauthorized": model.strangers[0]}
    for code, refusal in REFUSALS.items():
        play = model.play(refusal)
        given.set_key(play)
        asked[code] = given.ask("Work.")
        asked[code].wait_for(lambda seen=play.seen: seen, code, TIMEOUT_SECONDS)
        first[code] = play.seen[0]
    for code, task in asked.items():
        failure = task.wait_for_status("failed", patience=TIMEOUT_SECONDS)["failure"]
        assert failure["code"] == code, failure
        assert ": " in failure["message"]
        known = datetime.fromisoformat(transcript(task, "error")[-1]["at"])
        assert known.timestamp() - first[code].at < KNOWN_WITHIN
