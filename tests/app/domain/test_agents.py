"""How agents are to run: whose word counts, and what people are warned of."""

from typing import Any

import pytest

from app.domain import agents
from app.domain.agents import Options
from app.domain.sandbox import SandboxLevel

TASK = {"model": "large", "allowedTools": ["Edit"]}
STAGE = {"model": "small", "permissions": "run", "allowedTools": ["Read", "Bash"]}
PROJECT = {"permissions": "edit", "arguments": ["--quiet"], "interface": "terminal"}


@pytest.mark.parametrize(
    ("task", "stage", "project", "counts"),
    [
        pytest.param(None, None, None, {}, id="nobody says anything"),
        pytest.param({}, {"model": None}, {"permissions": None}, {}, id="what is null is not said"),
        pytest.param(None, None, PROJECT, PROJECT, id="the project alone"),
        pytest.param(None, STAGE, None, STAGE, id="the stage alone"),
        pytest.param(TASK, None, None, TASK, id="the task alone"),
        pytest.param(None, STAGE, PROJECT, {**PROJECT, **STAGE}, id="stage over project"),
        pytest.param(TASK, None, PROJECT, {**PROJECT, **TASK}, id="task over project"),
        pytest.param(
            TASK,
            STAGE,
            PROJECT,
            {
                "model": "large",
                "permissions": "run",
                "allowedTools": ["Edit"],
                "arguments": ["--quiet"],
                "interface": "terminal",
            },
            id="field by field, and lists are replaced",
        ),
        pytest.param(
            {"model": None, "permissions": "all"},
            STAGE,
            PROJECT,
            {**PROJECT, **STAGE, "permissions": "all"},
            id="null inherits",
        ),
        pytest.param(
            {"arguments": []},
            None,
            PROJECT,
            {**PROJECT, "arguments": []},
            id="an empty list counts",
        ),
    ],
)
def test_each_field_is_the_tasks_else_the_stages_else_the_projects(
    task: Options | None, stage: Options | None, project: Options | None, counts: dict[str, Any]
) -> None:
    assert agents.merge_options(task, stage, project) == counts


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (None, None),
        ({}, None),
        ({"model": None, "arguments": None}, None),
        ({"model": "m", "arguments": None}, {"model": "m"}),
        ({"arguments": []}, {"arguments": []}),
    ],
)
def test_only_what_is_given_is_kept(options: Options | None, kept: Options | None) -> None:
    assert agents.exclude_none(options) == kept


@pytest.mark.parametrize(
    ("options", "room", "is_known", "codes"),
    [
        pytest.param([{}], None, True, [], id="all is well"),
        pytest.param([{}], None, False, ["unknown_agent"], id="no machine has it"),
        pytest.param(
            [{"permissions": "all"}], None, True, ["permissions_without_sandbox"], id="no room"
        ),
        pytest.param(
            [{"permissions": "run"}, {"permissions": "all"}],
            SandboxLevel.PROCESSES,
            False,
            ["unknown_agent", "permissions_without_sandbox"],
            id="a lesser room, in one stage",
        ),
        pytest.param([{"permissions": "all"}], SandboxLevel.FULL, True, [], id="a full room"),
        pytest.param([{"permissions": "run"}], None, True, [], id="commands alone"),
    ],
)
def test_people_are_warned_of_what_they_may_not_have_meant(
    options: list[Options], room: SandboxLevel | None, is_known: bool, codes: list[str]
) -> None:
    found = agents.warnings("qwen", options, room, is_known=is_known)
    assert [each.code for each in found] == codes


@pytest.mark.parametrize(
    ("agent", "approvals", "codes"),
    [
        pytest.param("gemini", "ask", ["approvals_unsupported"], id="can't ask"),
        pytest.param("custom", "ask", ["approvals_unsupported"], id="a project's own command"),
        pytest.param("gemini", "deny", [], id="needn't ask"),
        *(pytest.param(name, "ask", [], id=name) for name in ("claude", "codex", "acp")),
        pytest.param("house-agent", "ask", [], id="one that only a machine knows"),
    ],
)
def test_people_are_warned_of_an_agent_that_cannot_ask(
    agent: str, approvals: str, codes: list[str]
) -> None:
    found = agents.warnings(agent, [{}, {"approvals": approvals}], None, is_known=True)
    assert [each.code for each in found] == codes


def test_a_warning_names_the_agent_that_no_machine_has() -> None:
    (found,) = agents.warnings("qwen", [], None, is_known=False)
    assert (found.field, "“qwen”" in found.message) == ("agentType", True)


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        ("clod", ["claude", "codex", "cursor"], "claude"),
        ("calude", [], "claude"),
        ("codx", ["claude"], "codex"),
        ("opncode", ["opencode"], "opencode"),
        ("claude", [], None),
        ("zzz", ["claude"], None),
    ],
)
def test_a_mistyped_agent_has_a_nearest_one(
    typed: str, known: list[str], meant: str | None
) -> None:
    assert agents.nearest_type(typed, known) == meant


def test_a_warning_says_which_agent_was_probably_meant() -> None:
    (found,) = agents.warnings("clod", [], None, is_known=False, nearest="claude")
    assert found.nearest == "claude"
    assert found.message.endswith("Did you mean “claude”?")


@pytest.mark.parametrize(
    ("agent", "options", "reads"),
    [
        pytest.param("claude", None, False, id="headless by default"),
        pytest.param("codex", {"interface": "headless"}, False, id="headless"),
        pytest.param("claude", {"interface": "terminal"}, True, id="its terminal interface"),
        pytest.param("custom", None, True, id="a project's own command"),
        pytest.param("acp", {"interface": "terminal"}, False, id="ACP has no terminal interface"),
        pytest.param("house-agent", None, True, id="one that only a machine knows"),
    ],
)
def test_only_a_program_that_may_read_its_terminal_gets_a_keyboard(
    agent: str, options: Options | None, reads: bool
) -> None:
    assert agents.reads_terminal(agent, options) is reads
