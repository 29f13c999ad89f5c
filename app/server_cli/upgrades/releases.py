"""The releases of an installation: which is used, which was before, and what was cut off."""

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
    """`python` is that of its environment."""

    version: str
    python: str


@dataclass(frozen=True)
class InstalledReleases:
    """The release of an installation, and the one before, to which one may go back."""

    now: Release
    before: Release | None = None


@dataclass(frozen=True)
class InterruptedUpgrade:
    """An upgrade that has begun: how far it is. From MIGRATING on the database may have changed,
    and from SWITCHING on the processes. `backup` is what was made before that.
    """

    step: str
    before: Release
    to: Release
    backup: str = ""


def load_releases(where: InstallationPaths) -> InstalledReleases | None:
    """None where it is still the environment that `install` was run from. Raises OperateError."""
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
    """From now on. Raises OSError."""
    _write_json(where.release, dataclasses.asdict(what))


def load_interrupted(where: InstallationPaths) -> InterruptedUpgrade | None:
    """The upgrade that was cut off, or runs. Raises OperateError."""
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
    """The upgrade is over."""
    _interrupted_path(where).unlink(missing_ok=True)


@contextlib.contextmanager
def lock_upgrade(where: InstallationPaths) -> Iterator[None]:
    """Raises OperateError while another upgrade runs."""
    where.releases.mkdir(parents=True, exist_ok=True, mode=0o755)
    # Whoever may open it may hold it: it is for its owner alone, as is one that was made otherwise.
    descriptor = os.open(where.releases / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperateError("another upgrade runs on this host: wait for it") from None
        yield


def remove_unused(where: InstallationPaths, kept: InstalledReleases) -> list[str]:
    """Remove the releases that are neither used nor the one before, and that nothing runs from:
    the embedded engines go on in theirs until they are restarted. Returns their names.
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
    """Whether a process of this host has a program there, or was started by one."""
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
        raise OperateError(f"{path} cannot be read: {problem}") from None
    return found if isinstance(found, dict) else {}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    """Whole, or not at all; everybody may read it."""
    atomic_write.replace_file(path, json.dumps(content, indent=2).encode(), 0o644)
