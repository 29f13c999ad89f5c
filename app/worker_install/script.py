"""The script that turns a host into a machine, and the command line that runs it."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from app.worker_install.packages import WorkerPackages
from app.worker_install.server_trust import ServerTrust

SCRIPT_PATH = "/install/worker.sh"
_TEMPLATE = Path(__file__).with_name("worker.sh")
_PLACEHOLDER = re.compile(r"'@([A-Z0-9_]+)@'")
# The characters of our URLs: safe in a shell even without quotes. Root runs the response, so plain
# HTTP, which others could tamper with, is only for the host itself.
_SERVER = re.compile(
    r"(?:https://(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])"
    r"|http://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]))"
    r"(?::\d{1,5})?(?:/[\w./~-]*)?",
    re.ASCII,
)


def is_valid_server_url(server: str) -> bool:
    """Whether the script and the command line can contain that URL."""
    return _SERVER.fullmatch(server) is not None


def render_script(server: str, carried: WorkerPackages, identity: ServerTrust | None) -> str:
    """Return the script for machines of this server, with its URL, the packages, and its trust;
    None: the systems' own trust. Raises ValueError for an invalid URL.
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
    """Return the line to paste into a shell of the new machine; only the script has the token in
    its environment. Raises ValueError for an invalid URL.
    """
    _require_valid_url(server)
    pinned = f"-k --pinnedpubkey {identity.pin} " if identity else ""
    # No redirect leads to plain HTTP; quoted, because zsh reads an unquoted `=https` as a program's
    # path.
    only = "--proto '=https' " if server.startswith("https:") else ""
    fetch = f"curl -fsSL {only}{pinned}{server}{SCRIPT_PATH}"
    return f"{fetch} | MUSTER_ENROLL_TOKEN={shlex.quote(token)} sh -s --"


def _require_valid_url(server: str) -> None:
    if not is_valid_server_url(server):
        raise ValueError(f"not a server URL: {server!r}")


def _fill(values: Mapping[str, str]) -> str:
    """Fill in each value as one shell word; values aren't searched for placeholders."""
    return _PLACEHOLDER.sub(lambda found: shlex.quote(values[found[1]]), _TEMPLATE.read_text())
