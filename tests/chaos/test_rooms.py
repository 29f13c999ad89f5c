"""Programs that make rooms, until they are to fail."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.chaos import rooms
from tests.chaos.rules.sandboxes import WORDS


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    real = tmp_path / "real"
    real.mkdir()
    (real / "unshare").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{real}:{os.environ['PATH']}")
    rooms.furnish(tmp_path / "tools")
    return tmp_path / "tools"


def made(tools: Path, *argv: str) -> bool:
    done = subprocess.run([str(tools / "unshare"), *argv], capture_output=True, check=False)
    assert done.stderr in (b"", f"unshare: {WORDS}\n".encode())
    return done.returncode == 0


def test_rooms_break_at_once_and_heal(tools: Path) -> None:
    assert made(tools, "anything")
    rooms.break_(tools)
    assert not made(tools, "anything")
    rooms.heal(tools)
    assert made(tools, "anything")


def test_rooms_break_when_a_step_comes_and_then_for_all(tools: Path) -> None:
    rooms.break_at(tools, "the taking of a commit")
    assert made(tools, "git", "status")
    assert made(tools, "git upload-pack", "/tmp/muster-room-1/workspaces")  # a trial's
    assert not made(tools, "sh", "-c", "git", "upload-pack", "--strict")
    assert not made(tools, "git", "status")
    assert not made(tools, "git upload-pack", "/tmp/muster-room-1/workspaces")
    rooms.heal(tools)
    assert made(tools, "sh", "-c", "git", "upload-pack", "--strict")
