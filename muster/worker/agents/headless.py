"""The narrator before an agent whose output we read (`narrator`)."""

import shutil
from collections.abc import Sequence

from muster.worker.agents.adapters import acp
from muster.worker.agents.adapters.acp import ACP
from muster.worker.agents.adapters.adapter import Adapter, Ask
from muster.worker.sandbox.sandbox import Room

_ENTRY = (
    "import sys; sys.path.append(sys.argv[1]); from muster.worker.agents.runner.main import main;"
    " main(sys.argv[2:])"
)
_SERVER = (
    "import sys; sys.path.append(sys.argv[1]); from muster.worker.agents.mcp_server.server import main;"
    " main()"
)


def has_format(adapter: Adapter | None, ask: Ask, path: str) -> bool:
    """Whether what the agent prints is to be read. One that is not on the search path `path` is
    started by itself: then the system says in its own words that it is missing."""
    if adapter is None or adapter.format is None or ask.in_terminal:
        return False
    if adapter.format == ACP:
        return True  # nobody could speak to it otherwise
    return shutil.which(adapter.binary, path=path) is not None


def command(
    room: Room, adapter: Adapter, ask: Ask, argv: Sequence[str], opening: str = ""
) -> list[str]:
    """The narrator's command, which runs the agent's; `opening` is what it tells first, if any."""
    assert adapter.format is not None
    asked = [acp.asked(ask)] if adapter.format == ACP else []
    first = [opening] if opening else []
    return [*room.python(_ENTRY), adapter.format, *first, "--", *asked, *argv]


def is_narrated(argv: Sequence[str]) -> bool:
    """Whether a stage's command is the narrator's."""
    return _ENTRY in argv


def server(room: Room) -> tuple[str, ...]:
    """The command of the server by whose tools the agent reaches its narrator (`asking`)."""
    return tuple(room.python(_SERVER))
