"""Each agent's command line for a stage's options."""

import json
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.protocol.frames import AgentOptions
from muster.worker.agents.adapters.adapter import Adapter, AgentInvocation
from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS

HARD = "it's \"hard\"\n$(touch /tmp/x) `id` {prompt} {options} {session} \\ %s ; & | ünï -- 'x"
TEXT = "-x {text}"
EVERYTHING = AgentOptions("large", "run", ["Git", "Web"], ["--more", "{text}"])
NAMES = [adapter.name for adapter in BUILTIN_ADAPTERS]


def argv(agent: str, **asked: object) -> list[str]:
    adapter = BUILTIN_ADAPTERS.get(agent)
    assert adapter is not None
    return adapter.argv(AgentInvocation(**{"text": TEXT, **asked}))


FIRST = {
    "claude": ["claude", "-p", "--permission-mode", "bypassPermissions", "--", TEXT],
    "codex": ["codex", "exec", "--sandbox", "danger-full-access", "--", TEXT],
    "cursor": ["cursor-agent", "-p", "--trust", "--force", "--", TEXT],
    "gemini": ["gemini", "--skip-trust", "--approval-mode", "yolo", f"--prompt={TEXT}"],
    "opencode": [
        *("opencode", "run", "--print-logs", "--log-level", "ERROR", "--title", "Muster"),
        *("--auto", "--", TEXT),
    ],
    "copilot": ["copilot", "--no-ask-user", "--allow-all", f"--prompt={TEXT}"],
    "qwen": ["qwen", "--approval-mode", "yolo", f"--prompt={TEXT}"],
    "aider": [
        *("aider", "--no-auto-commits", "--no-dirty-commits", "--no-gitignore"),
        *("--no-check-update", "--no-show-release-notes", "--no-analytics"),
        *("--yes-always", "--no-suggest-shell-commands", f"--message={TEXT}"),
    ],
}


@pytest.mark.parametrize("agent", NAMES)
def test_in_a_full_sandbox_an_agent_may_do_all_without_asking(agent: str) -> None:
    assert argv(agent) == FIRST[agent]


BETWEEN = {
    "claude": [
        *("--output-format", "stream-json", "--verbose", "--include-partial-messages"),
        *("--permission-mode", "acceptEdits"),
        *("--allowedTools", "Bash", "--model", "large"),
        *("--allowedTools", "Git", "--allowedTools", "Web", "--more", "{text}", "--resume", "s-1"),
    ],
    "codex": [
        *("--json", "--sandbox", "danger-full-access", "--model", "large"),
        *("--more", "{text}", "resume", "s-1"),
    ],
    "cursor": ["--force", "--model", "large", "--more", "{text}", "--resume", "s-1"],
    "gemini": [
        *("--output-format", "stream-json", "--approval-mode", "auto_edit"),
        *("--allowed-tools=run_shell_command", "--model", "large"),
        *("--allowed-tools=Git", "--allowed-tools=Web", "--more", "{text}"),
    ],
    "opencode": [
        *("--format", "json", "--model", "large", "--more", "{text}", "--session", "s-1"),
    ],
    "copilot": [
        *("--allow-tool=write", "--allow-tool=shell", "--model", "large"),
        *("--allow-tool=Git", "--allow-tool=Web", "--more", "{text}", "--resume=s-1"),
    ],
    "qwen": [
        *("--approval-mode", "auto-edit", "--allowed-tools=run_shell_command"),
        *("--model", "large", "--allowed-tools=Git", "--allowed-tools=Web"),
        *("--more", "{text}", "--resume", "s-1"),
    ],
    "aider": [
        *("--no-stream", "--no-pretty", "--analytics-log", ".aider.requests.jsonl"),
        *("--yes-always", "--no-suggest-shell-commands", "--model", "large"),
        *("--more", "{text}", "--restore-chat-history"),
    ],
}


@pytest.mark.parametrize("agent", NAMES)
def test_all_that_a_project_may_choose_goes_before_the_text(agent: str) -> None:
    *before, _ = argv(
        agent, options=EVERYTHING, session_id="s-1", has_session=True, is_structured=True
    )
    if before[-1] == "--":
        before.pop()
    assert before[-len(BETWEEN[agent]) :] == BETWEEN[agent]


EDITING = {
    "claude": ("--permission-mode", "acceptEdits"),
    "codex": ("--sandbox", "workspace-write"),
    "cursor": ("--force",),
    "gemini": ("--approval-mode", "auto_edit"),
    "opencode": (),
    "copilot": ("--allow-tool=write",),
    "qwen": ("--approval-mode", "auto-edit"),
    "aider": ("--yes-always", "--no-suggest-shell-commands"),
}


@pytest.mark.parametrize("agent", NAMES)
def test_elsewhere_it_may_edit_files_and_no_more(agent: str) -> None:
    allowed = argv(agent, is_fully_sandboxed=False, is_contained=False)
    others = argv(
        agent,
        is_fully_sandboxed=False,
        options=AgentOptions(permissions="edit"),
        is_contained=False,
    )
    assert allowed == others
    places = range(len(allowed))
    assert any(tuple(allowed[at : at + len(EDITING[agent])]) == EDITING[agent] for at in places)
    assert not {"bypassPermissions", "danger-full-access", "yolo", "--allow-all", "--auto"} & {
        *allowed
    }


def test_codex_contains_itself_only_where_nothing_of_ours_contains_it() -> None:
    for permissions in ("edit", "run", "all"):
        options = AgentOptions(permissions=permissions)
        assert "danger-full-access" in argv("codex", options=options)
        own = argv("codex", options=options, is_contained=False)
        assert ("workspace-write" in own) == (permissions != "all")


def test_opencode_gets_its_restrictions_in_a_variable() -> None:
    opencode = BUILTIN_ADAPTERS.get("opencode")
    assert opencode is not None
    kept = opencode.variables(AgentInvocation("x", AgentOptions(permissions="edit")))
    assert json.loads(kept["OPENCODE_PERMISSION"]) == {"bash": "deny"}
    assert "OPENCODE_PERMISSION" not in opencode.variables(AgentInvocation("x"))


TERMINAL = {
    "claude": ["claude", "--", TEXT],
    "codex": ["codex", "--", TEXT],
    "cursor": ["cursor-agent", "--", TEXT],
    "gemini": ["gemini", "--skip-trust", f"--prompt-interactive={TEXT}"],
    "opencode": ["opencode", f"--prompt={TEXT}"],
    "copilot": ["copilot", f"--interactive={TEXT}"],
    "qwen": ["qwen", f"--prompt-interactive={TEXT}"],
    "aider": FIRST["aider"][:-3],
}


@pytest.mark.parametrize("agent", NAMES)
def test_in_a_terminal_it_asks_people_and_is_not_read(agent: str) -> None:
    options = AgentOptions(interface="terminal")
    assert argv(agent, options=options, is_structured=True) == TERMINAL[agent]


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("claude", ["--resume", "s-1"]),
        ("codex", ["resume", "s-1"]),
        ("opencode", ["--session", "s-1"]),
    ],
)
def test_a_session_is_gone_on_with_in_a_terminal_too(agent: str, expected: list[str]) -> None:
    arguments = argv(agent, session_id="s-1", options=AgentOptions(interface="terminal"))
    assert set(expected) <= set(arguments)


@pytest.mark.parametrize(
    ("agent", "more"),
    [
        ("claude", ["--continue"]),
        ("copilot", ["--continue"]),
        ("qwen", ["--continue"]),
        ("aider", ["--restore-chat-history"]),
        ("codex", []),
        ("gemini", []),
    ],
)
def test_a_conversation_without_an_id_is_gone_on_with_where_that_is_possible(
    agent: str, more: list[str]
) -> None:
    first, again = argv(agent), argv(agent, has_session=True)
    assert [word for word in again if word not in first] == more


@given(st.text(), st.booleans(), st.sampled_from(NAMES))
def test_every_text_is_within_exactly_one_argument(text: str, again: bool, agent: str) -> None:
    arguments = argv(agent, text=text, has_session=again)
    rest = argv(agent, text="", has_session=again)
    assert arguments[:-1] == rest[:-1]
    assert arguments[-1] == rest[-1] + text


def test_no_text_is_read_as_an_option() -> None:
    for agent in NAMES:
        arguments = argv(agent, text="--dangerously")
        assert arguments[-2] == "--" or arguments[-1].endswith("=--dangerously")


def test_a_hard_text_is_left_as_it_is() -> None:
    assert argv("claude", text=HARD)[-1] == HARD


def test_a_file_of_the_home_knows_the_workspace_whatever_it_is_called() -> None:
    claude = BUILTIN_ADAPTERS.get("claude")
    assert claude is not None
    ((path, text),) = claude.home_files({}, '/work "space"', AgentInvocation(TEXT))
    assert path == ".claude.json"
    assert json.loads(text)["projects"] == {'/work "space"': {"hasTrustDialogAccepted": True}}


@pytest.mark.parametrize("agent", ["claude", "codex"])
@pytest.mark.parametrize(
    ("interface", "full", "is_trusted"),
    [
        ("headless", True, True),
        ("headless", False, True),
        ("terminal", True, True),
        ("terminal", False, False),
    ],
)
def test_without_a_sandbox_the_user_decides_whether_a_workspace_is_trusted(
    agent: str, interface: Literal["headless", "terminal"], full: bool, is_trusted: bool
) -> None:
    adapter = BUILTIN_ADAPTERS.get(agent)
    assert adapter is not None
    ask = AgentInvocation(TEXT, AgentOptions(interface=interface), is_fully_sandboxed=full)
    ((_, text),) = adapter.home_files({}, "/workspace", ask)
    assert ("/workspace" in text) is is_trusted
    assert "update" in text or "hasCompletedOnboarding" in text


def test_gemini_uses_its_key_if_it_has_one() -> None:
    gemini = BUILTIN_ADAPTERS.get("gemini")
    assert gemini is not None
    for variables, is_told in (({"GEMINI_API_KEY": "k"}, True), ({}, False)):
        ((path, text),) = gemini.home_files(variables, "/workspace", AgentInvocation(TEXT))
        assert path == ".gemini/settings.json"
        assert ("security" in json.loads(text)) is is_told


def test_the_guide_names_each_agent_with_its_keys_and_hosts() -> None:
    guide = (Path(__file__).parents[5] / "docs" / "agents.md").read_text()
    for adapter in BUILTIN_ADAPTERS:
        row = next(line for line in guide.splitlines() if line.startswith(f"| `{adapter.name}` |"))
        assert [name for name in (*adapter.keys, *adapter.hosts) if f"`{name}`" not in row] == []


def test_every_adapter_says_what_can_be_said_of_it() -> None:
    for adapter in BUILTIN_ADAPTERS:
        assert isinstance(adapter, Adapter)
        assert set(adapter.permissions) <= {"edit", "run", "all"}
        assert adapter.keys
        assert (adapter.format is None) == (not adapter.structured)
