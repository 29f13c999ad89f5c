"""The paths of an installation: the system's, or one user's own."""

import contextlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from app.server_cli.local.errors import OperateError

ACCOUNT = "muster"


@dataclass(frozen=True)
class InstallationPaths:
    """`settings` is the environment file, `home` has all state, `units` has systemd's units.

    They are written below `root` (`--root`); paths inside the files don't include `root`.
    """

    settings: Path
    home: Path
    units: Path
    is_user: bool
    root: Path = Path("/")

    def rooted(self, path: Path) -> Path:
        """Return the path to write to."""
        return self.root / path.relative_to("/")

    @property
    def is_installed(self) -> bool:
        # If we can't read it, as in the home of our caller, it doesn't exist for us.
        return os.path.isfile(self.rooted(self.settings))

    @property
    def is_own(self) -> bool:
        """False for another user's, whose HOME root kept (`sudo -E`): root would write files there
        that the owner can't read, and call a systemd that isn't theirs.
        """
        if not self.is_user or os.geteuid() != 0:
            return True
        with contextlib.suppress(OSError):
            return self.settings.parent.stat().st_uid == 0
        return False

    @property
    def owner(self) -> str:
        """The owner's name."""
        number = self.settings.parent.stat().st_uid
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(number).pw_name
        return str(number)

    @property
    def release(self) -> Path:
        """The file that names the current release after an upgrade."""
        return self.settings.with_name("release")

    @property
    def linger_marker(self) -> Path:
        """The file that marks that `install` enabled lingering for its user."""
        return self.settings.with_name("made-linger")

    @property
    def releases(self) -> Path:
        """The directory of the releases from upgrades. The server's account owns nothing in it."""
        return self._state_directory / "releases"

    @property
    def backups(self) -> Path:
        """The directory for backups before upgrades."""
        return self._state_directory / "backups" if self.is_user else Path("/var/backups/muster")

    @property
    def _state_directory(self) -> Path:
        return self.home.with_name("muster-server") if self.is_user else Path("/opt/muster-server")

    @property
    def systemctl(self) -> tuple[str, ...]:
        return ("systemctl", "--user") if self.is_user else ("systemctl",)

    @property
    def journalctl(self) -> tuple[str, ...]:
        return ("journalctl", "--user") if self.is_user else ("journalctl",)


def find_paths(*, user: bool, root: Path = Path("/")) -> InstallationPaths:
    """Return the paths of an installation. Raises OperateError for the system's if we can't write
    them, and for a user's own in another user's home.
    """
    if not user:
        if os.geteuid() != 0 and root == Path("/"):
            raise OperateError(
                "this needs root (sudo); to install a server of your own, use --user"
            )
        return system_paths(root)
    mine, home = user_paths(root), Path.home()
    is_anothers = os.geteuid() == 0 and home.is_dir() and home.stat().st_uid != 0
    if is_anothers and root == Path("/"):
        raise OperateError(
            f"HOME is {home}, which isn't root's: use --user for yourself, without sudo"
        )
    return mine


def user_paths(root: Path = Path("/")) -> InstallationPaths:
    home = Path.home()
    state = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return InstallationPaths(
        settings / "muster" / "muster.env",
        state / "muster",
        settings / "systemd" / "user",
        is_user=True,
        root=root,
    )


def system_paths(root: Path = Path("/")) -> InstallationPaths:
    return InstallationPaths(
        Path("/etc/muster/muster.env"),
        Path("/var/lib/muster"),
        Path("/etc/systemd/system"),
        is_user=False,
        root=root,
    )


def find_installations() -> list[InstallationPaths]:
    """Return this host's installations: the user's own before the system's. As root, the first may
    be another user's.
    """
    return [each for each in (user_paths(), system_paths()) if each.is_installed]


def find_installation() -> InstallationPaths | None:
    """Return the installation to use if none is named."""
    there = find_installations()
    if there and not any(each.is_own for each in there):
        raise OperateError(
            f"the server with the settings {there[0].settings} belongs to {there[0].owner}: "
            f"run this as {there[0].owner}, without sudo"
        )
    return next((each for each in there if each.is_own), None)
