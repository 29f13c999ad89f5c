"""The two wheels: reproducible, so that the same tree always makes the same bytes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from app.server_cli.local.errors import OperateError
from packages import version

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
# The time of all members. Zip files start at 1980.
EPOCH = "1577836800"  # 2020-01-01
CLIENT, SERVER = "client", "server"


class BuildError(OperateError):
    """A package couldn't be built. The message is the reason."""


def clear_directory(place: Path = DIST) -> None:
    """Create the directory, or empty it."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)


def build_wheel(which: str, place: Path = DIST, tree: Path = ROOT) -> Path:
    """Build a package into `place`; the server's needs the client's there.

    Raises BuildError.
    """
    argv = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        "wheel",
        "--directory",
        str(place),
    ]
    done = subprocess.run(
        argv,
        cwd=tree / "packages" / which,
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BuildError(f"can't pack muster-{which}:\n{done.stdout.strip()}")
    return place / f"muster_{which}-{version.package_version(tree)}-py3-none-any.whl"
