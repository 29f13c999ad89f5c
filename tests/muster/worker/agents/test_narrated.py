import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from muster.protocol.frames import AgentOptions
from muster.worker.agents import narrated
from muster.worker.agents.adapters.adapter import Ask
from muster.worker.agents.adapters.registry import KNOWN
from muster.worker.room import room as room_module
from muster.worker.room.identity import Identity
from muster.worker.room.room import Room
from muster.worker.room.rooms import USUAL
from tests.muster.worker.repositories import as_root

HERE = AgentOptions()
TERMINAL = AgentOptions(interface="terminal")


@pytest.mark.parametrize(
    ("agent", "options", "is_installed", "expected"),
    [
        ("claude", HERE, True, True),
        ("claude", TERMINAL, True, False),
        ("claude", HERE, False, False),
        ("qwen", HERE, True, False),
        ("custom", HERE, True, False),
    ],
    ids=[
        "an agent",
        "in a terminal",
        "one that is missing",
        "one that is not understood",
        "custom",
    ],
)
def test_what_is_read_is_an_agents_whose_format_is_known(
    tmp_path: Path, agent: str, options: AgentOptions, is_installed: bool, expected: bool
) -> None:
    if is_installed:
        (tmp_path / agent).write_text("#!/bin/sh\n")
        (tmp_path / agent).chmod(0o755)
    has_format = narrated.has_format(KNOWN.get(agent), Ask("x", options), os.fspath(tmp_path))
    assert has_format is expected


def room(directory: Path) -> Room:
    return Room("none", None, directory, directory, directory / "gitconfig", USUAL)


def test_the_narrator_is_tried_before_it_is_relied_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert narrated.is_possible(room(tmp_path))
    monkeypatch.setattr(room_module, "_interpreter", lambda: Path("/nowhere/python"))
    assert not narrated.is_possible(room(tmp_path))
    assert "without a narrator" in caplog.text


def test_the_narrator_runs_the_agents_command_as_it_is(tmp_path: Path) -> None:
    claude = KNOWN.get("claude")
    assert claude is not None
    script = """printf '<%s>' "$@"; exit 3"""
    words = ["sh", "-c", script, "sh", "a b", "--", "-x"]
    command = narrated.command(room(tmp_path), claude, Ask("x"), words)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (3, "<a b><--><-x>")


@as_root
def test_an_attempts_own_rights_decide_whether_it_can_run_the_narrator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "closed" / "python"
    program.parent.mkdir(mode=0o700)
    shutil.copy2("/bin/true", program)
    monkeypatch.setattr(room_module, "_interpreter", lambda: program)
    as_another = replace(room(tmp_path), identity=Identity(66_999, tmp_path / "claim"))
    assert narrated.is_possible(room(tmp_path))
    assert not narrated.is_possible(as_another)
