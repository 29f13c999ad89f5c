from pathlib import Path

import pytest

from muster.protocol.frames import AgentOptions, Author, Repo, RunStage
from muster.worker.agents import stage_command
from muster.worker.agents.adapters.adapter import AgentInvocation
from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS
from tests.muster.worker.agents.test_headless import make_sandbox


def order(text: str = "do it", kind: str = "agent", command: str | None = None) -> RunStage:
    return RunStage(
        7, 1, 0, "develop", kind, text, {}, "claude", 60.0,
        Repo("u", "main", "b"), "shop", Author("A", "a@x"), agent_command=command,
    )  # fmt: skip


def test_a_shell_stage_is_a_script_for_bash_whatever_the_agent() -> None:
    made = stage_command.build_argv(order("make test", "shell"), None, AgentInvocation("make test"))
    assert made == ["bash", "-c", "make test"]


@pytest.mark.parametrize("agent", ["claude", None])
def test_what_no_process_can_be_given_is_refused(agent: str | None) -> None:
    adapter = BUILTIN_ADAPTERS.get(agent) if agent else None
    with pytest.raises(ValueError, match="NUL"):
        stage_command.build_argv(order("a\0b", command="x"), adapter, AgentInvocation("a\0b"))


@pytest.mark.parametrize(("agent", "permissions"), [("claude", "edit"), ("opencode", "all")])
def test_only_an_agent_that_can_ask_may_do_less_for_that(
    tmp_path: Path, agent: str, permissions: str
) -> None:
    adapter = BUILTIN_ADAPTERS.get(agent)
    assert adapter is not None
    ask = AgentInvocation("do it", AgentOptions(approvals="ask"))
    read = stage_command._read_by_runner(ask, adapter, make_sandbox(tmp_path), can=True)
    assert (read.takes_messages, read.permissions) == (True, permissions)
