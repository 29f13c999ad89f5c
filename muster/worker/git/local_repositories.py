"""Which repositories on the host's own disk the daemon may be sent to.

It reads them, and pushes to them, with its own rights, as root with root's; and where it goes,
whoever may change a project has written. So there are none but in the directories that the
operator named (`worker run --file-root`), and none where the worker keeps its own.
"""

import os
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from muster.worker.git import git
from muster.worker.layout import Layout

_SCHEME = "file://"
# Where git looks for a repository of which it was told `path` (enter_repo in its path.c).
_SUFFIXES = ("", "/.git", ".git", ".git/.git")


class LocalRepositoryRefused(git.GitError):
    """The repository lies on this host, where the daemon is not to go."""


def is_local(url: str) -> bool:
    return url.lower().startswith(("/", "file:"))


def resolve_address(url: str, layout: Layout) -> str:
    """The address at which git is to look for a local repository, with all links followed, so that
    none can be laid anew on the way. It has to be asked for before each use, for what a path leads
    to may change. Raises LocalRepositoryRefused."""
    if not layout.file_roots:
        raise LocalRepositoryRefused(
            "this machine takes no local repositories; its operator can allow those in a "
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
            "this machine takes local repositories by an absolute path only"
        )
    return path


def _require_inside(candidate: str, layout: Layout) -> None:
    # The same words whatever is there: nobody learns by them what lies elsewhere.
    real = Path(os.path.realpath(candidate))
    roots = [Path(os.path.realpath(root)) for root in layout.file_roots]
    own = Path(os.path.realpath(layout.home))
    if real.is_relative_to(own) or not any(real.is_relative_to(root) for root in roots):
        raise LocalRepositoryRefused(
            "this machine takes no local repositories from there, only from the directories that "
            "its operator named with `worker run --file-root`"
        )
    if real.is_file():  # in git's terms a gitfile, which names another directory
        raise LocalRepositoryRefused(
            "this machine takes no local repositories that only point to another"
        )
