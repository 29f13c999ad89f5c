"""Decide which repositories on the host's own disk the daemon may use.

It reads and pushes with its own rights, root's as root, and anyone who can change a project chooses
the path. So only directories that the operator named are allowed (`worker run --file-root`), and
none of the worker's own.
"""

import os
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from muster.worker.git import git
from muster.worker.layout import Layout

_SCHEME = "file://"
# The places where git looks for a repository at `path` (enter_repo in its path.c).
_SUFFIXES = ("", "/.git", ".git", ".git/.git")
_MAX_NAMED = 10  # directories in a message


class LocalRepositoryRefused(git.GitError):
    """The repository is on this host, in a place that the daemon must not use."""


def is_local(url: str) -> bool:
    return url.lower().startswith(("/", "file:"))


def resolve_address(url: str, layout: Layout) -> str:
    """Return git's address for a local repository, with all links resolved, so that none can be
    replaced on the way. Call it before each use, because the path's target may change. Raises
    LocalRepositoryRefused."""
    if not layout.file_roots:
        raise LocalRepositoryRefused(
            "this machine allows no local repositories; its operator can allow those in a "
            "directory with `worker run --file-root DIR`"
        )
    path = os.path.realpath(_parse_path(url))
    for suffix in _SUFFIXES:
        _require_inside(path + suffix, layout)
    return _SCHEME + quote(os.fsencode(path))


def _parse_path(url: str) -> str:
    """The path in a URL or path, as git reads it: in a URL characters are escaped."""
    is_url = url.lower().startswith(_SCHEME)
    path = os.fsdecode(unquote_to_bytes(url[len(_SCHEME) :])) if is_url else url
    if not path.startswith("/") or "\0" in path:
        raise LocalRepositoryRefused(
            "this machine allows local repositories only by an absolute path"
        )
    return path


def _name_roots(layout: Layout) -> str:
    """Return the directories that the operator named, as they named them."""
    named = [str(root) for root in layout.file_roots[:_MAX_NAMED]]
    return ", ".join(named) + (", …" if len(layout.file_roots) > _MAX_NAMED else "")


def _require_inside(candidate: str, layout: Layout) -> None:
    # The same message whatever exists there, so that it reveals nothing about other directories.
    real = Path(os.path.realpath(candidate))
    roots = [Path(os.path.realpath(root)) for root in layout.file_roots]
    own = Path(os.path.realpath(layout.home))
    if real.is_relative_to(own) or not any(real.is_relative_to(root) for root in roots):
        raise LocalRepositoryRefused(
            "this machine allows no local repositories in that directory, only in those "
            f"that its operator named with `worker run --file-root`: {_name_roots(layout)}"
        )
    if real.is_file():  # git calls it a gitfile; it names another directory
        raise LocalRepositoryRefused(
            "this machine allows no local repositories that only point to another one"
        )
