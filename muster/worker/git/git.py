"""Runs git; nothing else in the worker does.

Every run has an environment built from scratch, no user's settings, no terminal to ask on, a
time limit, and a process group of its own that dies with it. Settings of ours travel as
`GIT_CONFIG_*` variables: they outrank every file, also those that an agent can write.
"""

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from muster.worker import processes
from muster.worker.limits.watch import added_up
from muster.worker.room.room import Room

Progress = Callable[[str, int], None]
"""Called with the phase in git's words (`Receiving objects`) and its percentage."""

DEFAULT_TIMEOUT = 60.0
PROTOCOLS = "file"
"""The protocol between a mirror and its workspaces; a `Remote` sets another (`environment`)."""
STDOUT_MOST = 64 << 20
"""Bytes; whoever writes more, as what an agent set up might, is ended."""
STDERR_KEPT = 64 * 1024
MESSAGE_LENGTH = 2_000

_LOOK = 0.5  # seconds between two looks at what a room uses
_TICK = 0.05
_GRACE = 2.0
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_PROGRESS = re.compile(rb"(?:remote: )?([A-Z][A-Za-z ]+):\s+(\d{1,3})% ")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "commit.gpgSign": "false",
    "push.gpgSign": "false",
    "gc.auto": "0",
    # It names commits for a while after they were pruned, also to those who borrow the objects.
    "gc.writeCommitGraph": "false",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "push.recurseSubmodules": "no",
    "transfer.bundleURI": "false",
    "protocol.ext.allow": "never",
    # What an agent committed must not cost the daemon's own git the machine's memory.
    "core.bigFileThreshold": "64m",
    "pack.windowMemory": "256m",
}


class Flag(Protocol):
    """Set when it is time to stop: a `threading.Event`, say."""

    def is_set(self) -> bool: ...


class GitError(Exception):
    """git failed. `message` is in git's own words, trimmed, credentials masked."""

    def __init__(self, message: str, stderr: str = "", stdout: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.stderr = stderr
        self.stdout = stdout


class GitTimeout(GitError):
    """git took longer than it was given, and was killed."""


class GitExceeded(GitError):
    """git, or what the workspace had it run, used more than an attempt may, and was killed."""


class GitCancelled(GitError):
    """Somebody asked to stop, and git was killed."""


def run(
    args: Sequence[str],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    on_progress: Progress | None = None,
    *,
    room: Room | None = None,
    settings: Mapping[str, str] | None = None,
    cancelled: Flag | None = None,
    secrets: Iterable[str] = (),
) -> str:
    """Runs `git ARGS` and returns what it wrote to its standard output.

    `env` and `settings` (git's own, by their dotted names) come on top of ours, `timeout` is in
    seconds. In a `room`, with its rights and no network, nothing that git started is left
    afterwards. Raises GitError, GitTimeout, GitCancelled.
    """
    given = ["git", *args]
    argv = room.command(*given) if room else given
    return _run(
        argv,
        f"git {args[0]}",
        cwd,
        environment(env, settings),
        timeout,
        on_progress,
        room=room,
        cancelled=cancelled,
        secrets=secrets,
    )


def run_script(
    script: str,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
    *,
    room: Room,
    cancelled: Flag | None = None,
) -> str:
    """Runs a shell script of git commands, as `run` does with one, in one room."""
    argv = room.command("sh", "-c", script)
    return _run(argv, "git", cwd, environment(env), timeout, room=room, cancelled=cancelled)


def _run(
    argv: Sequence[str],
    name: str,
    cwd: Path | None,
    env: Mapping[str, str],
    timeout: float,
    on_progress: Progress | None = None,
    *,
    room: Room | None,
    cancelled: Flag | None = None,
    secrets: Iterable[str] = (),
) -> str:
    if cancelled is not None and cancelled.is_set():
        raise GitCancelled("cancelled before git started")
    conversation = _Conversation(_start(argv, cwd, env), on_progress, room)
    try:
        status = conversation.wait(time.monotonic() + timeout, cancelled)
    except TimeoutError:
        raise GitTimeout(f"{name} took longer than {timeout:.0f} s") from None
    except OverflowError:
        raise GitExceeded(f"{name} wrote more than {STDOUT_MOST >> 20} MiB") from None
    except InterruptedError:
        raise GitCancelled(f"{name} was cancelled") from None
    finally:
        conversation.close()
    stdout = conversation.stdout.decode(errors="replace")
    if status == 0:
        return stdout
    stderr = mask(conversation.stderr.decode(errors="replace"), secrets)
    words = _words(stderr) or _words(mask(stdout, secrets))
    raise GitError(words or f"{name} ended with {status}", stderr, stdout)


def environment(
    extra: Mapping[str, str] | None = None, settings: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The whole environment of a git process; nothing but PATH is taken from our own."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "GIT_ALLOW_PROTOCOL": PROTOCOLS,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        # We read and write loose refs where that saves a process.
        "GIT_DEFAULT_REF_FORMAT": "files",
        "GIT_EDITOR": ":",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
        "GIT_TERMINAL_PROMPT": "0",
        **_settings({**SETTINGS, **(settings or {})}),
        **(extra or {}),
    }


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the user parts of URLs and without these secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "********")
    return _CREDENTIALS.sub("********@", text)


def _settings(settings: Mapping[str, str]) -> dict[str, str]:
    pairs = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        pairs[f"GIT_CONFIG_KEY_{number}"] = name
        pairs[f"GIT_CONFIG_VALUE_{number}"] = value
    return pairs


def _start(
    argv: Sequence[str], cwd: Path | None, env: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            umask=0o022,  # the uids of attempts read the mirrors, whatever the daemon's umask
        )
    except OSError as error:
        raise GitError(f"git could not be started: {error}") from error


class _Conversation:
    """Reads both outputs of a git process until it ends, and ends it if it may not go on."""

    def __init__(
        self, process: subprocess.Popen[bytes], on_progress: Progress | None, room: Room | None
    ) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._process = process
        self._on_progress = on_progress
        self._has_room = room is not None and room.level != "none"
        # Where the kernel does not hold it to them.
        self._limits = room.limits if room and not room.groups else None
        self._look_at = time.monotonic() + _LOOK
        self._selector = selectors.DefaultSelector()
        for stream in self._streams():
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ)

    def wait(self, deadline: float, cancelled: Flag | None) -> int | None:
        """The exit status. Raises TimeoutError, InterruptedError when cancelled, OverflowError for
        more output than is taken, and GitExceeded."""
        while not self._ended():
            if cancelled is not None and cancelled.is_set():
                raise InterruptedError
            if time.monotonic() > deadline:
                raise TimeoutError
            self._require_modest()
        return self._process.returncode

    def _require_modest(self) -> None:
        """What a workspace has git run is held to an attempt's limits, too. Raises GitExceeded."""
        if self._limits is None or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LOOK
        living = processes.descendants(self._process.pid)
        if (breach := added_up(living, self._limits)) is not None:
            raise GitExceeded(f"{breach.code}: {breach.message}")

    def close(self) -> None:
        if self._process.poll() is None or self._selector.get_map():
            self._kill()
        self._selector.close()
        for stream in self._streams():
            stream.close()

    def _ended(self) -> bool:
        if not self._selector.get_map():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_TICK)
            return self._process.returncode is not None
        events = self._selector.select(_TICK)
        for key, _ in events:
            self._read(key.fd)
        # A grandchild may keep the pipes open after git has ended.
        return not events and self._process.poll() is not None

    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        return self._process.stdout, self._process.stderr

    def _read(self, descriptor: int) -> None:
        data = os.read(descriptor, 65_536)
        if not data:
            self._selector.unregister(descriptor)
        elif descriptor == self._streams()[0].fileno():
            self.stdout += data
            if len(self.stdout) > STDOUT_MOST:
                raise OverflowError
        else:
            self.stderr = (self.stderr + data)[-STDERR_KEPT:]
            self._tell(data)

    def _tell(self, data: bytes) -> None:
        if self._on_progress is not None and (found := _PROGRESS.findall(data)):
            phase, percent = found[-1]
            self._on_progress(phase.decode(), int(percent))

    def _kill(self) -> None:
        if self._has_room:
            # By its first process: what makes the room ends when that and all else is gone.
            processes.signal_all(processes.children(self._process.pid), signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE)
        # TERM first: git removes its lock files when it gets the chance.
        for sent in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, sent)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE)


def _words(output: str) -> str:
    """git's message without its progress lines and control characters."""
    lines = (line.rsplit("\r", 1)[-1].rstrip() for line in output.replace("\r\n", "\n").split("\n"))
    text = "\n".join(line for line in lines if line and not _PROGRESS.match(line.encode()))
    return _CONTROL.sub("", text).removeprefix("Cloning into '.'...").strip()[:MESSAGE_LENGTH]
