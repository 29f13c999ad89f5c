"""The paths of a machine: under a worker's home, and the others that it may use.

Names are built only from integers, so no path leaves its root. With a uid per attempt, the home can
be entered but not listed; only the daemon can read credentials, journal and attempts.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from muster.protocol.attempt_key import AttemptKey

SAFE_DIRECTORIES = "[safe]\n\tdirectory = *\n"
"""git's global settings when it runs as an attempt's uid. That uid's permissions protect the files,
and git's own check would only prevent it from reading our mirrors.
"""


class HomeUnreachable(Exception):
    """A directory above the worker's home is closed to the uids of attempts."""


@dataclass(frozen=True)
class Layout:
    """`file_roots` are directories whose repositories may be used by path; `own_ssh_hosts` are
    hosts where the machine's own ssh keys may log in.
    """

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
        """The daemon's records of attempts: sockets, spools, state files."""
        return self.home / "attempts"

    @property
    def identities(self) -> Path:
        """One file for each uid in use."""
        return self.home / "identities"

    @property
    def mirrors(self) -> Path:
        return self.home / "mirrors"

    @property
    def workspaces(self) -> Path:
        return self.home / "workspaces"

    @property
    def homes(self) -> Path:
        """The HOME directories of attempts; not under `attempts`, which their uids can't enter."""
        return self.home / "homes"

    @property
    def images(self) -> Path:
        """The images of attempts' orders; root's, which their groups may read."""
        return self.home / "images"

    @property
    def self_test(self) -> Path:
        """Directory in which the daemon tests the programs for attempts."""
        return self.home / "self-test"

    @property
    def agent_versions(self) -> Path:
        """The file with the agents' versions, as last found."""
        return self.home / "agent-versions.json"

    @property
    def releases(self) -> Path:
        """Environments of releases from the server; every process may read them."""
        return self.home / "releases"

    @property
    def release_choice(self) -> Path:
        """The file that names the chosen release; read before anything else."""
        return self.releases / "choice.json"

    @property
    def interpreters(self) -> Path:
        """Copies of the worker's Python, for attempts that can't read it; every process may read
        them.
        """
        return self.home / "interpreters"

    @property
    def safe_directories(self) -> Path:
        return self.home / "gitconfig"

    @property
    def directories(self) -> tuple[Path, ...]:
        """All directories in the home; an operator may have replaced some by links."""
        own = (self.credentials, self.journal, self.attempts, self.identities, self.self_test)
        shared = (self.workspaces, self.homes, self.images, self.releases, self.interpreters)
        return (*own, self.mirrors, *shared)

    def attempt(self, key: AttemptKey) -> Path:
        return self.attempts / key.name

    def workspace(self, key: AttemptKey) -> Path:
        return self.workspaces / key.name

    def attempt_home(self, key: AttemptKey) -> Path:
        return self.homes / key.name

    def attempt_images(self, key: AttemptKey) -> Path:
        return self.images / key.name

    def make(self) -> None:
        """Create missing directories and set every mode again, except that of the mirrors: see
        `open_mirrors`. Safe to repeat.
        """
        # The operator must be able to enter missing parents too, whatever the daemon's umask.
        self.home.parent.mkdir(parents=True, exist_ok=True)
        for path in (self.home, self.workspaces, self.homes, self.images):
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
        """Open the mirrors to the uids of attempts that have no mount view."""
        self.mirrors.chmod(0o711)

    def close_mirrors(self) -> None:
        """Close the mirrors to all but the daemon: in sandboxes each attempt sees only its own."""
        self.mirrors.chmod(0o700)

    def require_reachable(self) -> None:
        """Raise HomeUnreachable if the uid of an attempt can't enter the home."""
        for path in self.home.absolute().parents:
            if not path.stat().st_mode & stat.S_IXOTH:
                raise HomeUnreachable(
                    f"{path} is closed to other users, so attempts with their own uid can't reach "
                    f"{self.home}; choose another home or run `chmod o+x {path}`"
                )


def _make_directory(path: Path, mode: int) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    os.chmod(path, mode)
