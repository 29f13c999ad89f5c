"""Call systemctl, and find out whether systemd responds."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from app.server_cli.installation.paths import InstallationPaths
from app.server_cli.local.errors import OperateError

TIMEOUT_SECONDS = 1200.0  # a migration may take long
LINGER_TIMEOUT_SECONDS = 30.0
LINGER_DIRECTORY = Path("/var/lib/systemd/linger")
BOOT_MARKER = Path("/run/systemd/system")  # like sd_booted(3)


def is_running(places: InstallationPaths) -> bool:
    """Whether systemd runs here; in a container it usually doesn't."""
    if shutil.which("systemctl") is None:
        return False
    argv = [*places.systemctl, "show", "--property=Version"]
    done = subprocess.run(argv, capture_output=True, env=_environment(), check=False)
    return done.returncode == 0


def has_booted() -> bool:
    """Whether systemd booted this host, even if the user's own doesn't respond."""
    return BOOT_MARKER.is_dir()


def is_unresponsive(places: InstallationPaths) -> bool:
    """Whether a systemd runs here that doesn't respond to us, with what it has started."""
    there = Path(_runtime_directory(), "systemd") if places.is_user else BOOT_MARKER
    return there.is_dir() and not is_running(places)


def unresponsive_message(places: InstallationPaths, undone: str, user: str) -> str:
    """The message for an unresponsive systemd; `undone` is the participle of what wasn't done."""
    if not places.is_user:
        return f"systemd isn't responding, so nothing was {undone}: see `systemctl status`"
    return (
        f"your own systemd isn't responding, so nothing was {undone}. Log in, for example by "
        f"ssh,\nor have an admin of this host run `loginctl enable-linger {user}`.\n"
        "Then run this again."
    )


def call_systemctl(places: InstallationPaths, *words: str) -> str:
    """Return systemctl's output. Raises OperateError."""
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
            "`muster-server logs` shows the units' logs."
        )
    return done.stdout


def unit_states(places: InstallationPaths, names: list[str]) -> dict[str, str]:
    """active, failed, … of each unit. Raises OSError."""
    argv = [*places.systemctl, "is-active", *names]
    done = subprocess.run(argv, capture_output=True, text=True, env=_environment(), check=False)
    return dict(zip(names, done.stdout.split(), strict=False))


def _environment() -> dict[str, str]:
    """Our environment, with the address of the user's own systemd."""
    return {**os.environ, "XDG_RUNTIME_DIR": _runtime_directory()}


def _runtime_directory() -> str:
    """In a shell of su or sudo the variable is missing, or another user's."""
    directory = os.environ.get("XDG_RUNTIME_DIR", "")
    with contextlib.suppress(OSError):
        if os.stat(directory).st_uid == os.geteuid():
            return directory
    return f"/run/user/{os.geteuid()}"


def has_linger(user: str) -> bool:
    """Whether units of a user's own systemd outlive their log-in."""
    return (LINGER_DIRECTORY / user).exists()


def enable_linger(user: str) -> bool:
    """Enable lingering for the current user, which not every host allows. Returns whether it is
    enabled.
    """
    # Without a name it would apply to the user who logged in: root, before su.
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
