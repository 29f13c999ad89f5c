"""The packages that cells install, downloaded once by the locked requirements with their hashes."""

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.install.people import PASSED
from tests.newcomers.systems import System

PROJECT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "muster" / "newcomers"
REQUIREMENTS = ("requirements.txt", "requirements-worker.txt", "requirements-build.txt")
FETCH_SECONDS = 900.0
# The tools that build packages are installed first, so that pip fetches no others than these.
_FETCH = """
set -eu
cd /tmp
"$1" -m venv fetching
fetching/bin/pip install --quiet --require-hashes --requirement /mnt/requirements-build.txt
set --
for each in /mnt/requirements*.txt; do set -- "$@" --requirement "$each"; done
fetching/bin/pip download --quiet --no-deps --require-hashes --no-build-isolation \
    --dest /mnt/packages "$@"
"""


def folder(python: str) -> Path:
    """The directory with the packages for a Python. `python` names it and its system."""
    digest = hashlib.sha256(_FETCH.encode())
    for name in REQUIREMENTS:
        digest.update(PROJECT.joinpath(name).read_bytes())
    return CACHE / f"{python}-{digest.hexdigest()[:16]}"


def fetch(
    python: str, program: str, place: Path, lower: Sequence[Path], binds: Mapping[str, Path]
) -> Path:
    """Download what isn't there yet, in a system with this Python. Returns the folder."""
    kept = folder(python)
    if kept.is_dir():
        return kept
    for old in CACHE.glob(f"{python}-*"):
        shutil.rmtree(old)
    fresh, index = CACHE / f"new-{python}-{os.getpid()}", CACHE / "pip"
    for path in (fresh, index):
        path.mkdir(parents=True, exist_ok=True)
    requirements = place / "requirements"
    requirements.mkdir(parents=True)
    for name in REQUIREMENTS:
        shutil.copy(PROJECT / name, requirements)
    (requirements / "packages").mkdir()
    inside = {"/mnt": requirements, "/mnt/packages": fresh, "/var/cache/pip": index, **binds}
    system = System(place / "system", lower, inside, has_network=True)
    passed = [f"{name}={os.environ[name]}" for name in PASSED if name in os.environ]
    environment = ["env", "PIP_CACHE_DIR=/var/cache/pip", "PIP_DISABLE_PIP_VERSION_CHECK=1"]
    argv = [*environment, *passed, "sh", "-c", _FETCH, "fetch", program]
    done = system.run(argv, FETCH_SECONDS)
    if done.exit_code != 0:
        shutil.rmtree(fresh)
        raise RuntimeError(f"the packages for {python} can't be downloaded:\n{done.output}")
    fresh.chmod(0o755)
    fresh.rename(kept)
    shutil.rmtree(place)
    return kept
