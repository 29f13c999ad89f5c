import shutil
from pathlib import Path

import pytest

from muster.worker.agents.adapters.registry import read
from muster.worker.doctor import agents
from muster.worker.doctor.finding import Finding, Machine, each
from muster.worker.sandbox import bubblewrap
from tests.muster.worker.repositories import as_root, root

__all__ = ["root"]


def found(machine: Machine) -> dict[str, Finding]:
    return {each.name: each for each in _all(machine)}


def _all(machine: Machine) -> list[Finding]:
    return list(each(agents.CHECKS, machine))


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
    monkeypatch.setattr(bubblewrap, "bundled", lambda: None)


def test_without_any_agent_custom_commands_still_run(tools: Path) -> None:
    said = found(Machine(tools))
    assert list(said) == ["agents"]
    assert said["agents"].level == "warn"


def test_an_agent_is_told_with_its_version_and_place_and_others_in_a_row(tools: Path) -> None:
    claude = install(tools / "claude")
    said = found(Machine(tools))
    assert said["claude"] == Finding("claude", "ok", f"2.1.0, {claude}")
    others = "not installed: codex, cursor, gemini, opencode, copilot, qwen, aider"
    assert said["other agents"] == Finding("other agents", "ok", others)


def test_a_version_that_is_not_known_to_work_is_told(tools: Path) -> None:
    install(tools / "claude", "#!/bin/sh\necho '1.0.44 (Claude Code)'\n")
    said = found(Machine(tools))["claude"]
    assert said.level == "warn"
    assert "before 2.1.0" in said.text


def test_an_operators_agent_is_examined_like_the_others(tools: Path) -> None:
    install(tools / "goose")
    (tools / "goose.toml").write_text(
        'name = "goose"\nbinary = "goose"\nheadless = ["goose", "{text}"]\n'
    )
    assert found(Machine(tools, adapters=read(tools)))["goose"].level == "ok"


def test_one_that_does_not_answer_may_work_and_one_that_does_not_start_cannot(tools: Path) -> None:
    install(tools / "claude", "#!/bin/sh\nexit 1\n")
    install(tools / "codex", "#!/no/such/interpreter\n")
    said = found(Machine(tools))
    assert said["claude"].level == "warn"
    assert said["codex"].level == "fail"


@as_root
@pytest.mark.usefixtures("without_bubblewrap")
def test_an_agent_below_a_closed_directory_is_out_of_attempts_reach(tools: Path) -> None:
    home = tools.parent / "ada"
    install(home / ".local/share/claude/versions/2.1.0")
    (tools / "claude").symlink_to(home / ".local/share/claude/versions/2.1.0")
    assert found(Machine(tools))["claude"].level == "ok"
    home.chmod(0o700)
    said = found(Machine(tools))["claude"]
    assert (said.level, said.command) == ("fail", f"chmod o+x {home}")
    assert found(Machine(tools, is_root=False))["claude"].level == "ok"


@as_root
def test_a_full_room_shows_what_lies_below_a_closed_directory(tools: Path) -> None:
    home = tools.parent / "ada"
    install(home / ".local/share/claude/versions/2.1.0")
    install(tools / "claude").unlink()
    (tools / "claude").symlink_to(home / ".local/share/claude/versions/2.1.0")
    home.chmod(0o700)
    assert found(Machine(tools))["claude"].level == "ok"
    (home / ".local/share/claude/versions/2.1.0").chmod(0o700)
    said = found(Machine(tools))["claude"]
    assert said.command == f"chmod o+rx {home}/.local/share/claude/versions/2.1.0"
