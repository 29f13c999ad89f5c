"""Programs that make rooms, until they are to fail."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.chaos import broken_sandboxes
from tests.chaos.rules.sandboxes import WORDS


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    real = tmp_path / "real"
    real.mkdir()
    (real / "unshare").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{real}:{os.environ['PATH']}")
    broken_sandboxes.furnish(tmp_path / "tools")
    return tmp_path / "tools"


def made(tools: Path, *argv: str) -> bool:
    done = subprocess.run([str(tools / "unshare"), *argv], capture_output=True, check=False)
    assert done.stderr in (b"", f"unshare: {WORDS}\n".encode())
    return done.returncode == 0


def test_each_step_is_one_that_the_worker_takes() -> None:
    worker = Path(broken_sandboxes.__file__).parents[2] / "muster" / "worker"
    sources = "".join(path.read_text() for path in worker.rglob("*.py"))
    words = {step: pattern.strip('*"').strip() for step, pattern in broken_sandboxes.STEPS.items()}
    assert [step for step, text in words.items() if text not in _joined(sources)] == []


def _joined(sources: str) -> str:
    """As command lines have it: the arguments of a call beside each other."""
    return re.sub(r"[\"'] *, *[\"']|[\"']\n *[\"']", " ", sources)


def test_sandboxes_break_at_once_and_heal(tools: Path) -> None:
    assert made(tools, "anything")
    broken_sandboxes.break_now(tools)
    assert not made(tools, "anything")
    broken_sandboxes.heal(tools)
    assert made(tools, "anything")


def test_sandboxes_break_when_a_step_comes_and_then_for_all(tools: Path) -> None:
    broken_sandboxes.break_at(tools, "the taking of a commit")
    assert made(tools, "git", "status")
    assert made(tools, "git pack-objects", "/tmp/muster-sandbox-1/workspaces")  # a trial's
    assert not made(tools, "sh", "-c", "git pack-objects")
    assert not made(tools, "git", "status")
    assert not made(tools, "git pack-objects", "/tmp/muster-sandbox-1/workspaces")
    broken_sandboxes.heal(tools)
    assert made(tools, "sh", "-c", "git pack-objects")
