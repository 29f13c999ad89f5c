from pathlib import Path

import pytest

from muster.protocol.frames import Capability
from muster.worker.agents.health import AgentHealth
from muster.worker.agents.probe import Probe


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    return install(tmp_path / "claude")


def install(path: Path) -> Path:
    path.write_text("#!/bin/sh\necho 1.0\n")
    path.chmod(0o755)
    return path


def health_of(binary: Path) -> AgentHealth:
    def which(name: str, _path: str) -> str | None:
        return str(binary) if name == "claude" and binary.exists() else None

    return AgentHealth(look=Probe(which, lambda *_: "1.0"))


@pytest.mark.parametrize(
    ("version", "has_runner"), [("2.1.197", True), ("2.0", True), ("2.1.197", False)]
)
def test_it_takes_messages_if_its_version_and_the_machine_can(
    binary: Path, version: str, has_runner: bool
) -> None:
    probe = Probe(health_of(binary)._versions._probe.which, lambda *_: version)
    health = AgentHealth(look=probe, has_runner=lambda: has_runner)
    assert capability_of(health, "claude").version in (None, version)
    health._versions.wait()
    can = version == "2.1.197" and has_runner
    assert capability_of(health, "claude").takes_messages is can
    assert health.takes_messages("claude") is can
    assert not health.takes_messages("custom")


def capability_of(health: AgentHealth, agent: str) -> Capability:
    return next(each for each in health.capabilities() if each.agent_type == agent)


def test_what_does_not_exist_is_missing_and_custom_is_always_there(binary: Path) -> None:
    health = health_of(binary)
    assert capability_of(health, "codex") == Capability(
        "codex", healthy=False, reason="binary_missing"
    )
    assert capability_of(health, "custom") == Capability("custom")


def test_a_degradation_says_until_when(binary: Path) -> None:
    health = health_of(binary)
    for project in "abc":
        health.record_failure("claude", project, "rate_limit")
    capability = capability_of(health, "claude")
    assert (capability.healthy, capability.reason) == (False, "rate_limit")
    assert capability.degraded_until


@pytest.mark.parametrize("agent", ["custom", "acp"])
def test_no_project_takes_its_own_command_from_others(binary: Path, agent: str) -> None:
    health = health_of(binary)
    for project in ("a", "a", "a", "b", "b", "c"):
        health.record_failure(agent, project, "binary_missing")
    assert capability_of(health, agent) == Capability(agent)


def test_a_binary_that_is_gone_is_missing_whatever_else_was_said(binary: Path) -> None:
    health = health_of(binary)
    for project in "abc":
        health.record_failure("claude", project, "rate_limit")
    binary.unlink()
    # Without an end, because the server would count it as available after that time.
    assert capability_of(health, "claude") == Capability(
        "claude", healthy=False, reason="binary_missing"
    )


def test_a_binary_that_is_there_again_gets_work_at_once(binary: Path) -> None:
    health = health_of(binary)
    assert capability_of(health, "claude").healthy
    for project in "abc":
        health.record_failure("claude", project, "binary_missing")
    assert capability_of(health, "claude").reason == "binary_missing"
    binary.unlink()
    assert not capability_of(health, "claude").healthy
    install(binary)
    assert capability_of(health, "claude").healthy


def test_of_an_agent_that_never_was_here_only_the_usual_ones_are_told_of(binary: Path) -> None:
    health = health_of(binary)
    types = ["claude", "codex", "cursor", "custom", "acp"]
    assert [each.agent_type for each in health.capabilities()] == types


def test_a_removed_agent_is_still_reported(tmp_path: Path) -> None:
    qwen = install(tmp_path / "qwen")
    health = AgentHealth(
        look=Probe(lambda name, _: str(tmp_path / name) if qwen.exists() else None, lambda *_: "1")
    )
    assert capability_of(health, "qwen").healthy
    qwen.unlink()
    assert capability_of(health, "qwen") == Capability(
        "qwen", healthy=False, reason="binary_missing"
    )


def test_an_acp_agent_takes_messages_where_attempts_can_run_the_runner(binary: Path) -> None:
    health = AgentHealth(has_runner=lambda: True)
    assert capability_of(health, "acp").takes_messages
    assert not capability_of(health, "custom").takes_messages
