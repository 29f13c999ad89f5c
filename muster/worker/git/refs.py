"""Check ref names, and read the commits of a mirror's refs without a process."""

import re
from contextlib import suppress
from pathlib import Path

from muster.worker.git import git

COMMIT_PATTERN = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
"""A commit's full ID, as git prints it."""

_UNSAFE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/]|/$|\.lock(?:/|$)|(?:^|/)\.")


def require_safe_ref(ref: str) -> None:
    """Raise GitError for a name that git would reject, or interpret as something else."""
    if _UNSAFE.search(ref):
        raise git.GitError(f"{ref.removeprefix('refs/heads/')!r} isn't a valid git ref name")


def ref_prefixes(branch: str) -> list[str]:
    """`refs/heads/a/b` gives `refs/heads/a` and itself."""
    parts = branch.split("/")
    return ["/".join(parts[:length]) for length in range(3, len(parts) + 1)]


def read_tip(mirror: Path, ref: str) -> str | None:
    """Return the commit that a ref names; None if the ref doesn't exist."""
    with suppress(OSError):
        return (mirror / ref).read_text().strip()
    return next((commit for commit, name in _packed_refs(mirror) if name == ref), None)


def read_tips(mirror: Path, prefix: str) -> list[str]:
    """Return the commits of the ref `prefix` and those below it."""
    commits = {
        commit for commit, name in _packed_refs(mirror) if f"{name}/".startswith(f"{prefix}/")
    }
    for path in (mirror / prefix, *(mirror / prefix).rglob("*")):
        if path.is_file() and path.suffix != ".lock":
            with suppress(OSError):
                commits.add(path.read_text().strip())
    return sorted(commits)


def _packed_refs(mirror: Path) -> list[tuple[str, str]]:
    try:
        lines = (mirror / "packed-refs").read_text().splitlines()
    except OSError:
        return []
    pairs = (line.partition(" ") for line in lines if not line.startswith(("#", "^")))
    return [(commit, name) for commit, _, name in pairs]
