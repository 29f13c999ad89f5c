"""Find the parts of a program on this machine: its links, interpreters and install tree.

A sandbox shows the system's directories and no home. Agents are often in a home (`~/.local`, nvm,
pipx): only the parts that the program needs are shown.
"""

import os
import pwd
import shlex
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from muster.worker.agents.environment import search_path

SYSTEM_DIRECTORIES = tuple(
    map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/etc"))
)
"""Visible in every sandbox."""

_EXCLUDED_DIRECTORIES = tuple(map(Path, ("/dev", "/proc", "/run", "/sys")))
_SECRET_DIRECTORIES = frozenset(
    {".aws", ".azure", ".docker", ".gnupg", ".kube", ".password-store", ".ssh"}
)
_SHARED_DIRECTORIES = frozenset(
    {
        ".cache",
        ".cargo",
        ".config",
        ".local",
        ".local/lib",
        ".local/share",
        ".local/share/opencode",  # contains its credentials
        ".local/share/uv",  # the same
        ".local/state",
    }
)
"""Home directories that many tools share: never shown as a whole."""
_INSTALL_MARKERS = (
    "lib",
    "libexec",
    "tools",
)  # directories next to the `bin` of an installation
_MAX_LINKS = 40  # as in Linux
_MAX_PROGRAMS = 16
_MAX_SHEBANG_BYTES = 256  # bytes


class Program(NamedTuple):
    """An executable file, and the links to it in the order in which they are followed."""

    links: list[Path]
    file: Path


def required_paths(binary: Path, path: str | None = None, never: Iterable[Path] = ()) -> list[Path]:
    """Return the paths to show, read-only and at the same place, so that a program runs in a
    sandbox.

    A path that is a symbolic link must become a link with the same target (as `sandbox.mounts`
    does), because programs find their libraries by their own real path. All others are directories
    and files to bind. No path has a link above it; parents must become open directories. Paths in
    SYSTEM are omitted. `path` is for `#!/usr/bin/env`; nothing in the directories `never` (the
    worker's home) is shown, nor a home, nor a directory above one.
    """
    guard = _MountPolicy(never)
    shown: set[Path] = set()
    for program in find_programs(binary, path):
        shown.update(link for link in program.links if guard.is_file_allowed(link))
        shown.update(_program_paths(program.file, guard))
    return [each for each in sorted(shown) if not shown.intersection(each.parents)]


def first_inaccessible_path(
    binary: Path, path: str | None = None, shown: Iterable[Path] = ()
) -> Path | None:
    """Return the first directory or file that another user without groups can't access on the way
    to a program; None if there is none. Considers modes, but not access lists.

    Directories above a path of `shown` don't count: a sandbox creates them new.
    """
    roots = set(shown)
    for program in find_programs(binary, path):
        for place in (*program.links, program.file):
            for directory in reversed(place.parents):
                is_above = any(directory in root.parents for root in roots)
                if not is_above and not _mode(directory) & stat.S_IXOTH:
                    return directory
        need = stat.S_IXOTH | (stat.S_IROTH if _shebang_words(program.file) else 0)
        if _mode(program.file) & need != need:
            return program.file
    return None


def find_programs(binary: Path, path: str | None = None) -> Iterator[Program]:
    """Return the program and its interpreters, as far as they exist."""
    waiting, seen = [binary], set[Path]()
    while waiting and len(seen) < _MAX_PROGRAMS:
        asked = waiting.pop(0)
        if asked in seen:
            continue
        seen.add(asked)
        with suppress(OSError):
            program = _resolve_links(asked)
            if program.file.is_file():
                yield program
                waiting += _interpreters(program.file, search_path(path))


def _resolve_links(path: Path) -> Program:
    """Resolve a path's links. Raises OSError for a loop."""
    links: list[Path] = []
    here, left = Path("/"), list(reversed(path.absolute().parts[1:]))
    while left:
        part = left.pop()
        if part == "..":
            here = here.parent
            continue
        here /= part
        if not here.is_symlink():
            continue
        links.append(here)
        if len(links) > _MAX_LINKS:
            raise OSError(f"{path}: too many links")
        target = Path(os.readlink(here))
        left += reversed(target.parts[1:] if target.is_absolute() else target.parts)
        here = Path("/") if target.is_absolute() else here.parent
    return Program(links, here)


# Interpreters


def _interpreters(file: Path, path: str) -> list[Path]:
    found = [_shebang_interpreter(file, path)]
    if venv := _find_venv(file):
        found += sorted(venv.glob("bin/python*"))
    return [each for each in found if each]


def _shebang_interpreter(file: Path, path: str) -> Path | None:
    words = _shebang_words(file)
    if not words or not words[0].startswith("/"):
        return None
    if Path(words[0]).name != "env":
        return Path(words[0])
    named = (word for word in words[1:] if not word.startswith("-") and "=" not in word)
    found = shutil.which(next(named, ""), path=path)
    return Path(found) if found else None


def _shebang_words(file: Path) -> list[str]:
    with suppress(OSError, ValueError), file.open("rb") as opened:
        line = opened.read(_MAX_SHEBANG_BYTES).partition(b"\n")[0].decode(errors="surrogateescape")
        if line.startswith("#!"):
            return shlex.split(line[2:])
    return []


# Trees


class _MountPolicy:
    """Excludes what no sandbox may show."""

    def __init__(self, never: Iterable[Path]) -> None:
        self._homes = _find_homes()
        self._excluded = [*_EXCLUDED_DIRECTORIES, *(each.resolve() for each in never)]

    def is_file_allowed(self, path: Path) -> bool:
        """Whether a tool's own file, link or directory may be shown and isn't shown already."""
        below = (path, *path.parents)
        return not (
            any(each in below for each in (*SYSTEM_DIRECTORIES, *self._excluded))
            or self._parts_below_homes(path) & _SECRET_DIRECTORIES
            or self._is_above_protected(path)
        )

    def is_tree_allowed(self, path: Path) -> bool:
        """Whether a complete directory may be shown, judged only by its path."""
        return (
            len(path.parts) > 2  # /data may contain anything
            and self.is_file_allowed(path)
            and ".config" not in self._parts_below_homes(path)
            and not any(path == home / each for home in self._homes for each in _SHARED_DIRECTORIES)
        )

    def _is_above_protected(self, path: Path) -> bool:
        kept = {*self._homes, *self._excluded}
        return any(path == each or path in each.parents for each in kept)

    def _parts_below_homes(self, path: Path) -> set[str]:
        inside = [home for home in self._homes if home in path.parents]
        return {part for home in inside for part in path.relative_to(home).parts}


def _find_homes() -> set[Path]:
    homes = {Path.home(), Path("/root"), *(Path(each.pw_dir) for each in pwd.getpwall())}
    with suppress(OSError):
        homes.update(Path("/home").iterdir())
    real = {each.resolve() for each in homes if each.is_absolute()}
    return {
        each for each in real if not any(each == s or s in each.parents for s in SYSTEM_DIRECTORIES)
    }


def _program_paths(file: Path, guard: _MountPolicy) -> list[Path]:
    if not guard.is_file_allowed(file):
        return []
    whole = next((each for each in _install_candidates(file) if guard.is_tree_allowed(each)), None)
    if whole is not None:
        return [whole]
    # The local installation of claude is a script that refers to its neighbors.
    beside = file.parent / "node_modules"
    packages = [beside] if beside.is_dir() and guard.is_file_allowed(beside) else []
    return [file, *packages]


def _install_candidates(file: Path) -> Iterator[Path]:
    """Yield directories that may be the file's complete installation, the best first."""
    parts = file.parts
    if venv := _find_venv(file):
        yield venv
    if parts[:3] == ("/", "nix", "store"):
        yield Path("/nix/store")  # where packages refer to each other
    if "Cellar" in parts:
        yield Path(*parts[: parts.index("Cellar")])  # Homebrew's prefix: the same
    if "node_modules" in parts:
        packages = Path(*parts[: parts.index("node_modules") + 1])
        if packages.parent.name == "lib" and (packages.parents[1] / "bin").is_dir():
            yield packages.parents[1]
        yield packages
    prefix = file.parent.parent
    if file.parent.name == "bin" and any((prefix / mark).is_dir() for mark in _INSTALL_MARKERS):
        yield prefix
    if file.parent.name == "shims":
        yield prefix
    yield from _shared_tool_directories(parts)


def _shared_tool_directories(parts: tuple[str, ...]) -> Iterator[Path]:
    """For `~/.local/share/TOOL/…`: the version's directory if there are several; else all of the
    tool's.
    """
    for at in range(len(parts) - 3):
        if parts[at : at + 2] == (".local", "share"):
            keeps_several = parts[at + 3] == "versions" and len(parts) > at + 4
            yield Path(*parts[: at + 5 if keeps_several else at + 3])


def _find_venv(file: Path) -> Path | None:
    return next((each for each in file.parents if (each / "pyvenv.cfg").is_file()), None)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0
