"""A real agent goes on after a follow-up: in its session where that is, else with the history."""

from tests.agents.agents import AGENTS, CLAUDE, CODEX, OPENCODE, Agent
from tests.agents.marks import needs_agent, parametrize_agents
from tests.agents.model.script import call, turn
from tests.agents.model.server import Model
from tests.agents.service import MachineUser, Service, transcript

NOTE = "echo begun > notes"
GOES_ON = (CLAUDE, CODEX, OPENCODE)  # by the id of a session


@parametrize_agents(*AGENTS)
def test_it_goes_on_where_it_stood(service: Service, model: Model, agent: Agent) -> None:
    play = model.play(
        turn("I begin.", call("run", command=NOTE)), turn("Done."), turn("Done again.")
    )
    given = service.given(service.places["root"], agent, model.url, play)
    task = given.ask("{description}")
    task.wait_for_status("completed", patience=120)
    task.act("follow-ups", {"instruction": "Nearly; but."})
    done = task.wait_for_status("completed", patience=120)
    assert (done["round"], done["attempt"], play.left) == (2, 2, 0)
    asked = str(play.main[-1].body)
    assert "Nearly; but." in asked
    # In its session it knows what it ran itself; else it is told what it was asked.
    is_same = agent in GOES_ON
    assert (NOTE in asked, "The original request was:" in asked) == (is_same, not is_same)
    assert transcript(task)[0]["title"] == "Follow-up, round 2: Nearly; but."


@needs_agent(CLAUDE)
def test_where_the_workspace_lies_elsewhere_it_is_told_the_history(
    service: Service, model: Model, place: MachineUser
) -> None:
    """Without a full room a session is of a workspace that is no more."""
    play = model.play(turn("I begin.", call("run", command=NOTE)), turn("Done."), turn("Again."))
    project = service.given(place, CLAUDE, model.url, play)
    task = project.ask("{description}")
    task.wait_for_status("completed", patience=120)
    task.act("follow-ups", {"instruction": "Nearly; but."})
    done = task.wait_for_status("completed", patience=120)
    assert (done["round"], play.left) == (2, 0)
    has_history = "The original request was:" in str(play.main[-1].body)
    assert has_history == (place is not service.places["root"])
