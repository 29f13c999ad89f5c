"""Real agents that are spoken to, by a narrator, with the Agent Client Protocol."""

import json
from collections.abc import Callable, Sequence

from tests.agents.agents import GEMINI, OPENCODE, Agent, run
from tests.agents.marks import needs_agent, parametrize_agents
from tests.agents.model.play import Play
from tests.agents.model.script import FOREVER, Refusal, call, turn
from tests.agents.testbed import PROMPT, AgentTestbed, repair
from tests.muster.worker.agents.runner.fake_shim_channel import FakeShimChannel
from tests.muster.worker.agents.runner.runner_process import command

Grounds = Callable[[Agent], AgentTestbed]
COMMANDS = {
    OPENCODE: ["opencode", "acp"],
    GEMINI: ["gemini", "--acp", "--skip-trust", "-m", "gemini-2.5-pro"],
}


def ask(
    at: AgentTestbed,
    play: Play | str,
    text: str = PROMPT,
    session: str | None = None,
    permissions: str = "all",
    choices: Sequence[str | None] = (None,),
) -> tuple[int | None, FakeShimChannel]:
    """The status, and all that was told."""
    asked = {"text": text, "permissions": permissions, "session": session, "servers": []}
    argv = command(json.dumps(asked), *COMMANDS[at.agent], format_name="acp")
    key = play if isinstance(play, str) else play.key
    with FakeShimChannel() as heard:
        heard.choices = choices
        variables = at.agent.environment(at.model.url, key, may_run=permissions == "all")
        variables |= {"HOME": str(at.home), **heard.variables}
        ended = run(argv, at.workspace, variables, inherits=(heard.descriptor,))
    return ended.status, heard


@parametrize_agents(OPENCODE, GEMINI)
def test_it_repairs_a_package_and_opencode_goes_on_where_it_stood(
    agent: Agent, testbed: Grounds
) -> None:
    at = testbed(agent)
    play = at.model.play(*repair())
    status, channel = ask(at, play)
    assert (status, play.left) == (0, 0), channel.entries
    assert at.is_repaired
    kinds = [entry["kind"] for entry in channel.entries if "call" in entry["data"]]
    assert kinds == ["tool", "edit", "command"]
    assert channel.of_kind("command")[0]["data"]["command"].startswith("python3 -m unittest -v")
    assert [entry["text"] for entry in channel.of_kind("message")][-1] == "Repaired."
    if agent is OPENCODE:
        play.then(turn("I mended it."))
        status, again = ask(at, play, "What did you do?", channel.facts["session"])
        assert (status, play.left) == (0, 0)
        assert [entry["text"] for entry in again.of_kind("message")] == ["I mended it."]
        assert PROMPT in str(play.main[-1].body)


@needs_agent(OPENCODE)
def test_what_a_command_of_opencode_prints_is_passed_on_while_it_runs(testbed: Grounds) -> None:
    at = testbed(OPENCODE)
    command_line = "for n in 1 2 3 4 5 6; do echo line $n; sleep 0.5; done"
    play = at.model.play(turn(call("run", command=command_line)), turn("Done."))
    status, channel = ask(at, play)
    assert status == 0
    [ran] = channel.of_kind("command")
    outputs = [each for each in channel.deltas if each["kind"] == "output"]
    assert {each["entry"] for each in outputs} == {channel.entries.index(ran)}
    assert len(outputs) > 2
    assert ran["text"].startswith("".join(each["text"] for each in outputs))


@needs_agent(OPENCODE)
def test_a_person_allows_opencode_what_it_may_not(testbed: Grounds) -> None:
    at = testbed(OPENCODE)
    play = at.model.play(*(turn(call("run", command=f"echo {word}")) for word in ("one", "two")))
    _, channel = ask(at, play, permissions="edit", choices=["Allow once", "Reject"])
    offered = ["Allow once", "Always allow", "Reject"]
    assert [question["choices"] for question in channel.asked] == [offered, offered]
    [allowed], [denied] = channel.of_kind("command"), channel.of_kind("denied")
    assert allowed["data"]["command"] == "echo one"
    assert "echo two" in str(denied)
    assert channel.facts["denied"] == 1


@needs_agent(GEMINI)
def test_a_wrong_key_of_gemini_is_told(testbed: Grounds) -> None:
    status, channel = ask(testbed(GEMINI), "sk-wrong")
    assert (status, channel.facts["failure"]["kind"]) == (1, "auth")


@needs_agent(GEMINI)
def test_a_limit_of_gemini_is_told(testbed: Grounds) -> None:
    """opencode waits for it, as long as it is told to, and the protocol has no word for that."""
    at = testbed(GEMINI)
    status, channel = ask(at, at.model.play(Refusal("rate_limited", 3600, FOREVER)))
    assert (status, channel.facts["failure"]["kind"]) == (1, "rate_limit")
