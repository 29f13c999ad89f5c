"""Where an installation lies: the system's, or one user's own."""

import contextlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from app.server_cli.local.errors import OperateError

ACCOUNT = "muster"


@dataclass(frozen=True)
class InstallationPaths:
    """`settings` is the file of the environment, `home` has all state, `units` those of systemd.

    Below `root` (`--root`) they are written; what is in them has no `root` before it.
    """

    settings: Path
    home: Path
    units: Path
    is_user: bool
    root: Path = Path("/")

    def rooted(self, path: Path) -> Path:
        """Where a path is to be written."""
        return self.root / path.relative_to("/")

    @property
    def is_installed(self) -> bool:
        # Where we may not look, as in the home of who has called us, nothing is there for us.
        return os.path.isfile(self.rooted(self.settings))

    @property
    def is_own(self) -> bool:
        """Not so another's, whose HOME root was left with (`sudo -E`): root would write files there
        that the owner cannot read, and ask a systemd that is not theirs.
        """
        if not self.is_user or os.geteuid() != 0:
            return True
        with contextlib.suppress(OSError):
            return self.settings.parent.stat().st_uid == 0
        return False

    @property
    def owner(self) -> str:
        """Whose it is."""
        number = self.settings.parent.stat().st_uid
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(number).pw_name
        return str(number)

    @property
    def release(self) -> Path:
        """The file that says which release is used, where one has been upgraded to."""
        return self.settings.with_name("release")

    @property
    def linger_marker(self) -> Path:
        """The note that `install` has had its user linger."""
        return self.settings.with_name("made-linger")

    @property
    def releases(self) -> Path:
        """The releases that were upgraded to. Nothing of it is the server's account's."""
        return self._state_directory / "releases"

    @property
    def backups(self) -> Path:
        """Those that upgrades make."""
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
    """Raises OperateError where the system's is meant and we may not write it, or one's own in the
    home of another.
    """
    if not user:
        if os.geteuid() != 0 and root == Path("/"):
            raise OperateError("this takes root (sudo); --user is for a server of your own")
        return system_paths(root)
    mine, home = user_paths(root), Path.home()
    is_anothers = os.geteuid() == 0 and home.is_dir() and home.stat().st_uid != 0
    # One that an earlier release made so is root's: nobody else could go on with it, or end it.
    is_there = mine.is_installed and mine.is_own
    if is_anothers and root == Path("/") and not is_there:
        raise OperateError(
            f"HOME is {home}, which is not root's: --user is for yourself, without sudo"
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
    """The installations of this host: the user's own before the system's. As root the first may be
    another's.
    """
    return [each for each in (user_paths(), system_paths()) if each.is_installed]


def find_installation() -> InstallationPaths | None:
    """The installation of this host that is meant where none is named.

    Raises OperateError where the only one is another's.
    """
    there = find_installations()
    if there and not any(each.is_own for each in there):
        raise OperateError(
            f"the server of {there[0].settings} is {there[0].owner}'s: run this as "
            f"{there[0].owner}, without sudo"
        )
    return next((each for each in there if each.is_own), None)
