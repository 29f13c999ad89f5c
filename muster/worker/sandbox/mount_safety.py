"""The rule for a sandbox's mounts: no mount point is below anything that an attempt can write.

When bubblewrap creates a mount point, versions below 0.12 follow symbolic links
(GHSA-pxhw-h44j-8pfx). If an attempt put such a link where a later sandbox mounts something, the
mount point would be created outside, as the daemon's user. Every version would mount onto the
link's target. So the rule applies to every version, and mounts that break it are refused.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

_BIND_OPTIONS = ("--bind", "--ro-bind", "--ro-bind-try")
_CREATE_OPTIONS = ("--tmpfs", "--dir", "--proc", "--dev")
_VALUE_COUNTS = {"--perms": 1, "--size": 1, "--remount-ro": 1}  # options without a mount point
_WRITABLE_OPTION = "--bind"


class UnsafeMounts(OSError):
    """An attempt could redirect a mount; the message names it and the fix."""


class Mount(NamedTuple):
    """Something created or mounted at `target`; `source` is its path on the host, None if it is in
    memory."""

    option: str
    target: Path
    source: Path | None


def require_safe(arguments: Sequence[str]) -> None:
    """Raise UnsafeMounts for options of bwrap that break the rule."""
    for mount, writable in find_unsafe(arguments):
        raise UnsafeMounts(
            f"{mount.target} would be mounted below {writable.target}, which attempts can write:"
            " they could redirect that mount. Mount a directory with :rw only if it contains"
            " neither the worker's home, nor an agent's installation, nor another mounted"
            " directory."
        )


def find_unsafe(arguments: Sequence[str]) -> Iterator[tuple[Mount, Mount]]:
    """Yield each mount that breaks the rule, with the writable one above it."""
    found = list(parse_mounts(arguments))
    writable = [each for each in found if each.option == _WRITABLE_OPTION]
    for index, mount in enumerate(found):
        places = {mount.target, *_host_paths(mount.target, found[:index])}
        above = {parent for place in places for parent in place.parents}
        for other in writable:
            if other.target in above or other.source in above:
                yield mount, other


def parse_mounts(arguments: Sequence[str]) -> Iterator[Mount]:
    """Return the mounts of bwrap's options, in order. Raises ValueError for an unknown option: each
    new one must be classified here."""
    words = iter(arguments)
    for option in words:
        if option in _BIND_OPTIONS:
            source = Path(os.path.realpath(next(words)))
            yield Mount(option, Path(next(words)), source)
        elif option == "--symlink":
            next(words)
            yield Mount(option, Path(next(words)), None)
        elif option in _CREATE_OPTIONS:
            yield Mount(option, Path(next(words)), None)
        elif option in _VALUE_COUNTS:
            next(words)
        else:
            raise ValueError(f"unknown option in a sandbox's mounts: {option}")


def _host_paths(place: Path, before: Sequence[Mount]) -> Iterator[Path]:
    """Return the mount point's paths on the host, if it is inside a mount of the host; also the
    targets of the host's links."""
    for path in {place, Path(os.path.realpath(place))}:
        above = {*path.parents}
        around = [each for each in before if each.target in above and each.option != "--dir"]
        innermost = max(around, key=lambda each: len(each.target.parts), default=None)
        if innermost is not None and innermost.source is not None:
            below = path.relative_to(innermost.target)
            yield Path(os.path.realpath(innermost.source / below))
