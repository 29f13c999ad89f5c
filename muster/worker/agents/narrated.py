"""The narrator before an agent whose output we read (`narrator`)."""

import logging
import shutil
import subprocess
from collections.abc import Sequence

from muster.worker.agents.adapters import acp
from muster.worker.agents.adapters.acp import ACP
from muster.worker.agents.adapters.adapter import Adapter, Ask
from muster.worker.agents.environment import search_path
from muster.worker.room.room import Room

_IMPORT = (
    "import sys; sys.path.append(sys.argv[1]); from muster.worker.agents.narrator.main import main"
)
_ENTRY = f"{_IMPORT}; main(sys.argv[2:])"
_SERVER = (
    "import sys; sys.path.append(sys.argv[1]); from muster.worker.agents.asking.server import main;"
    " main()"
)
_BY_SHELL = ("/bin/sh", "-c", 'exec "$@"', "sh")
_TRIAL = 20.0  # seconds for a trial

log = logging.getLogger(__name__)


def is_possible(room: Room) -> bool:
    """Whether an attempt can run the narrator in such a room, by trying it: the worker's Python may
    lie where others have no access."""
    # By a shell: what becomes the attempt may still start what that has no access to.
    argv = room.command(*_BY_SHELL, *room.python(_IMPORT), cwd="/")
    try:
        done = subprocess.run(
            argv,
            cwd="/",
            env={"PATH": search_path()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TRIAL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("agents run without a narrator: %s", error)
        return False
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        log.warning("agents run without a narrator: %s", words[-1] if words else done.returncode)
    return done.returncode == 0


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
