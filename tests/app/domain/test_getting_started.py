"""Getting started: which steps follow from which facts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain import agents, project_check
from app.domain.getting_started import (
    Facts,
    MachineFacts,
    ProjectFacts,
    SetupState,
    StepName,
    TaskFacts,
    list_done_steps,
    list_steps,
)
from app.domain.machine import MachineStatus
from app.domain.project_check import Checked, MachineAnswer
from app.domain.sandbox import SandboxLevel
from app.domain.shown_state import ShownState
from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
CLAUDE: dict[str, Any] = {"agentType": "claude", "version": "2.1", "healthy": True}
CUSTOM: dict[str, Any] = {"agentType": "custom", "healthy": True}
MISSING: dict[str, Any] = {"agentType": "codex", "healthy": False, "reason": "binary_missing"}

EMPTY = Facts(
    is_admin=True,
    admins=["ada", "bo"],
    has_unused_token=False,
    people=1,
    machines=[],
    projects=[],
    task=None,
)
HERON = MachineFacts(
    "heron", MachineStatus.ONLINE, True, SandboxLevel.FULL, [], [CLAUDE, CUSTOM, MISSING]
)
APP = ProjectFacts("APP", "claude", frozenset({"ANTHROPIC_API_KEY"}), can_change=True)
MEMBER = replace(EMPTY, is_admin=False, people=3)


def described(facts: Facts) -> dict[str, tuple[str, str | None, str | None]]:
    return {each.step: (each.state, each.detail, each.reason) for each in list_steps(facts, NOW)}


def step(name: str, **facts: Any) -> tuple[str, str | None, str | None]:
    return described(replace(EMPTY, **facts))[name]


def test_an_empty_server_has_all_steps_open_for_an_admin() -> None:
    assert described(EMPTY) == {
        "machine": ("open", None, None),
        "agent": ("open", None, "no_machine"),
        "project": ("open", None, None),
        "task": ("open", None, "no_project"),
        "people": ("open", None, None),
    }


def test_a_member_reads_which_admins_can_help() -> None:
    assert described(MEMBER) == {
        "machine": ("open", "ada, bo", "ask_admin"),
        "agent": ("open", None, "no_machine"),
        "project": ("open", "ada, bo", "ask_admin"),
        "task": ("open", None, "no_project"),
        "people": ("done", None, None),
    }
    without_agent = replace(MEMBER, machines=[replace(HERON, capabilities=[CUSTOM])])
    assert described(without_agent)["agent"] == ("open", "ada, bo", "ask_admin")


def test_a_member_with_a_project_can_create_a_task() -> None:
    mine = replace(APP, variables=frozenset(), can_change=False)
    found = described(replace(MEMBER, machines=[HERON], projects=[mine]))
    assert found["project"] == ("done", "APP", None)
    assert found["task"] == ("open", None, None)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"has_unused_token": True}, ("working", None, "awaiting_machine")),
        ({"machines": [HERON]}, ("done", "heron", None)),
        (
            {"machines": [replace(HERON, is_connected=False, status=MachineStatus.OFFLINE)]},
            ("failed", "heron", "machine_offline"),
        ),
        (
            {"machines": [replace(HERON, status=MachineStatus.DRAINING)]},
            ("failed", "heron", "machine_draining"),
        ),
        (
            {"machines": [replace(HERON, level=SandboxLevel.NONE, missing=["no bwrap", "x"])]},
            ("done", "heron: no bwrap; x", "sandbox_not_full"),
        ),
        ({"machines": [replace(HERON, level=None)]}, ("done", "heron", "sandbox_not_full")),
    ],
)
def test_a_machine_is_connected_and_its_sandbox_is_named(facts: Any, expected: Any) -> None:
    assert step("machine", **facts) == expected


CHECKED = Checked("https://git.example.org/x.git", "main", True, False, "heron")
REACHED, _, MISSING_BRANCH = project_check.find_steps(
    CHECKED, MachineAnswer("reached", branches=["trunk"])
)


def test_a_project_whose_repository_fails_its_check_needs_help_first() -> None:
    bad = replace(APP, variables=frozenset(), check=MISSING_BRANCH)
    assert step("project", machines=[HERON], projects=[bad]) == (
        "failed",
        "APP: There is no branch main. The repository has: trunk.",
        "repository_failed",
    )
    good = replace(APP, check=REACHED)
    (described_project,) = [
        each
        for each in list_steps(replace(EMPTY, machines=[HERON], projects=[bad, good]), NOW)
        if each.step is StepName.PROJECT
    ]
    assert (described_project.state, described_project.check) == (SetupState.DONE, REACHED)


def test_a_check_that_runs_is_shown_unless_something_else_is_wrong() -> None:
    checking = replace(APP, is_checking=True)
    assert step("project", machines=[HERON], projects=[checking]) == (
        "working",
        "APP",
        "repository_checking",
    )
    unknown = replace(checking, agent_type="codex")
    assert step("project", machines=[HERON], projects=[unknown])[2] == "agent_unknown"


def test_of_several_machines_the_best_is_shown() -> None:
    lost = replace(HERON, name="lost", is_connected=False, status=MachineStatus.OFFLINE)
    bare = replace(HERON, name="bare", capabilities=[])
    weak = replace(HERON, name="weak", level=SandboxLevel.NONE)
    for machines in ([lost, bare, weak, HERON], [HERON, weak, bare, lost]):
        assert step("machine", machines=machines) == ("done", "heron", None)


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ([CLAUDE, MISSING], ("done", "heron: claude", None)),
        ([CUSTOM, MISSING], ("open", "heron", "agent_not_found")),
        (
            [{**CLAUDE, "healthy": False, "reason": "auth"}],
            ("failed", "heron: claude (auth)", "agent_unhealthy"),
        ),
        (
            [{**CLAUDE, "healthy": False, "degradedUntil": (NOW - timedelta(1)).isoformat()}],
            ("done", "heron: claude", None),
        ),
    ],
)
def test_an_agent_is_found_on_the_machine(capabilities: Any, expected: Any) -> None:
    assert step("agent", machines=[replace(HERON, capabilities=capabilities)]) == expected


def test_a_project_with_its_own_command_needs_no_agent() -> None:
    bare = replace(HERON, capabilities=[CUSTOM])
    own = replace(APP, agent_type="custom", variables=frozenset())
    found = described(replace(EMPTY, machines=[bare], projects=[own]))
    assert (found["agent"], found["project"]) == (("done", "heron", None), ("done", "APP", None))


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        (APP, ("done", "APP", "key_set")),
        (
            replace(APP, variables=frozenset({"DEBUG"})),
            ("working", "APP: claude", "no_key_known"),
        ),
        (replace(APP, agent_type="clod"), ("failed", "APP: clod", "agent_unknown")),
    ],
)
def test_a_project_names_its_key_or_its_problem(project: ProjectFacts, expected: Any) -> None:
    assert step("project", machines=[HERON], projects=[project]) == expected


def test_any_variable_may_be_the_key_of_an_agent_that_muster_does_not_know() -> None:
    goose = replace(APP, agent_type="goose", variables=frozenset({"GOOSE_API_KEY"}))
    assert step("project", projects=[goose]) == ("done", "APP", "key_set")
    without = replace(goose, variables=frozenset())
    assert step("project", projects=[without]) == ("working", "APP: goose", "no_key_known")


def test_of_several_projects_the_furthest_is_shown() -> None:
    wrong = replace(APP, key="WRONG", agent_type="clod")
    keyless = replace(APP, key="KEYLESS", variables=frozenset())
    for projects in ([wrong, keyless, APP], [APP, keyless, wrong]):
        assert step("project", machines=[HERON], projects=projects)[1] == "APP"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ShownState.QUEUED, ("working", "#7", "task_queued")),
        (ShownState.ASSIGNED, ("working", "#7", "task_queued")),
        (ShownState.RUNNING, ("working", "#7", "task_running")),
        (ShownState.NEEDS_YOU, ("working", "#7", "task_asks")),
        (ShownState.WAITING, ("working", "#7", "task_waits")),
        (ShownState.FAILED, ("failed", "#7", "task_failed")),
        (ShownState.CANCELLED, ("open", None, None)),
        (ShownState.COMPLETED, ("done", None, None)),  # since the server's facts were read
    ],
)
def test_the_newest_task_shows_its_state(state: ShownState, expected: Any) -> None:
    assert step("task", projects=[APP], task=TaskFacts(7, state)) == expected


def test_after_a_completed_task_all_steps_are_done() -> None:
    steps = list_done_steps()
    assert [each.step for each in steps] == list(StepName)
    assert {each.state for each in steps} == {SetupState.DONE}


def test_the_keys_are_those_that_adapters_pass_on() -> None:
    adapters = {each.name: each for each in BUILTIN_ADAPTERS}
    for agent, names in agents.KEYS.items():
        assert set(names) <= set(adapters[agent].keys), agent
