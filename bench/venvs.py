"""Peers that are Python packages, each in its own persistent venv."""

import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

from bench.command import Print

_CACHE = Path.home() / ".cache" / "muster-bench"
_INSTALL_SECONDS = 300.0


class CannotInstall(Exception):
    """pip failed; the message is the end of its output."""


def install(name: str, packages: Sequence[str], say: Print) -> Path:
    """Install a peer on first use; return its directory of commands. Raises CannotInstall.

    `name` includes the version, so that each version has its own venv.
    """
    home = _CACHE / name
    commands = home / "bin"
    ready = home / "ready"
    if ready.exists():
        return commands
    say(f"installing {', '.join(packages)} into {home}, once")
    try:
        venv.create(home, clear=True, with_pip=True)
        pip = [str(commands / "python"), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(pip, check=True, timeout=_INSTALL_SECONDS, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise CannotInstall((error.stderr or str(error)).strip()[-300:]) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(str(error)) from error
    ready.touch()
    return commands
