"""Real agents that are spoken to, by a narrator, with the Agent Client Protocol."""

import json
from collections.abc import Callable, Sequence

from tests.agents.agents import GEMINI, OPENCODE, Agent, run
from tests.agents.marks import needs_agent, parametrize_agents
from tests.agents.model.play import Play
from tests.agents.model.script import FOREVER, Refusal, call, turn
from tests.agents.testbed import PROMPT, Ground, repair
from tests.muster.worker.agents.runner.fake_shim_channel import Listening
from tests.muster.worker.agents.runner.runner_process import command

Grounds = Callable[[Agent], Ground]
COMMANDS = {
    OPENCODE: ["opencode", "acp"],
    GEMINI: ["gemini", "--acp", "--skip-trust", "-m", "gemini-2.5-pro"],
}


def ask(
    at: Ground,
    play: Play | str,
    text: str = PROMPT,
    session: str | None = None,
    permissions: str = "all",
    choices: Sequence[str | None] = (None,),
) -> tuple[int | None, Listening]:
    """The status, and all that was told."""
    asked = {"text": text, "permissions": permissions, "session": session, "servers": []}
    argv = command(json.dumps(asked), *COMMANDS[at.agent], format_name="acp")
    key = play if isinstance(play, str) else play.key
    with Listening() as heard:
        heard.choices = choices
        variables = at.agent.environment(at.model.url, key, may_run=permissions == "all")
        variables |= {"HOME": str(at.home), **heard.variables}
        ended = run(argv, at.workspace, variables, inherits=(heard.descriptor,))
    return ended.status, heard


@parametrize_agents(OPENCODE, GEMINI)
def test_it_repairs_a_package_and_opencode_goes_on_where_it_stood(
    agent: Agent, ground: Grounds
) -> None:
    at = ground(agent)
    play = at.model.play(*repair())
    status, told = ask(at, play)
    assert (status, play.left) == (0, 0), told.entries
    assert at.is_repaired
    kinds = [entry["kind"] for entry in told.entries if "call" in entry["data"]]
    assert kinds == ["tool", "edit", "command"]
    assert told.of_kind("command")[0]["data"]["command"].startswith("python3 -m unittest -v")
    assert [entry["text"] for entry in told.of_kind("message")][-1] == "Repaired."
    if agent is OPENCODE:
        play.then(turn("I mended it."))
        status, again = ask(at, play, "What did you do?", told.facts["session"])
        assert (status, play.left) == (0, 0)
        assert [entry["text"] for entry in again.of_kind("message")] == ["I mended it."]
        assert PROMPT in str(play.main[-1].body)


@needs_agent(OPENCODE)
def test_a_person_allows_opencode_what_it_may_not(ground: Grounds) -> None:
    at = ground(OPENCODE)
    play = at.model.play(*(turn(call("run", command=f"echo {word}")) for word in ("one", "two")))
    _, told = ask(at, play, permissions="edit", choices=["Allow once", "Reject"])
    offered = ["Allow once", "Always allow", "Reject"]
    assert [asked["choices"] for asked in told.asked] == [offered, offered]
    [allowed], [denied] = told.of_kind("command"), told.of_kind("denied")
    assert allowed["data"]["command"] == "echo one"
    assert "echo two" in str(denied)
    assert told.facts["denied"] == 1


@needs_agent(GEMINI)
def test_a_wrong_key_of_gemini_is_told(ground: Grounds) -> None:
    status, told = ask(ground(GEMINI), "sk-wrong")
    assert (status, told.facts["failure"]["kind"]) == (1, "auth")


@needs_agent(GEMINI)
def test_a_limit_of_gemini_is_told(ground: Grounds) -> None:
    """opencode waits for it, as long as it is told to, and the protocol has no word for that."""
    at = ground(GEMINI)
    status, told = ask(at, at.model.play(Refusal("rate_limited", 3600, FOREVER)))
    assert (status, told.facts["failure"]["kind"]) == (1, "rate_limit")
