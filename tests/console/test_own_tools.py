"""The console knows the tools that agents get from Muster."""

import re

from demo.console.paths import SOURCE
from muster.worker.agents.mcp_server.tools import ASK, PROGRESS, REPLY


def test_the_console_knows_each_of_our_own_tools() -> None:
    text = (SOURCE / "src" / "lib" / "task" / "musterTools.ts").read_text()
    (names,) = re.findall(r"MUSTER_TOOLS = \[(.*?)\]", text)
    assert re.findall(r"'(\w+)'", names) == [ASK, PROGRESS, REPLY]
