"""The system's settings of the git that an attempt runs itself, where it sees the daemon's mirror.

git refuses a repository of another user's, such as root's mirror, unless settings that no
repository can change allow it. These lie in the mirror, which is root's, and reach the attempt by
its environment: nothing has to be written into its home.
"""

import os
import shutil
from pathlib import Path

from muster.worker.git.workspace import Workspace
from muster.worker.sandbox.sandbox import Sandbox

_NAME = "attempts.gitconfig"
_SYSTEM = Path("/etc/gitconfig")


def write(mirror: Path, room: Sandbox) -> None:
    """Writes the settings into the mirror, if its attempts need them. Raises OSError."""
    if not _are_needed(room):
        return
    settings = mirror / _NAME
    trusted = "".join(f"\tdirectory = {_quote(path)}\n" for path in _mirror_paths(mirror))
    text = f"[include]\n\tpath = {_quote(_system_config())}\n[safe]\n{trusted}"
    if settings.exists() and settings.read_text() == text:
        return
    # Other attempts may be reading them, and several be made at once.
    fresh = mirror / f"{_NAME}.{room.uid}"
    fresh.write_text(text)
    fresh.chmod(0o644)
    os.replace(fresh, settings)


def variables(workspace: Workspace) -> dict[str, str]:
    """What an attempt's environment needs for its own git to fetch."""
    if not _are_needed(workspace.sandbox):
        return {}
    settings = workspace.mirror().path / _NAME
    # An earlier version wrote them into the home.
    return {"GIT_CONFIG_SYSTEM": str(settings)} if settings.exists() else {}


def _are_needed(room: Sandbox) -> bool:
    return room.mounts is None and room.identity is not None


def _mirror_paths(mirror: Path) -> list[str]:
    return list(dict.fromkeys([str(mirror), os.path.realpath(mirror)]))


def _system_config() -> Path:
    """Where this system's git has its own; naming a file that is missing does no harm."""
    prefix = Path(os.path.realpath(shutil.which("git") or "/usr/bin/git")).parents[1]
    own = prefix / "etc" / "gitconfig"
    return own if own.exists() else _SYSTEM


def _quote(value: Path | str) -> str:
    """As git's files have a value."""
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
