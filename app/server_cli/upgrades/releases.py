"""The releases of an installation: current, previous, and an interrupted upgrade."""

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.server_cli.installation import atomic_write
from app.server_cli.installation.paths import InstallationPaths
from app.server_cli.local.errors import OperateError

PREPARING, MIGRATING, SWITCHING = "preparing", "migrating", "switching"


@dataclass(frozen=True)
class Release:
    """`python` is the one of its environment."""

    version: str
    python: str


@dataclass(frozen=True)
class InstalledReleases:
    """The current release of an installation, and the previous one for a rollback."""

    now: Release
    before: Release | None = None


@dataclass(frozen=True)
class InterruptedUpgrade:
    """A started upgrade and its step. From MIGRATING on the database may have changed, from
    SWITCHING on the processes. `backup` is the backup made before that.
    """

    step: str
    before: Release
    to: Release
    backup: str = ""


def load_releases(where: InstallationPaths) -> InstalledReleases | None:
    """Return the releases; None if upgrades never replaced the first one. Raises OperateError."""
    found = _read_json(where.release)
    if found is None:
        return None
    try:
        return InstalledReleases(
            _parse_release(found["now"]), found["before"] and _parse_release(found["before"])
        )
    except (KeyError, TypeError):
        raise OperateError(f"{where.release} is damaged: run `install` again") from None


def store_releases(where: InstallationPaths, what: InstalledReleases) -> None:
    """Store the current releases. Raises OSError."""
    _write_json(where.release, dataclasses.asdict(what))


def load_interrupted(where: InstallationPaths) -> InterruptedUpgrade | None:
    """Return the interrupted or running upgrade. Raises OperateError."""
    path = _interrupted_path(where)
    found = _read_json(path)
    if found is None:
        return None
    try:
        release = {name: _parse_release(found[name]) for name in ("before", "to")}
        return InterruptedUpgrade(str(found["step"]), backup=str(found["backup"]), **release)
    except (KeyError, TypeError):
        raise OperateError(f"{path} is damaged: remove it, and run `install` again") from None


def store_interrupted(where: InstallationPaths, what: InterruptedUpgrade) -> None:
    """Raises OSError."""
    _write_json(_interrupted_path(where), dataclasses.asdict(what))


def clear_interrupted(where: InstallationPaths) -> None:
    """Remove the record: the upgrade is finished."""
    _interrupted_path(where).unlink(missing_ok=True)


@contextlib.contextmanager
def lock_upgrade(where: InstallationPaths) -> Iterator[None]:
    """Lock upgrades of the installation. Raises OperateError while another one runs."""
    where.releases.mkdir(parents=True, exist_ok=True, mode=0o755)
    # Anyone who can open it can lock it, so only its owner can; also if it was created otherwise.
    descriptor = os.open(where.releases / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperateError("another upgrade is running on this host: wait for it") from None
        yield


def remove_unused(where: InstallationPaths, kept: InstalledReleases) -> list[str]:
    """Remove the releases that are neither current nor previous and that no process uses: embedded
    engines use theirs until they restart. Returns their names.
    """
    stay = {Path(each.python).parents[1] for each in (kept.now, kept.before) if each is not None}
    gone = [
        place
        for place in sorted(where.releases.iterdir())
        if place.is_dir() and place not in stay and not _is_running(place)
    ]
    for place in gone:
        shutil.rmtree(place, ignore_errors=True)
    return [place.name for place in gone]


def _is_running(place: Path) -> bool:
    """Whether a process on this host runs from this directory, or names it in its arguments."""
    inside = os.fsencode(place) + b"/"
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if inside in (process / "cmdline").read_bytes():
                return True
            if inside in os.fsencode(os.readlink(process / "exe")) + b"/":
                return True
    return False


def _interrupted_path(where: InstallationPaths) -> Path:
    return where.releases / "upgrading.json"


def _parse_release(found: Any) -> Release:
    return Release(str(found["version"]), str(found["python"]))


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as problem:
        raise OperateError(f"can't read {path}: {problem}") from None
    return found if isinstance(found, dict) else {}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    """Write atomically; every user can read it."""
    atomic_write.replace_file(path, json.dumps(content, indent=2).encode(), 0o644)
