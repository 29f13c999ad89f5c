"""systemctl, and whether there is anything that it could speak to."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from app.server_cli.installation.paths import InstallationPaths
from app.server_cli.local.errors import OperateError

TIMEOUT_SECONDS = 1200.0  # a migration may take its time
LINGER_TIMEOUT_SECONDS = 30.0
LINGER_DIRECTORY = Path("/var/lib/systemd/linger")
BOOT_MARKER = Path("/run/systemd/system")  # as sd_booted(3) looks


def is_running(places: InstallationPaths) -> bool:
    """Whether systemd runs here: in a container it mostly does not."""
    if shutil.which("systemctl") is None:
        return False
    argv = [*places.systemctl, "show", "--property=Version"]
    done = subprocess.run(argv, capture_output=True, env=_environment(), check=False)
    return done.returncode == 0


def has_booted() -> bool:
    """Whether this host is systemd's, also where a user's own does not answer."""
    return BOOT_MARKER.is_dir()


def is_unresponsive(places: InstallationPaths) -> bool:
    """Whether one runs here that does not answer us, with whatever it has started."""
    there = Path(_runtime_directory(), "systemd") if places.is_user else BOOT_MARKER
    return there.is_dir() and not is_running(places)


def unresponsive_message(places: InstallationPaths, undone: str, user: str) -> str:
    """What is said of that; `undone` is what was not done for it."""
    if not places.is_user:
        return (
            f"systemd does not answer, so that nothing was {undone}: `systemctl status` says more"
        )
    return (
        f"your own systemd does not answer, so that nothing was {undone}. Log in, as by ssh,\n"
        f"or have an admin of this host run `loginctl enable-linger {user}`.\n"
        "Then run this again."
    )


def call_systemctl(places: InstallationPaths, *words: str) -> str:
    """What it says. Raises OperateError."""
    argv = [*places.systemctl, *words]
    try:
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            env=_environment(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise OperateError(f"{' '.join(argv)}: {problem}") from None
    if done.returncode != 0:
        raise OperateError(
            f"{' '.join(argv)} failed: {done.stderr.strip()}\n"
            "`muster-server logs` shows what the units have said."
        )
    return done.stdout


def unit_states(places: InstallationPaths, names: list[str]) -> dict[str, str]:
    """active, failed, … of each unit. Raises OSError."""
    argv = [*places.systemctl, "is-active", *names]
    done = subprocess.run(argv, capture_output=True, text=True, env=_environment(), check=False)
    return dict(zip(names, done.stdout.split(), strict=False))


def _environment() -> dict[str, str]:
    """Ours, with where a user's own systemd is found."""
    return {**os.environ, "XDG_RUNTIME_DIR": _runtime_directory()}


def _runtime_directory() -> str:
    """A shell of su's or sudo's is told nothing, or where another's is."""
    directory = os.environ.get("XDG_RUNTIME_DIR", "")
    with contextlib.suppress(OSError):
        if os.stat(directory).st_uid == os.geteuid():
            return directory
    return f"/run/user/{os.geteuid()}"


def has_linger(user: str) -> bool:
    """Whether what a user's own systemd runs outlives their log-in."""
    return (LINGER_DIRECTORY / user).exists()


def enable_linger(user: str) -> bool:
    """Have it be so for us, which not every host lets a user do by themselves. Returns whether it
    is.
    """
    # Without a name it is whoever has logged in: root, before su.
    argv = ["loginctl", "--no-ask-password", "enable-linger", user]
    if not has_linger(user):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LINGER_TIMEOUT_SECONDS,
                check=False,
            )
    return has_linger(user)
