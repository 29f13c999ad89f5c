"""The attempts that use the objects of a mirror, and the objects retained for them.

A workspace has only the objects that were created in it. So objects that a ref of the mirror named
at any time of an attempt's life must stay while the attempt is here. Each user gets a number when
it is added. A commit that loses its ref gets another ref, below the highest number at that time: it
stays while there is a user with that number or a lower one. Clocks, which can be wrong, aren't
used.

All of this happens under the mirror's lock.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from muster.worker.git import git

KEPT_REFS = "refs/kept"
_HIDE_REFS_CONFIG = f"[uploadpack]\n\thideRefs = {KEPT_REFS}\n"


@dataclass(frozen=True)
class MirrorUsers:
    """The users of the mirror in `mirror`."""

    mirror: Path

    @property
    def _directory(self) -> Path:
        return self.mirror / "mirror-users"

    def add(self, name: str) -> None:
        """Add a user, before it fetches anything; once is enough. Raises OSError."""
        self._directory.mkdir(exist_ok=True)
        if not (self._directory / name).exists():
            _write_atomically(self._directory / name, str(self._highest_number() + 1))

    def numbers(self) -> dict[str, int]:
        """Return the users' numbers by name; an unreadable one counts as the first."""
        if not self._directory.is_dir():
            return {}
        names = (path for path in self._directory.iterdir() if not path.name.endswith(".new"))
        return {path.name: _read_number(path) for path in names}

    def remove(self, names: set[str]) -> None:
        """Remove these users."""
        for name in names:
            (self._directory / name).unlink(missing_ok=True)

    def retain_commit(self, commit: str) -> Path | None:
        """Retain a commit that is about to lose its ref, for the current users.

        Returns the file of the new ref; None without users. Raises OSError.
        """
        if not (numbers := self.numbers()):
            return None
        self._hide_kept_refs()
        directory = self.mirror / KEPT_REFS / str(max(numbers.values()))
        directory.mkdir(parents=True, exist_ok=True)
        for made in (directory, directory.parent):
            made.chmod(0o755)  # attempts read the mirror, whatever the daemon's umask
        _write_atomically(directory / commit, commit)
        return directory / commit

    def delete_unneeded_refs(self) -> None:
        """Delete the refs that no user needs any more. Raises GitError."""
        lowest = min(self.numbers().values(), default=None)
        names = git.run_git(
            ["for-each-ref", "--format=%(refname)", "--", KEPT_REFS], cwd=self.mirror
        )
        for name in names.split():
            if lowest is None or int(name.split("/")[2]) < lowest:
                git.run_git(["update-ref", "-d", name], cwd=self.mirror)

    def _hide_kept_refs(self) -> None:
        """Hide the retained refs from fetches, so that later attempts don't start using them."""
        settings = self.mirror / "config"
        if _HIDE_REFS_CONFIG not in (text := settings.read_text()):
            settings.with_name("config.new").write_text(text + _HIDE_REFS_CONFIG)
            settings.with_name("config.new").chmod(0o644)
            os.replace(settings.with_name("config.new"), settings)

    def _highest_number(self) -> int:
        kept = self.mirror / KEPT_REFS
        used = [int(path.name) for path in kept.iterdir()] if kept.is_dir() else []
        return max([*self.numbers().values(), *used], default=0)


def _read_number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0


def _write_atomically(path: Path, text: str) -> None:
    """Write the file atomically, except for power failures."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(f"{text}\n")
    fresh.chmod(0o644)
    os.replace(fresh, path)
