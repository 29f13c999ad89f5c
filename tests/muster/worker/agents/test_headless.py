import json
import os
import subprocess
from pathlib import Path

import pytest

from muster.protocol.frames import AgentOptions, PromptMessage
from muster.worker.agents import headless
from muster.worker.agents.adapters.adapter import AgentInvocation
from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS
from muster.worker.agents.runner import resumed_runs
from muster.worker.sandbox.sandbox import Sandbox
from muster.worker.sandbox.sandboxes import DEFAULT_LIMITS

HERE = AgentOptions()
TERMINAL = AgentOptions(interface="terminal")


@pytest.mark.parametrize(
    ("agent", "options", "is_installed", "expected"),
    [
        ("claude", HERE, True, True),
        ("claude", TERMINAL, True, False),
        ("claude", HERE, False, False),
        ("qwen", HERE, True, False),
        ("custom", HERE, True, False),
    ],
    ids=[
        "an agent",
        "in a terminal",
        "one that is missing",
        "one that is not understood",
        "custom",
    ],
)
def test_what_is_read_is_an_agents_whose_format_is_known(
    tmp_path: Path, agent: str, options: AgentOptions, is_installed: bool, expected: bool
) -> None:
    if is_installed:
        (tmp_path / agent).write_text("#!/bin/sh\n")
        (tmp_path / agent).chmod(0o755)
    has_format = headless.is_output_parsed(
        BUILTIN_ADAPTERS.get(agent), AgentInvocation("x", options), os.fspath(tmp_path)
    )
    assert has_format is expected


def test_a_conversation_gets_its_request_and_the_transcripts_start(tmp_path: Path) -> None:
    claude = BUILTIN_ADAPTERS.get("claude")
    assert claude is not None
    ask = AgentInvocation("do it", takes_messages=True)
    messages = [PromptMessage(4, "Ada", "Do B.")]
    given = (make_sandbox(tmp_path), claude, ask, ["claude", "-p"], "Again", messages)
    *_, name, title, message, end, request, program, option = headless.runner_command(*given)
    assert (name, end, program, option) == ("claude-conversation", "--", "claude", "-p")
    assert json.loads(request)["text"] == "do it"
    assert json.loads(title) == {"followUp": "Again"}
    message_fields = {"number": 4, "author": "Ada", "text": "Do B."}
    assert json.loads(message) == {"message": message_fields}


def test_an_agent_that_reads_no_input_gets_a_command_line_for_each_prompt(tmp_path: Path) -> None:
    opencode = BUILTIN_ADAPTERS.get("opencode")
    assert opencode is not None
    options = AgentOptions(model="m", arguments=["--x={text}"])
    ask = AgentInvocation("do it", options, is_structured=True, takes_messages=True)
    *_, name, end, request = headless.runner_command(make_sandbox(tmp_path), opencode, ask, ["x"])
    assert (name, end) == ("resumed-runs", "--")
    asked = json.loads(request)
    assert (asked["format"], asked["text"], asked["session"]) == ("opencode", "do it", None)
    assert asked["first"][-3:] == ["--x={text}", "--", resumed_runs.TEXT]
    session = ["--session", resumed_runs.SESSION]
    assert asked["further"] == [*asked["first"][:-2], *session, *asked["first"][-2:]]
    assert opencode.argv(ask) == [*asked["first"][:-1], "do it"]


def make_sandbox(directory: Path) -> Sandbox:
    return Sandbox("none", None, directory, directory, directory / "gitconfig", DEFAULT_LIMITS)


def test_the_runner_runs_the_agents_command_as_it_is(tmp_path: Path) -> None:
    claude = BUILTIN_ADAPTERS.get("claude")
    assert claude is not None
    script = """printf '<%s>' "$@"; exit 3"""
    words = ["sh", "-c", script, "sh", "a b", "--", "-x"]
    command = headless.runner_command(make_sandbox(tmp_path), claude, AgentInvocation("x"), words)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (3, "<a b><--><-x>")
