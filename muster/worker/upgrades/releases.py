"""The releases in a worker's home: separate environments, in addition to the manually installed
one."""

import errno
import hashlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from muster.protocol.frames import Release
from muster.worker.layout import Layout

COMPLETE_FILE_NAME = "complete"
"""The file that is created last, to mark a release as complete."""

_NAME = re.compile(r"[0-9a-f]{12}-[0-9a-f]{8}")
_SITE_PACKAGES = Path(__file__).absolute().parents[3]
_START_TIMEOUT_SECONDS = 30.0  # seconds
_RESOURCE_ERRNOS = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
_IMPORTS = "import muster.worker.commands, muster.worker.daemon"


def release_name(release: Release) -> str:
    """Return its name here, the same as in `worker.sh`."""
    return f"{release.wheel_digest[:12]}-{release.requirements_digest[:8]}"


def is_release_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def python_path(layout: Layout, release: str) -> Path:
    """Return the interpreter of the release with that name."""
    return layout.releases / release / "bin" / "python"


def is_complete(layout: Layout, release: str) -> bool:
    return is_release_name(release) and (layout.releases / release / COMPLETE_FILE_NAME).is_file()


def running_release(layout: Layout) -> str:
    """Return the name of the running release; empty if it isn't one of this home's."""
    here = Path(sys.prefix)
    of_ours = os.path.realpath(here.parent) == os.path.realpath(layout.releases)
    return here.name if of_ours and is_release_name(here.name) else ""


def base_identity() -> str:
    """Return the identity of the environment that runs us, different from any other, including its
    replacements; empty for a checkout, which can't be recreated."""
    for record in sorted(_SITE_PACKAGES.glob("muster_client-*.dist-info/RECORD")):
        content = f"{_SITE_PACKAGES}\n".encode() + record.read_bytes()
        return hashlib.sha256(content).hexdigest()
    return ""


def clean_environment() -> dict[str, str]:
    """Return our environment without variables that make another release's Python load foreign
    code."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__")
    }


def startup_problem(interpreter: Path) -> str:
    """Return why that environment can't run a worker, in words; empty if it can.

    Raises OSError if that is unknown, because the machine lacks resources."""
    command = [str(interpreter), "-P", "-c", _IMPORTS]
    try:
        done = subprocess.run(
            command,
            cwd="/",
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_START_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"it doesn't start within {_START_TIMEOUT_SECONDS:.0f} s") from None
    except OSError as error:
        if error.errno in _RESOURCE_ERRNOS:
            raise
        return str(error)
    if done.returncode == 0:
        return ""
    if done.returncode == -signal.SIGKILL:
        raise OSError("it was killed as it started; is there too little memory?")
    return last_line(done.stderr) or f"it exits with {done.returncode}"


def last_line(output: bytes) -> str:
    """Return the last line of a program's output about its failure."""
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
