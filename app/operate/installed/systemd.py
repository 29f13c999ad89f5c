"""systemctl, and whether there is anything that it could speak to."""

import shutil
import subprocess

from app.operate.installed.places import Places
from app.operate.local.errors import OperateError

SECONDS = 1200.0  # a migration may take its time


def is_running(places: Places) -> bool:
    """Whether systemd runs here: in a container it mostly does not."""
    if shutil.which("systemctl") is None:
        return False
    done = subprocess.run(
        [*places.systemctl, "show", "--property=Version"], capture_output=True, check=False
    )
    return done.returncode == 0


def call(places: Places, *words: str) -> str:
    """What it says. Raises OperateError."""
    argv = [*places.systemctl, *words]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise OperateError(f"{' '.join(argv)}: {problem}") from None
    if done.returncode != 0:
        raise OperateError(
            f"{' '.join(argv)} failed: {done.stderr.strip()}\n"
            "`muster-server logs` shows what the units have said."
        )
    return done.stdout


def states(places: Places, names: list[str]) -> dict[str, str]:
    """active, failed, … of each unit. Raises OSError."""
    done = subprocess.run(
        [*places.systemctl, "is-active", *names], capture_output=True, text=True, check=False
    )
    return dict(zip(names, done.stdout.split(), strict=False))
