"""System settings for the git that an attempt runs itself, if it sees the daemon's mirror.

git refuses another user's repository, such as root's mirror, unless settings outside of any
repository allow it. These are in the mirror, which belongs to root, and reach the attempt through
its environment: its home needs no file.
"""

import os
import shutil
from pathlib import Path

from muster.worker.git.workspace import Workspace
from muster.worker.sandbox.sandbox import Sandbox

_NAME = "attempts.gitconfig"
_SYSTEM = Path("/etc/gitconfig")


def write(mirror: Path, room: Sandbox) -> None:
    """Write the settings into the mirror, if its attempts need them. Raises OSError."""
    if not _are_needed(room):
        return
    settings = mirror / _NAME
    trusted = "".join(f"\tdirectory = {_quote(path)}\n" for path in _mirror_paths(mirror))
    text = f"[include]\n\tpath = {_quote(_system_config())}\n[safe]\n{trusted}"
    if settings.exists() and settings.read_text() == text:
        return
    # Other attempts may be reading them, and several may be created at once.
    fresh = mirror / f"{_NAME}.{room.uid}"
    fresh.write_text(text)
    fresh.chmod(0o644)
    os.replace(fresh, settings)


def variables(workspace: Workspace) -> dict[str, str]:
    """Return the variables that an attempt's own git needs to fetch."""
    if not _are_needed(workspace.sandbox):
        return {}
    return {"GIT_CONFIG_SYSTEM": str(workspace.mirror().path / _NAME)}


def _are_needed(room: Sandbox) -> bool:
    return room.mounts is None and room.identity is not None


def _mirror_paths(mirror: Path) -> list[str]:
    return list(dict.fromkeys([str(mirror), os.path.realpath(mirror)]))


def _system_config() -> Path:
    """Return the path of this system's own git settings; naming a missing file does no harm."""
    prefix = Path(os.path.realpath(shutil.which("git") or "/usr/bin/git")).parents[1]
    own = prefix / "etc" / "gitconfig"
    return own if own.exists() else _SYSTEM


def _quote(value: Path | str) -> str:
    """Quote a value for git's files."""
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
