"""The script that makes a host a machine, and the line that runs it."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from app.worker_install.packages import Carried
from app.worker_install.server_trust import Identity

PATH = "/install/worker.sh"
_TEXT = Path(__file__).with_name("worker.sh")
_VALUE = re.compile(r"'@([A-Z0-9_]+)@'")
# What a URL of ours is made of: it is spoken in a shell, where quotes alone would do as well. Root
# runs what comes from there: plain HTTP, which others could write into, is for the host alone.
_SERVER = re.compile(
    r"(?:https://(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])"
    r"|http://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]))"
    r"(?::\d{1,5})?(?:/[\w./~-]*)?",
    re.ASCII,
)


def is_sayable(server: str) -> bool:
    """Whether that is an address of a server that the script and the line can name."""
    return _SERVER.fullmatch(server) is not None


def of(server: str, carried: Carried, identity: Identity | None) -> str:
    """The script for machines of this server: its URL, what they install, and by what they know
    it; None: by what their systems trust. Raises ValueError for a URL that is none.
    """
    _require_sayable(server)
    return _filled(
        {
            "SERVER": server,
            "WHEEL": carried.wheel.name,
            "WHEEL_SHA256": carried.wheel_sha256,
            "REQUIREMENTS_SHA256": carried.requirements_sha256,
            "PIN": identity.pin if identity else "",
            "SERVER_CA": identity.certificates if identity else "",
        }
    )


def line(server: str, token: str, identity: Identity | None) -> str:
    """What is pasted into a shell of the new machine, with the token in the environment of the
    script alone. Raises ValueError for a URL that is none.
    """
    _require_sayable(server)
    pinned = f"-k --pinnedpubkey {identity.pin} " if identity else ""
    # No redirect leads to plain HTTP; quoted, for to zsh `=https` alone is a program's path.
    only = "--proto '=https' " if server.startswith("https:") else ""
    fetch = f"curl -fsSL {only}{pinned}{server}{PATH}"
    return f"{fetch} | MUSTER_ENROLL_TOKEN={shlex.quote(token)} sh -s --"


def _require_sayable(server: str) -> None:
    if not is_sayable(server):
        raise ValueError(f"no address of a server: {server!r}")


def _filled(values: Mapping[str, str]) -> str:
    """The script with each value as one word of the shell's; a value is never looked through for
    others."""
    return _VALUE.sub(lambda found: shlex.quote(values[found[1]]), _TEXT.read_text())
