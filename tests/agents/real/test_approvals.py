"""Real agents ask before they act: one command is allowed once, another denied with a reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from muster.protocol.frames import AgentOptions
from muster.worker.agents.adapters import acp, codex
from muster.worker.agents.adapters.adapter import AgentInvocation
from muster.worker.agents.adapters.claude import CLAUDE as CLAUDE_ADAPTER
from muster.worker.agents.adapters.codex import CODEX as CODEX_ADAPTER
from tests.agents.agents import CLAUDE, CODEX, GEMINI, OPENCODE, Agent, run
from tests.agents.marks import parametrize_agents
from tests.agents.model.play import Play
from tests.agents.model.script import call, turn
from tests.agents.testbed import AgentTestbed
from tests.muster.worker.agents.runner.fake_shim_channel import FakeShimChannel
from tests.muster.worker.agents.runner.runner_process import command

Grounds = Callable[[Agent], AgentTestbed]
OVER_ACP = {
    OPENCODE: ["opencode", "acp"],
    GEMINI: ["gemini", "--acp", "--skip-trust", "-m", "gemini-2.5-pro"],
}
WRITE = "python3 -c \"open('{}', 'w')\""
REASON = "Use make for that."
DECISIONS = [{"permission": "allow_once"}, {"permission": "deny", "comment": REASON}]


def runner_command(agent: Agent) -> list[str]:
    """Return the command of a runner that has the agent ask."""
    ask = AgentInvocation(
        "Write the files.",
        AgentOptions(approvals="ask"),
        is_structured=True,
        takes_messages=True,
    )
    if agent in OVER_ACP:
        return command(acp.session_request(ask), *OVER_ACP[agent], format_name="acp")
    adapter = CLAUDE_ADAPTER if agent is CLAUDE else CODEX_ADAPTER
    request = (
        acp.session_request(ask) if agent is CLAUDE else codex.thread_request(CODEX_ADAPTER, ask)
    )
    assert adapter.messages is not None
    name = adapter.messages.format
    return command(request, *adapter.argv(ask), format_name=name)


def run_asking(
    at: AgentTestbed, play: Play, decisions: list[dict[str, Any]]
) -> tuple[int | None, FakeShimChannel]:
    """Return the exit status, and what the runner has sent."""
    with FakeShimChannel() as channel:
        channel.decisions = decisions
        variables = at.agent.environment(at.model.url, play.key, may_run=False)
        variables |= {"HOME": str(at.home), **channel.variables}
        ended = run(
            runner_command(at.agent), at.workspace, variables, inherits=(channel.descriptor,)
        )
    return ended.status, channel


@parametrize_agents(CLAUDE, CODEX, OPENCODE, GEMINI)
def test_a_command_is_allowed_once_and_another_denied_with_a_reason(
    agent: Agent, testbed: Grounds
) -> None:
    at = testbed(agent)
    commands = [WRITE.format(name) for name in ("one", "two")]
    play = at.model.play(*(turn(call("run", command=each)) for each in commands), turn("Done."))
    if agent is GEMINI:  # the reason comes after its turn, as a prompt
        play.then(turn("I see."))
    status, channel = run_asking(at, play, DECISIONS)
    assert (status, play.left) == (0, 0), channel.entries
    wanted = [asked["permission"] for asked in channel.asked]
    assert [each["arguments"] for each in wanted] == commands
    assert {Path(each["folder"]) for each in wanted} == {at.workspace}
    assert [(at.workspace / name).exists() for name in ("one", "two")] == [True, False]
    assert REASON in json.dumps(play.main[-1].body), "the agent knows why"
    assert len(channel.of_kind("denied")) == 1
