from pathlib import Path

import pytest

from muster.worker.agents import agent_mounts
from muster.worker.agents.adapters.registry import BUILTIN_ADAPTERS


def install(tool: Path) -> Path:
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    return tool


def test_every_agent_that_is_found_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        install(tmp_path / "tools" / name / "bin" / name) for name in ("gemini", "cursor-agent")
    ]
    monkeypatch.setenv("PATH", ":".join(str(each.parent) for each in found))
    assert agent_mounts.builtin_agent_mounts(BUILTIN_ADAPTERS, tmp_path / "home") == [
        found[1],
        found[0],
    ]


def test_a_projects_command_is_shown_where_it_is_found_and_nothing_that_it_names_by_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = install(tmp_path / "tools" / "aide" / "bin" / "aide")
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    assert agent_mounts.project_command_mounts("aide --yes {prompt}", tmp_path / "home")
    assert agent_mounts.project_command_mounts(f"{tool} {{prompt}}", tmp_path / "home") == []
    assert agent_mounts.project_command_mounts("nothing-of-that-name", tmp_path / "home") == []
    assert agent_mounts.project_command_mounts("", tmp_path / "home") == []
