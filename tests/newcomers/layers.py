"""The layer of a cell's system over this machine's files, or over a Debian root.

Over this machine's it hides what `make bring` installs and possible replacements, and this
machine's directories outside the system: overlayfs shows a device 0:0 as a missing file, and an
opaque directory without its lower contents.
"""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LIST = (Path(__file__).parents[1] / "bring", "--list")
FOLDERS_OF_PROGRAMS = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin")
# Beside `make bring`'s own: other names of the same, and what Muster can use instead of a package.
STAND_INS = """
bun cc chromium-browser clang claude codex corepack deno docker firefox g++ gcc gemini initdb jq
node nodejs npm npx opencode pg_ctl pip pip3 pipx pnpm podman postgres psql redis-cli redis-server
screen uv uvx valkey-cli valkey-server yarn
"""
KEPT = frozenset({"git", "make"})
EMPTIED = ("home", "media", "mnt", "opt", "root", "srv", "tmp", "var/tmp")
# This machine's settings for its programs, and Debian's pip outside of Python.
SETTINGS = ("etc/pip.conf", "etc/uv", "etc/gitconfig", "usr/lib/python3/dist-packages/pip")
MODES = {"tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700}


@dataclass(frozen=True)
class Account:
    """An account of the cells' systems; `home` is the one in the list of users."""

    name: str
    uid: int
    home: str


ROOT = Account("root", 0, "/root")
NEWCOMER = Account("newcomer", 60_001, "/home/newcomer")
HOMELESS = Account("homeless", 60_002, "/nonexistent")


def make_host_layer(place: Path) -> Path:
    """Make the layer that hides what isn't this machine's bare system."""
    place.mkdir()
    for name in EMPTIED:
        _make_opaque(place / name, MODES.get(name, 0o755))
    for program in _hidden_programs():
        hide(place, program)
    for name in SETTINGS:
        if Path("/", name).exists():
            hide(place, name)
    _add_accounts(place, Path("/"))
    return place


def make_root_layer(place: Path, root: Path) -> Path:
    """Create the layer for a Debian root: access to this machine's network, and accounts."""
    place.mkdir()
    _add_accounts(place, root)
    authorities = os.environ.get("SSL_CERT_FILE") or "/etc/ssl/certs/ca-certificates.crt"
    for source, name in (
        ("/etc/resolv.conf", "etc/resolv.conf"),
        (authorities, "etc/ssl/certs/ca-certificates.crt"),
    ):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place / name)
    return place


def hide(place: Path, name: str) -> None:
    """Hide a file or folder of the layers below."""
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))


def _hidden_programs() -> Iterator[str]:
    names = {*STAND_INS.split(), *_brought()} - KEPT
    for folder in FOLDERS_OF_PROGRAMS:
        for name in sorted(names):
            if os.path.lexists(path := f"{folder}/{name}") or os.path.lexists(f"/{path}"):
                yield path


def _brought() -> set[str]:
    """The commands that `make bring` checks for."""
    listed = subprocess.run(_LIST, stdout=subprocess.PIPE, text=True, check=True).stdout
    return {Path(name).name for name in listed.split()}


def _make_opaque(path: Path, mode: int) -> None:
    path.mkdir(parents=True)
    path.chmod(mode)
    os.setxattr(path, "trusted.overlay.opaque", b"y")


def _add_accounts(place: Path, root: Path) -> None:
    lines: dict[str, list[str]] = {"passwd": [], "group": []}
    for each in (NEWCOMER, HOMELESS):
        lines["passwd"].append(f"{each.name}:x:{each.uid}:{each.uid}::{each.home}:/bin/sh\n")
        lines["group"].append(f"{each.name}:x:{each.uid}:\n")
    (place / "etc").mkdir(exist_ok=True)
    for name, added in lines.items():
        text = (root / "etc" / name).read_text()
        (place / "etc" / name).write_text(text.rstrip("\n") + "\n" + "".join(added))
