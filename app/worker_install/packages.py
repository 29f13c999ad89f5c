"""The worker's wheel and its requirements, as far as this server has them."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

REQUIREMENTS = "requirements-worker.txt"
# By the naming rules of wheels, which allow no characters that are special in a shell or a path.
_WHEEL = re.compile(r"muster_client-[A-Za-z0-9_.+]{1,100}-py3-none-any\.whl")


class PackagesNotFound(Exception):
    """This server has no wheel for machines; the message says how to make one."""


@dataclass(frozen=True)
class WorkerPackages:
    """The files, and their SHA-256 in hexadecimal."""

    wheel: Path
    wheel_sha256: str
    requirements: Path
    requirements_sha256: str


def find_packages(directories: Sequence[Path]) -> WorkerPackages:
    """Return each file from the first directory that has it; of several wheels the newest.

    Raises PackagesNotFound.
    """
    wheel, requirements = _first_wheel(directories), _first_requirements(directories)
    if wheel is None or requirements is None:
        what = "wheel for machines" if wheel is None else REQUIREMENTS
        raise PackagesNotFound(
            f"this server has no {what}: in a checkout, make it with `make dist`, or set "
            "MUSTER_INSTALL to a directory that has it"
        )
    return WorkerPackages(wheel, sha256(wheel), requirements, sha256(requirements))


def sha256(path: Path) -> str:
    """Return the SHA-256 in hexadecimal, computed once for each state of the file. Raises
    OSError.
    """
    found = path.stat()
    return _sha256(path, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(8)
def _sha256(path: Path, *_state: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _first_wheel(directories: Sequence[Path]) -> Path | None:
    for directory in directories:
        found = [path for path in directory.glob("*.whl") if _WHEEL.fullmatch(path.name)]
        if found:
            return max(found, key=lambda path: path.stat().st_mtime_ns)
    return None


def _first_requirements(directories: Sequence[Path]) -> Path | None:
    places = (directory / REQUIREMENTS for directory in directories)
    return next((path for path in places if path.is_file()), None)
