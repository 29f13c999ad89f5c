"""Which agents the machines have, and what people are warned of who ask for one."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.machine import MachineStatus
from app.domain.sandbox import SandboxLevel
from app.domain.timestamps import to_rfc3339
from app.services.clock import now
from app.services.projects import agents
from app.services.projects.agents import AgentStats
from tests.factories import make_machine, make_project


def a_machine(*agents_: dict[str, Any], **fields: Any) -> None:
    make_machine(capabilities=list(agents_), **fields)


def qwen(version: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"agentType": "qwen", "version": version, **fields}


def test_the_agents_of_the_contract_are_listed_also_where_no_machine_has_them(app: Flask) -> None:
    found = agents.listing(now())
    assert found == [AgentStats(name) for name in ("claude", "codex", "cursor", "custom")]


def test_an_agent_is_counted_on_each_machine_that_has_it(app: Flask) -> None:
    a_machine(qwen("2.0"), {"agentType": "aider"})
    a_machine(qwen("1.5", healthy=True))
    a_machine(qwen("2.0", healthy=False, reason="auth_failure"), status=MachineStatus.OFFLINE)
    a_machine(qwen("0.9"), status=MachineStatus.DECOMMISSIONED)
    found = {each.type: each for each in agents.listing(now())}
    assert list(found) == ["aider", "claude", "codex", "cursor", "custom", "qwen"]
    assert found["aider"] == AgentStats("aider", 1, 1, [])
    assert found["qwen"] == AgentStats("qwen", 3, 2, ["1.5", "2.0"])


@pytest.mark.parametrize(("minutes", "healthy"), [(5, 0), (-5, 1)])
def test_an_agent_is_healthy_again_when_its_time_has_come(
    app: Flask, minutes: int, healthy: int
) -> None:
    until = to_rfc3339(now() + timedelta(minutes=minutes))
    a_machine(qwen(healthy=False, degradedUntil=until))
    assert agents.listing(now())[-1].healthy_count == healthy


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        pytest.param({"agent_type": "qwen"}, [], id="a machine has it, if ill"),
        pytest.param({"agent_type": "quen"}, ["unknown_agent"], id="no machine has it"),
        pytest.param({"agent_type": "gone"}, ["unknown_agent"], id="decommissioned"),
        pytest.param(
            {"agent_options": {"permissions": "all"}}, ["permissions_without_sandbox"], id="all"
        ),
        pytest.param(
            {"agent_options": {"permissions": "all"}, "min_sandbox": SandboxLevel.FULL},
            [],
            id="in a sandbox",
        ),
        pytest.param(
            {"pipeline": [{"name": "s", "command": "c", "agentOptions": {"permissions": "all"}}]},
            ["permissions_without_sandbox"],
            id="a stage",
        ),
        pytest.param(
            {
                "pipeline": [{"name": "s", "command": "c", "kind": "shell"}],
                "agent_options": {"permissions": "all"},
            },
            [],
            id="no agent's stage",
        ),
    ],
)
def test_who_saves_a_project_is_warned(
    app: Flask, fields: dict[str, Any], codes: list[str]
) -> None:
    a_machine(qwen(healthy=False))
    a_machine({"agentType": "gone"}, status=MachineStatus.DECOMMISSIONED)
    project = make_project(**{"agent_type": "qwen"} | fields)
    assert [each.code for each in agents.project_warnings(project)] == codes


def test_a_mistyped_agent_is_named_with_the_nearest_that_machines_have(app: Flask) -> None:
    a_machine(qwen())
    (warning,) = agents.project_warnings(make_project(agent_type="qwem"))
    assert warning.nearest == "qwen"
