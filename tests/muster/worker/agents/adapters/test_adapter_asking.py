"""Each agent whose output is read gets the MCP server, in its own format."""

import json
import tomllib
from typing import Any

import pytest

from muster.worker.agents.adapters.adapter import CALL_TIMEOUT_SECONDS, Adapter, AgentInvocation
from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS
from muster.worker.agents.runner import formats
from muster.worker.shim.entries import _MAX_ANSWER_TIMEOUT_SECONDS

SERVER = ("/run/python", "-c", 'say("a \\ {b}")', "/run/lib")
ASKING, PLAIN = (
    AgentInvocation("do it", is_structured=True, mcp_server=SERVER),
    AgentInvocation("do it", is_structured=True),
)


def known(name: str) -> Adapter:
    adapter = BUILTIN_ADAPTERS.get(name)
    assert adapter is not None
    return adapter


def written(name: str, path: str, ask: AgentInvocation = ASKING, **variables: str) -> Any:
    files = dict(known(name).home_files(variables, "/workspace", ask))
    return json.loads(files[path]) if path in files else None


def test_claude_is_given_it_in_json_and_may_use_it() -> None:
    argv = known("claude").argv(ASKING)
    given = json.loads(argv[argv.index("--mcp-config") + 1])
    assert given == {"mcpServers": {"muster": {"command": SERVER[0], "args": [*SERVER[1:]]}}}
    assert argv[argv.index("--allowedTools") + 1] == "mcp__muster"
    assert known("claude").variables(ASKING)["MCP_TOOL_TIMEOUT"] == str(CALL_TIMEOUT_SECONDS * 1000)


def test_codex_is_given_it_in_toml() -> None:
    argv = known("codex").argv(ASKING)
    settings = [argv[at + 1] for at, word in enumerate(argv) if word == "-c"]
    assert tomllib.loads("\n".join(settings))["mcp_servers"]["muster"] == {
        "command": SERVER[0],
        "args": [*SERVER[1:]],
        "env_vars": ["MUSTER_ASKING"],
        "tool_timeout_sec": CALL_TIMEOUT_SECONDS,
    }
    assert "ask_human" in dict(known("codex").home_files({}, "/w", ASKING))[".codex/AGENTS.md"]


@pytest.mark.parametrize("variables", [{}, {"GEMINI_API_KEY": "k"}], ids=["no key", "a key"])
def test_gemini_has_it_in_its_settings_beside_the_others(variables: dict[str, str]) -> None:
    plain = written("gemini", ".gemini/settings.json", PLAIN, **variables)
    settings = written("gemini", ".gemini/settings.json", **variables)
    muster = settings.pop("mcpServers")["muster"]
    assert settings == plain
    assert [muster["command"], *muster["args"]] == [*SERVER]
    assert muster["timeout"] == CALL_TIMEOUT_SECONDS * 1000


def test_opencode_has_it_in_a_file_of_its_own() -> None:
    muster = written("opencode", ".config/opencode/opencode.json")["mcp"]["muster"]
    assert muster["command"] == [*SERVER]
    assert written("opencode", ".config/opencode/opencode.json", PLAIN) is None


@pytest.mark.parametrize("adapter", [*BUILTIN_ADAPTERS], ids=lambda adapter: adapter.name)
def test_without_a_server_nothing_is_said_of_it(adapter: Adapter) -> None:
    words = [*adapter.argv(PLAIN), *adapter.variables(PLAIN)]
    words += [text for _, text in adapter.home_files({}, "/workspace", PLAIN)]
    assert not [word for word in words if "mcp" in word.lower() or "{arguments}" in word]
    assert (adapter.mcp is not None) == (adapter.format in formats.JSON_FORMATS)


def test_agents_wait_longer_for_a_call_than_people_are_waited_for() -> None:
    assert CALL_TIMEOUT_SECONDS > _MAX_ANSWER_TIMEOUT_SECONDS
    assert CALL_TIMEOUT_SECONDS * 1000 < 1 << 31, "what a timer of Node holds"
