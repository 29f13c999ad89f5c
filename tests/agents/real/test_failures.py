"""Why an agent could not work is in the task's failure, one reason apart from the other."""

from collections.abc import Collection

import pytest

from tests.agents.agents import CLAUDE, CODEX, GEMINI, OPENCODE, Agent, need
from tests.agents.model.script import FOREVER, Refusal, Trouble, turn
from tests.agents.model.server import Model
from tests.agents.service import Service

CODES: dict[Trouble, str] = {
    "unauthorized": "agent_unauthorized",
    "rate_limited": "agent_rate_limited",
    "quota": "agent_quota",
    "overloaded": "agent_overloaded",
}


# The other two wait for most limits as long as they may.
@pytest.mark.parametrize(
    ("agent", "troubles"),
    [
        pytest.param(CLAUDE, CODES, id="claude"),
        pytest.param(CODEX, CODES, id="codex"),
        pytest.param(OPENCODE, ["unauthorized"], id="opencode"),
        pytest.param(GEMINI, ["unauthorized", "quota"], id="gemini"),
    ],
)
def test_each_reason_has_a_code_and_the_agents_words(
    service: Service, model: Model, agent: Agent, troubles: Collection[Trouble]
) -> None:
    """In one project, which keeps others from nothing; and the last one works, for whoever fails in
    several one after the other is taken from all for a while."""
    need(agent)
    root = service.places["root"]
    given = service.given(root, agent, model.url, "sk-of-nobody", onQuota="fail")
    for trouble in troubles:
        if trouble != "unauthorized":
            given.take(model.play(Refusal(trouble, last=FOREVER)))
        failure = given.ask("Work.").until("failed", patience=120)["failure"]
        assert failure["code"] == CODES[trouble], failure
        assert ": " in failure["message"]
    given.take(model.play(turn("Done.")))
    given.ask("Work.").until("completed", patience=120)
