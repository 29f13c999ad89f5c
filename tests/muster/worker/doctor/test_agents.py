import shutil
from pathlib import Path

import pytest

from muster.worker.agents.adapters.registry import load_adapters
from muster.worker.doctor import agents
from muster.worker.doctor.finding import Finding, Machine, run_each
from muster.worker.sandbox import bubblewrap
from tests.muster.worker.repositories import as_root, root

__all__ = ["root"]


def found(machine: Machine) -> dict[str, Finding]:
    return {each.name: each for each in _all(machine)}


def _all(machine: Machine) -> list[Finding]:
    return list(run_each(agents.CHECKS, machine))


def install(path: Path, text: str = "#!/bin/sh\necho 2.1.0\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def tools(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{root}/tools:/usr/bin:/bin")
    return root / "tools"


@pytest.fixture
def without_bubblewrap(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sh", "unshare"):
        install(tools / name).unlink()
        (tools / name).symlink_to(shutil.which(name) or "/nonexistent")
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setattr(bubblewrap, "bundled_program", lambda: None)


def test_without_any_agent_custom_commands_still_run(tools: Path) -> None:
    findings = found(Machine(tools))
    assert list(findings) == ["agents"]
    assert findings["agents"].level == "warn"


def test_an_agent_is_listed_with_version_and_path_and_others_in_a_row(tools: Path) -> None:
    claude = install(tools / "claude")
    findings = found(Machine(tools))
    assert findings["claude"] == Finding("claude", "ok", f"2.1.0, {claude}")
    others = "not installed: codex, cursor, gemini, opencode, copilot, qwen, aider"
    assert findings["other agents"] == Finding("other agents", "ok", others)


def test_a_version_that_is_not_known_to_work_is_reported(tools: Path) -> None:
    install(tools / "claude", "#!/bin/sh\necho '1.0.44 (Claude Code)'\n")
    finding = found(Machine(tools))["claude"]
    assert finding.level == "warn"
    assert "before 2.1.0" in finding.text


def test_an_operators_agent_is_examined_like_the_others(tools: Path) -> None:
    install(tools / "goose")
    (tools / "goose.toml").write_text(
        'name = "goose"\nbinary = "goose"\nheadless = ["goose", "{text}"]\n'
    )
    assert found(Machine(tools, adapters=load_adapters(tools)))["goose"].level == "ok"


def test_one_that_does_not_answer_may_work_and_one_that_does_not_start_cannot(tools: Path) -> None:
    install(tools / "claude", "#!/bin/sh\nexit 1\n")
    install(tools / "codex", "#!/no/such/interpreter\n")
    findings = found(Machine(tools))
    assert findings["claude"].level == "warn"
    assert findings["codex"].level == "fail"


@as_root
@pytest.mark.usefixtures("without_bubblewrap")
def test_an_agent_below_a_closed_directory_is_out_of_attempts_reach(tools: Path) -> None:
    home = tools.parent / "ada"
    install(home / ".local/share/claude/versions/2.1.0")
    (tools / "claude").symlink_to(home / ".local/share/claude/versions/2.1.0")
    assert found(Machine(tools))["claude"].level == "ok"
    home.chmod(0o700)
    finding = found(Machine(tools))["claude"]
    assert (finding.level, finding.command) == ("fail", f"chmod o+x {home}")
    assert found(Machine(tools, is_root=False))["claude"].level == "ok"


@as_root
def test_a_full_sandbox_shows_what_is_below_a_closed_directory(tools: Path) -> None:
    home = tools.parent / "ada"
    install(home / ".local/share/claude/versions/2.1.0")
    install(tools / "claude").unlink()
    (tools / "claude").symlink_to(home / ".local/share/claude/versions/2.1.0")
    home.chmod(0o700)
    assert found(Machine(tools))["claude"].level == "ok"
    (home / ".local/share/claude/versions/2.1.0").chmod(0o700)
    finding = found(Machine(tools))["claude"]
    assert finding.command == f"chmod o+rx {home}/.local/share/claude/versions/2.1.0"
