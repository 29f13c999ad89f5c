"""Where things lie on a machine: under a worker's home, and what else it may go to.

Names are built from integers alone, so that no path leaves its root. With a uid per attempt the
home can be walked through but not listed; credentials, journal and attempts are the daemon's.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey

SAFE_DIRECTORIES = "[safe]\n\tdirectory = *\n"
"""What git reads as its global settings where it runs as an attempt's uid: there the rights of
that uid are the guard, and git's own check would only keep it from reading our mirrors."""


class HomeUnreachable(Exception):
    """A directory above the worker's home is closed to the uids of attempts."""


@dataclass(frozen=True)
class Layout:
    """`file_roots` are the directories whose repositories may be used by their paths;
    `own_ssh_hosts` are where the machine's own ssh keys may log in."""

    home: Path
    file_roots: tuple[Path, ...] = ()
    own_ssh_hosts: tuple[str, ...] = ()

    @property
    def credentials(self) -> Path:
        return self.home / "credentials"

    @property
    def journal(self) -> Path:
        return self.home / "journal"

    @property
    def attempts(self) -> Path:
        """The daemon's own notes on attempts: sockets, spools, records."""
        return self.home / "attempts"

    @property
    def identities(self) -> Path:
        """One file for each uid that is taken."""
        return self.home / "identities"

    @property
    def mirrors(self) -> Path:
        return self.home / "mirrors"

    @property
    def workspaces(self) -> Path:
        return self.home / "workspaces"

    @property
    def homes(self) -> Path:
        """The HOME directories of attempts; not under `attempts`, where their uids cannot go."""
        return self.home / "homes"

    @property
    def self_test(self) -> Path:
        """Where the daemon tries the programs that attempts are to run."""
        return self.home / "self-test"

    @property
    def releases(self) -> Path:
        """Environments of releases that the server has offered; whatever runs may read them."""
        return self.home / "releases"

    @property
    def release_choice(self) -> Path:
        """Which of them is run; read before anything else is."""
        return self.releases / "choice.json"

    @property
    def interpreters(self) -> Path:
        """Copies of the worker's Python, for attempts that cannot read it; whatever runs may."""
        return self.home / "interpreters"

    @property
    def safe_directories(self) -> Path:
        return self.home / "gitconfig"

    @property
    def directories(self) -> tuple[Path, ...]:
        """All that lie in the home; an operator may have put links in their places."""
        own = (self.credentials, self.journal, self.attempts, self.identities, self.self_test)
        shared = (self.workspaces, self.homes, self.releases, self.interpreters)
        return (*own, self.mirrors, *shared)

    def attempt(self, key: AttemptKey) -> Path:
        return self.attempts / key.name

    def workspace(self, key: AttemptKey) -> Path:
        return self.workspaces / key.name

    def attempt_home(self, key: AttemptKey) -> Path:
        return self.homes / key.name

    def make(self) -> None:
        """Creates what is missing and sets every mode again, but for that of the mirrors: see
        `open_mirrors`. Safe to repeat."""
        # Missing parents are the operator's to enter too, whatever the daemon's umask is.
        self.home.parent.mkdir(parents=True, exist_ok=True)
        for path in (self.home, self.workspaces, self.homes):
            _make_directory(path, 0o711)
        for path in (self.releases, self.interpreters):
            _make_directory(path, 0o755)
        self.mirrors.mkdir(mode=0o700, exist_ok=True)
        own = (self.credentials, self.journal, self.attempts, self.identities, self.self_test)
        for path in own:
            _make_directory(path, 0o700)
        self.safe_directories.write_text(SAFE_DIRECTORIES)
        self.safe_directories.chmod(0o644)

    def open_mirrors(self) -> None:
        """Opens the mirrors to the uids of attempts that have no view of their own."""
        self.mirrors.chmod(0o711)

    def close_mirrors(self) -> None:
        """Closes the mirrors to all but the daemon: in rooms each attempt is shown its own."""
        self.mirrors.chmod(0o700)

    def require_reachable(self) -> None:
        """Raises HomeUnreachable if the uid of an attempt could not walk down to the home."""
        for path in self.home.absolute().parents:
            if not path.stat().st_mode & stat.S_IXOTH:
                raise HomeUnreachable(
                    f"{path} is closed to other users, so attempts with a uid of their own "
                    f"cannot reach {self.home}; choose another home or `chmod o+x {path}`"
                )


def _make_directory(path: Path, mode: int) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    os.chmod(path, mode)
