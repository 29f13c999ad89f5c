"""The script that makes a host a machine, and the line that runs it."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from app.worker_install.packages import WorkerPackages
from app.worker_install.server_trust import ServerTrust

SCRIPT_PATH = "/install/worker.sh"
_TEMPLATE = Path(__file__).with_name("worker.sh")
_PLACEHOLDER = re.compile(r"'@([A-Z0-9_]+)@'")
# What a URL of ours is made of: it is spoken in a shell, where quotes alone would do as well. Root
# runs what comes from there: plain HTTP, which others could write into, is for the host alone.
_SERVER = re.compile(
    r"(?:https://(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])"
    r"|http://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]))"
    r"(?::\d{1,5})?(?:/[\w./~-]*)?",
    re.ASCII,
)


def is_valid_server_url(server: str) -> bool:
    """Whether that is an address of a server that the script and the line can name."""
    return _SERVER.fullmatch(server) is not None


def render_script(server: str, carried: WorkerPackages, identity: ServerTrust | None) -> str:
    """The script for machines of this server: its URL, what they install, and by what they know
    it; None: by what their systems trust. Raises ValueError for a URL that is none.
    """
    _require_valid_url(server)
    return _fill(
        {
            "SERVER": server,
            "WHEEL": carried.wheel.name,
            "WHEEL_SHA256": carried.wheel_sha256,
            "REQUIREMENTS_SHA256": carried.requirements_sha256,
            "PIN": identity.pin if identity else "",
            "SERVER_CA": identity.certificates if identity else "",
        }
    )


def install_command(server: str, token: str, identity: ServerTrust | None) -> str:
    """What is pasted into a shell of the new machine, with the token in the environment of the
    script alone. Raises ValueError for a URL that is none.
    """
    _require_valid_url(server)
    pinned = f"-k --pinnedpubkey {identity.pin} " if identity else ""
    # No redirect leads to plain HTTP; quoted, for to zsh `=https` alone is a program's path.
    only = "--proto '=https' " if server.startswith("https:") else ""
    fetch = f"curl -fsSL {only}{pinned}{server}{SCRIPT_PATH}"
    return f"{fetch} | MUSTER_ENROLL_TOKEN={shlex.quote(token)} sh -s --"


def _require_valid_url(server: str) -> None:
    if not is_valid_server_url(server):
        raise ValueError(f"no address of a server: {server!r}")


def _fill(values: Mapping[str, str]) -> str:
    """The script with each value as one word of the shell's; a value is never looked through for
    others."""
    return _PLACEHOLDER.sub(lambda found: shlex.quote(values[found[1]]), _TEMPLATE.read_text())
