import os
from pathlib import Path

import pytest

from muster.protocol.frames import AgentOptions
from muster.worker.agents import narrated
from muster.worker.agents.adapters.adapter import Ask
from muster.worker.agents.adapters.registry import KNOWN

HERE = AgentOptions()
TERMINAL = AgentOptions(interface="terminal")


@pytest.mark.parametrize(
    ("agent", "options", "is_installed", "expected"),
    [
        ("claude", HERE, True, True),
        ("claude", TERMINAL, True, False),
        ("claude", HERE, False, False),
        ("aider", HERE, True, False),
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
