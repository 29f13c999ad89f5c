"""The visible files of a sandbox, as bubblewrap's arguments.

The root is empty; everything visible is listed here. The system is visible at its own paths,
read-only, without users' data: no home, no `/root`, no `/srv`, `/mnt` or `/media`, and of `/var`
and `/run` only what programs need. The worker's own files in visible directories are covered.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from muster.worker.sandbox import mount_safety

WORKSPACE = "/workspace"
HOME = "/home/muster"
PYTHON = "/run/muster/python"
LIBRARY = "/run/muster/lib"
GIT_SETTINGS = "/run/muster/gitconfig"

SYSTEM_PATHS = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/etc", "/opt", "/snap"),
)
# Not the socket of Nix's daemon, which builds, and downloads, outside of every sandbox.
_PACKAGE_STORES = ("/nix/store", "/nix/var/nix/profiles", "/gnu/store")
_SSH_CONFIG_DIRECTORY = "/etc/ssh/ssh_config.d"
_OPTIONAL_PATHS = ("/sys", "/var/lib/dpkg", "/var/cache/fontconfig")
# Temporary files are in memory: shares of the attempt's limit, as divisors.
_TMPFS_DIVISORS = {"/tmp": 2, "/var/tmp": 4, "/dev/shm": 4}


@dataclass(frozen=True)
class SandboxDirectory:
    """A directory of the host that its operator shows in every sandbox, at its own path."""

    path: Path
    writable: bool = False


@dataclass(frozen=True)
class SandboxMounts:
    """One attempt's mounts. `passwd` and `group` are files with its account; `python` is the prefix
    of our programs' interpreter, and `package` the package `muster`; `hidden_paths` are the
    worker's own directories; `visible_paths` are files and directories to show read-only at their
    own paths, however deep in hidden ones; `memory` in bytes is the attempt's limit, including its
    temporary files.
    """

    workspace: Path
    home: Path
    passwd: Path
    group: Path
    git_settings: Path
    python: Path
    package: Path
    hidden_paths: tuple[Path, ...]
    memory: int
    visible_paths: tuple[Path, ...] = ()
    directories: tuple[SandboxDirectory, ...] = ()

    @cached_property
    def arguments(self) -> list[str]:
        """Return options of bwrap; cached, because each attempt has several sandboxes. Raises
        UnsafeMounts."""
        arguments = [
            *self._system_mounts(),
            *self._own_mounts(),
            *self._operator_mounts(),
            *self._hiding_mounts(),
            *read_only_mounts(*self.visible_paths),
            *_parent_directories(WORKSPACE, HOME),
            *("--bind", str(self.workspace), WORKSPACE),
            *("--bind", str(self.home), HOME),
            *("--remount-ro", "/dev", "--remount-ro", "/"),
        ]
        mount_safety.require_safe(arguments)
        return arguments

    def checker_arguments(self, directory: Path, place: str, writable: str) -> list[str]:
        """Return options for the sandbox that checks this one's output: the system, the operator's
        read-only directories, and at `place` the directory, with one writable part."""
        directories = [each for each in self.directories if not each.writable]
        return [
            *self._program_mounts(),
            *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
            *read_only_mounts(*(each.path for each in directories)),
            *replace(self, directories=tuple(directories))._hiding_mounts(),
            *("--ro-bind", str(directory), place),
            *("--bind", str(directory / writable), f"{place}/{writable}"),
            *("--remount-ro", "/dev", "--remount-ro", "/"),
        ]

    def _program_mounts(self) -> Iterator[str]:
        for path in SYSTEM_PATHS:
            yield from _read_only_mount(Path(path))
        yield from read_only_mounts(*(path for path in map(Path, _PACKAGE_STORES) if path.exists()))

    def _system_mounts(self) -> Iterator[str]:
        yield from self._program_mounts()
        yield from _parent_directories(*_OPTIONAL_PATHS, GIT_SETTINGS)
        for path in _OPTIONAL_PATHS:
            yield from ("--ro-bind-try", path, path)
        # The resolver's file may be a link into /run, which is ours.
        resolver = os.path.realpath("/etc/resolv.conf")
        if resolver.startswith("/run/"):
            yield from (*_parent_directories(resolver), "--ro-bind-try", resolver, resolver)
        if os.geteuid() != 0 and os.path.isdir(_SSH_CONFIG_DIRECTORY):
            # Root's files there belong to nobody in the sandbox, and ssh rejects settings of such
            # an owner.
            yield from ("--perms", "0755", "--tmpfs", _SSH_CONFIG_DIRECTORY)
        yield from ("--ro-bind", str(self.passwd), "/etc/passwd")
        yield from ("--ro-bind", str(self.group), "/etc/group")

    def _own_mounts(self) -> Iterator[str]:
        yield from ("--proc", "/proc", "--dev", "/dev")
        for path, part in _TMPFS_DIVISORS.items():
            yield from ("--perms", "1777", "--size", str(self.memory // part), "--tmpfs", path)
        yield from ("--ro-bind", str(self.python), PYTHON)
        yield from (
            *_parent_directories(f"{LIBRARY}/muster"),
            "--ro-bind",
            str(self.package),
            f"{LIBRARY}/muster",
        )
        yield from ("--ro-bind", str(self.git_settings), GIT_SETTINGS)

    def _operator_mounts(self) -> Iterator[str]:
        for directory in self.directories:
            option = "--bind" if directory.writable else "--ro-bind"
            yield from (
                *_parent_directories(directory.path),
                option,
                str(directory.path),
                str(directory.path),
            )

    def _hiding_mounts(self) -> Iterator[str]:
        """Yield mounts that hide the worker's own files, wherever they would be visible and
        whatever links lead there."""
        own = sorted({Path(os.path.realpath(path)) for path in self.hidden_paths})
        outermost = [path for path in own if not set(own).intersection(path.parents)]
        for source, place in self._bound_directories():
            real = Path(os.path.realpath(source))
            for path in outermost:
                if real in path.parents or real == path:
                    yield from ("--perms", "0755", "--tmpfs", str(place / path.relative_to(real)))

    def _bound_directories(self) -> Iterator[tuple[Path, Path]]:
        """Return the directories that are visible as a whole, and their places."""
        for path in map(Path, SYSTEM_PATHS):
            if not path.is_symlink():
                yield path, path
        for directory in self.directories:
            yield directory.path, directory.path
        yield self.python, Path(PYTHON)


def read_only_mounts(*paths: Path) -> list[str]:
    """Yield options that show these read-only at their own paths, links as links."""
    return [
        *_parent_directories(*paths),
        *(word for path in paths for word in _read_only_mount(path)),
    ]


def _read_only_mount(path: Path) -> list[str]:
    """Yield options for a directory or file; a link as a link; nothing if it doesn't exist."""
    if path.is_symlink():
        return ["--symlink", os.readlink(path), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.exists() else []


def _parent_directories(*paths: Path | str) -> Iterator[str]:
    """Return the directories above these paths: bwrap would create them for root alone."""
    above = {parent for path in paths for parent in Path(path).parents}
    for path in sorted(above - {Path("/")}):
        yield from ("--perms", "0755", "--dir", str(path))
