"""A budget that is used stops a real agent in mid-stage, and a person lets it go on."""

from threading import Event

from tests.agents.agents import AGENTS, GEMINI, Agent
from tests.agents.marks import parametrize_agents
from tests.agents.model.script import Turn, Usage, call, turn
from tests.agents.model.server import Model
from tests.agents.service import Service, token_usage
from tests.agents.testbed import RIGHT, WRONG

TOKENS = 5000
ANSWER = 800  # the tokens that a step after the long one takes, at most
NOTE = "echo begun > notes"


def script(stopped: Event) -> tuple[list[Turn], list[Turn]]:
    """Up to a step that takes long, before which the budget is used; and what is done then, once
    it has been stopped: an agent lives on for a while, and would go on meanwhile."""
    path = "arithmetic/__init__.py"
    begun = turn("I begin.", call("run", command=NOTE), usage=Usage(2000, 0, 100))
    much = turn("Much to read.", call("read", path=path), usage=Usage(1000, 3000, 200))
    slow = turn(call("run", command="sleep 60"), usage=Usage())
    again = turn("I read it.", call("read", path=path), usage=Usage(100, 500, 50), after=stopped)
    mend = turn(call("edit", path=path, old=WRONG, new=RIGHT), usage=Usage(100, 600, 60))
    return [begun, much, slow], [again, mend, turn("Repaired.", usage=Usage(100, 700, 10))]


@parametrize_agents(*AGENTS)
def test_its_budget_stops_it_at_a_gate_and_an_answer_lets_it_go_on(
    service: Service, model: Model, agent: Agent
) -> None:
    """In the same session, but for gemini, which begins anew on its own work."""
    stopped = Event()
    before, then = script(stopped)
    play = model.play(*before, *then)
    given = service.given(service.places["root"], agent, model.url, play)
    task = given.ask("Repair the package.", budget={"tokens": TOKENS})
    suspended = task.wait_for_status("suspended", patience=120)
    assert suspended["suspendReason"] == "budget"
    assert not given.living
    asked = len(play.main)
    stopped.set()
    assert TOKENS < _input_tokens(token_usage(task))[0] <= _input_tokens(play.total)[0]
    gate = service.api.get(f"{task.path}/pending-confirm")
    assert (gate["kind"], gate["choices"]) == ("budget", ["continue", "stop"])
    assert gate["diff"]["filesChanged"] == 1

    task.answer(0, "continue")
    done = task.wait_for_status("completed", patience=120)
    assert (done["attempt"], play.left) == (1, 0)
    assert given.is_repaired(done["branch"])
    # What it asks for while it is stopped it may not live to tell.
    assert 0 <= _input_tokens(play.total)[0] - _input_tokens(token_usage(task))[0] <= ANSWER
    going_on = str(play.main[asked].body)
    assert (NOTE in going_on) == (agent is not GEMINI)


def _input_tokens(usage: Usage) -> tuple[int, int]:
    """What was given to the model, and of that what was cached: of what it makes claude does not
    tell before its end."""
    return usage.input + usage.cached, usage.cached
